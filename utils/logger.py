"""Logging for developers: to stderr, quiet by default, and never a secret (only core's own records are formatted)."""

import logging
import os
import sys


def set_up_logging() -> None:
    """Log warnings and worse to stderr; `CUSTOM_AI_LOG=info` or `debug` shows more."""
    level = os.environ.get("CUSTOM_AI_LOG", "warning").upper()
    logging.basicConfig(
        stream=sys.stderr,
        level=level if level in logging.getLevelNamesMapping() else "WARNING",
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )

"""All that `python3 start.py test` runs: a Chromium where one can be had, then pytest with what follows."""

import os
import sys
from pathlib import Path

import pytest
from browser.chromium import get_chromium

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)  # as for `python -m pytest`
    get_chromium()
    sys.exit(pytest.main())

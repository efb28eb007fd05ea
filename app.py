"""The one entry: without a command it serves the browser app, with a command it does the same work headless."""

import os
import sys

# Before any library is imported: none of them may call home.
os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1")

CHILDREN = ("worker", "parse", "serve-gguf", "rank")  # processes of the app's own, not for people


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 error, 2 usage, 130 interrupted."""
    if arguments and arguments[0] in CHILDREN:
        from utils.logger import set_up_logging
        from utils.process_life import live

        set_up_logging()
        live(lambda: child(arguments))
    from ui.cli.command_line import run

    return run(arguments)


def child(arguments: list[str]) -> int:
    """The app's own child processes: a run's work, one of several that share it, the parser, or a helper model."""
    if arguments[0] == "parse":
        from core.documents.parsing.child import serve_parsing

        return serve_parsing()
    if arguments[0] == "serve-gguf":
        from core.samples.providers.gguf_child import serve_gguf

        return serve_gguf(arguments[1:])
    from pathlib import Path

    if arguments[0] == "rank":
        from core.jobs.launcher import follow

        return follow(Path(arguments[1]))
    from core.jobs.worker import work_on

    return work_on(Path(arguments[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

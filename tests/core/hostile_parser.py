"""Stands in for `app.py parse` with a reader that does what the document says: die, hang or print."""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core import parser_process
from core.readers import read_document


def read(path: Path):
    match path.read_text("utf-8"):
        case "die":
            os.abort()
        case "hang":
            time.sleep(600)
        case "print":
            print("a library's chatter", flush=True)
    return read_document(path)


parser_process.read_document = read

if __name__ == "__main__":
    sys.exit(parser_process.serve_parsing())

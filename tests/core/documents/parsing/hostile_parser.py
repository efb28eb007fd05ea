"""Stands in for `app.py parse` with readers that do what the document says: die, hang, print, or eat memory."""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from core.documents.formats import pdf
from core.documents.parsing import child
from core.documents.readers import read_document

eaten: list[bytes] = []


def obey(text: str, path: Path) -> None:
    """Do what the text says."""
    if "abort" in text:
        os.abort()
    if "segfault" in text:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "once" in text and not (mark := path.with_suffix(".died")).exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if "hang" in text:
        time.sleep(600)
    if "print" in text:
        print("a library's chatter", flush=True)
    if "gorge" in text:
        eaten.append(b"x" * (400 << 20))
        time.sleep(600)


def read(path: Path, password: str | None = None):
    obey(path.read_text("utf-8"), path)
    return read_document(path, password)


def text_of_page(file: pdf.PdfFile, index: int) -> str | None:
    text = whole_text(file, index)
    obey(text or "", file.path)
    return text


whole_text = pdf.PdfFile._text
pdf.PdfFile._text = text_of_page  # type: ignore[method-assign]
child.read_document = read

if __name__ == "__main__":
    sys.exit(child.serve_parsing())

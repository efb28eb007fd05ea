"""What the tests of document formats share."""

import io
import tempfile
import zipfile
from pathlib import Path

import pytest

from core.documents.formats.page_text import Page
from core.documents.readers import read_document
from utils.errors import AppError


def read(path: Path) -> list[Page]:
    return list(read_document(path))


def read_bytes(data: bytes, name: str) -> list[Page]:
    """The pages of a file with this content; for properties, which have no tmp_path of their own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read(path)


def error_code(path: Path) -> str:
    with pytest.raises(AppError) as caught:
        read(path)
    return caught.value.code


def saved(document):
    """The bytes of a document of python-docx."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


CONTAINER = '<container xmlns="urn:x"><rootfiles><rootfile full-path="O/b.opf"/></rootfiles></container>'
CHAPTERS = {
    "eins": "<h1>Eins</h1><p>Der Anfang.</p>",
    "zwei": "<nav>Inhalt</nav><p>Das Ende: Öl&nbsp;&amp; Äther.</p>",
}


def make_epub(chapters: dict[str, str] = CHAPTERS, missing: tuple[str, ...] = (), encrypted: str = "") -> bytes:
    """A book whose manifest has its chapters in the wrong order."""
    items = [f'<item id="{name}" href="t/{name}%20x.xhtml" media-type="application/xhtml+xml"/>' for name in chapters]
    order = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    manifest = f'{"".join(reversed(items))}<item id="css" href="a.css" media-type="text/css"/>'
    package = f"<manifest>{manifest}</manifest><spine>{order}</spine>"
    files = {
        "META-INF/container.xml": CONTAINER,
        "O/b.opf": f'<package xmlns="http://www.idpf.org/2007/opf">{package}</package>',
    }
    for name in chapters.keys() - set(missing):
        files[f"O/t/{name} x.xhtml"] = f"<html><title>Buch</title><body>{chapters[name]}</body></html>"
    if encrypted:
        reference = f'<CipherReference xmlns="x" URI="{encrypted}"/>'
        files["META-INF/encryption.xml"] = f"<encryption>{reference}</encryption>"
    return zipped(files)

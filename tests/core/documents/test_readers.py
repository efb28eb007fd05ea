"""What all formats have in common: each is a module, and says in its own words why a file cannot be read."""

import importlib
import io

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_material import CHAPTERS, error_code, make_epub, read_bytes, saved, zipped
from reportlab.pdfgen.canvas import Canvas

from core.documents.readers import READERS
from utils.errors import AppError


def small_pdf():
    canvas = Canvas(buffer := io.BytesIO())
    canvas.drawString(50, 500, "Ein Satz auf einer Seite.")
    canvas.save()
    return buffer.getvalue()


def small_docx():
    document = docx.Document()
    document.add_heading("Der Motor", level=1)
    document.add_paragraph("Ein Motor wandelt Energie um.")
    return saved(document)


SMALL = {"pdf": small_pdf(), "docx": small_docx(), "epub": make_epub()}
OLD_WORD = b"\xd0\xcf\x11\xe0"
ANOTHER_ZIP = zipped({"readme.txt": "no document"})
REFUSED = [
    ("pdf", b"", "file_empty"),
    ("pdf", b"PK\x03\x04 something else", "pdf_not_pdf"),
    ("pdf", b"%PDF-1.7\n1 0 obj << /Type /Catalog", "pdf_damaged"),
    ("docx", b"", "file_empty"),
    ("docx", b"just text", "docx_not_docx"),
    ("docx", ANOTHER_ZIP, "docx_not_docx"),
    ("docx", OLD_WORD + b" Word 97", "docx_not_docx"),
    ("docx", OLD_WORD + "EncryptedPackage".encode("utf-16-le"), "docx_password"),
    ("docx", SMALL["docx"][:9000], "docx_damaged"),
    ("docx", saved(docx.Document()), "file_no_text"),
    ("epub", b"", "file_empty"),
    ("epub", b"just text", "epub_not_epub"),
    ("epub", ANOTHER_ZIP, "epub_not_epub"),
    ("epub", SMALL["epub"][: len(SMALL["epub"]) // 2], "epub_damaged"),
    ("epub", make_epub(missing=tuple(CHAPTERS)), "epub_damaged"),
    ("epub", make_epub({"eins": "<p> </p>"}), "file_no_text"),
    ("html", "<script>var text = 1</script><p>…</p>".encode(), "file_no_text"),
    ("txt", b" \n\n \t", "file_no_text"),
    ("md", b"", "file_no_text"),
    ("tsv", b"\t\n\t\n", "file_no_text"),
    ("csv", bytes(range(256)) * 20, "file_not_text"),
    ("txt", bytes(range(256)) * 20, "file_not_text"),
    ("txt", b"A long text comes first. " * 4000 + bytes(range(256)) * 400, "file_not_text"),
    ("exe", b"MZ", "file_unsupported"),
    ("pdf", None, "file_missing"),
]


@pytest.mark.parametrize(("kind", "content", "code"), REFUSED)
def test_a_file_that_cannot_be_read_says_why(tmp_path, kind, content, code):
    if content is not None:
        (tmp_path / f"a.{kind}").write_bytes(content)
    assert error_code(tmp_path / f"a.{kind}") == code


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(SMALL)),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=60),
    st.just(1) | st.floats(0, 1),
)
def test_a_file_with_wrong_or_missing_bytes_has_pages_or_a_known_error(kind, changes, share):
    data = bytearray(SMALL[kind])
    for place, value in changes:
        data[int(place * len(data))] = value
    try:
        assert read_bytes(bytes(data[: int(share * len(data))]), f"a.{kind}")
    except AppError as error:
        assert error.code.startswith((f"{kind}_", "file_"))


def test_every_format_is_a_module_that_reads():
    for module in set(READERS.values()):
        assert callable(importlib.import_module(module).read)

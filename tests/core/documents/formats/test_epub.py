"""E-books are read in their own order, and say what keeps them from being read."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_material import error_code, read_bytes, with_wrong_bytes

from utils.errors import AppError

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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        package = f"<manifest>{manifest}</manifest><spine>{order}</spine>"
        archive.writestr("O/b.opf", f'<package xmlns="http://www.idpf.org/2007/opf">{package}</package>')
        for name, content in chapters.items():
            if name not in missing:
                archive.writestr(f"O/t/{name} x.xhtml", f"<html><title>Buch</title><body>{content}</body></html>")
        if encrypted:
            reference = f'<CipherReference xmlns="x" URI="{encrypted}"/>'
            archive.writestr("META-INF/encryption.xml", f"<encryption>{reference}</encryption>")
    return buffer.getvalue()


def code_of(data: bytes) -> str:
    with pytest.raises(AppError) as caught:
        read_bytes(data, "a.epub")
    return caught.value.code


def test_chapters_come_in_reading_order_each_as_a_page():
    pages = read_bytes(make_epub(), "a.epub")
    assert [(page.number, page.page_count, page.text) for page in pages] == [
        (1, 2, "Eins\n\nDer Anfang."),
        (2, 2, "Das Ende: Öl & Äther."),
    ]
    assert [heading.title for heading in pages[0].headings] == ["Eins"]


def test_a_missing_chapter_costs_only_itself():
    assert [page.readable for page in read_bytes(make_epub(missing=("eins",)), "a.epub")] == [False, True]


def test_a_protected_book_says_so_and_encrypted_fonts_do_not_matter():
    assert code_of(make_epub(encrypted="O/t/eins%20x.xhtml")) == "epub_protected"
    assert len(read_bytes(make_epub(encrypted="O/fonts/a.otf"), "a.epub")) == 2


def test_files_that_are_no_epub_are_told_apart(tmp_path):
    whole = make_epub()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "not a book")
    contents = {
        "empty": b"",
        "text": b"just text",
        "zip": buffer.getvalue(),
        "torn": whole[: len(whole) // 2],
        "hollow": make_epub(missing=tuple(CHAPTERS)),
        "blank": make_epub({"eins": "<p> </p>"}),
    }
    for name, data in contents.items():
        (tmp_path / f"{name}.epub").write_bytes(data)
    assert {path.stem: error_code(path) for path in tmp_path.iterdir()} == {
        "empty": "file_empty",
        "text": "epub_not_epub",
        "zip": "epub_not_epub",
        "torn": "epub_damaged",
        "hollow": "epub_damaged",
        "blank": "file_no_text",
    }


def test_a_chapter_that_would_unpack_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("core.documents.formats.archive.TREE_BYTES", 10_000)
    assert code_of(make_epub({"eins": "<p>Wort</p>" * 5000})) == "epub_too_large"


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=40), st.floats(0, 1))
def test_a_book_with_wrong_or_missing_bytes_never_raises_anything_else(changes, share):
    data = with_wrong_bytes(make_epub(), changes)
    for broken in (data, data[: int(share * len(data))]):
        try:
            read_bytes(broken, "a.epub")
        except AppError as error:
            assert error.code.startswith(("epub_", "file_"))

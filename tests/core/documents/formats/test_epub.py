"""E-books are read in their own order, and say what keeps them from being read."""

import pytest
from reading_material import make_epub, read_bytes

from utils.errors import AppError


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


def test_a_chapter_that_would_unpack_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr("core.documents.formats.archive.TREE_BYTES", 10_000)
    assert code_of(make_epub({"eins": "<p>Wort</p>" * 5000})) == "epub_too_large"

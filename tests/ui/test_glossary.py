"""The glossary explains each term once, shortly, in both languages."""

import re

import pytest

from ui import glossary, layout
from ui.texts import KEYS


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_term_stands_once_in_the_window_that_the_header_opens(language):
    header = layout.header_html(language)
    terms = re.findall(r"<dt>(.+?)</dt><dd>(.+?)</dd>", header)
    assert len(terms) == len({term for term, _ in terms}) == len(glossary.TERMS) <= 20
    assert all(len(about) < 120 for _, about in terms)
    assert 'id="glossary-open"' in header and '<dialog id="glossary" aria-labelledby="glossary-title">' in header


def test_no_term_of_the_texts_is_left_out():
    explained = {key.split(".")[1] for key in KEYS if re.fullmatch(r"glossary\.\w+\.about", key)}
    assert explained == set(glossary.TERMS)

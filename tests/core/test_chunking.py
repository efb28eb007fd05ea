from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from core.chunking import chunks_of_pages, join_pages
from core.formats.page_text import Heading, Page
from core.token_counting import TokenCounter, rule_counter, tokenizer_counter
from utils.config import ChunkSettings
from utils.errors import AppError

COUNTER = rule_counter()


def pages_of(*texts: str) -> list[Page]:
    return [Page(number, len(texts), text) for number, text in enumerate(texts, start=1)]


def test_each_chunk_knows_its_pages_and_heading() -> None:
    first = Page(1, 2, "Der Motor\n\n" + "Ein Motor wandelt Energie um. " * 6, (Heading(0, "Der Motor"),))
    second = Page(2, 2, "Die Pumpe\n\n" + "Eine Pumpe hebt das Wasser an. " * 6, (Heading(0, "Die Pumpe"),))
    chunks = chunks_of_pages([first, second], ChunkSettings(chunk_tokens=40, overlap_tokens=0), COUNTER, "ab")
    places = [(chunk.metadata["page"], chunk.metadata["page_end"], chunk.metadata["heading"]) for chunk in chunks]
    assert places[0] == (1, 1, "Der Motor")
    assert places[-1] == (2, 2, "Die Pumpe")
    assert places == sorted(places, key=lambda place: place[0])
    headed = [chunk for chunk in chunks if chunk.metadata.get("headings")]
    for chunk in headed:
        for offset, title in chunk.metadata["headings"]:
            assert chunk.text[offset:].startswith(title)
    assert {title for chunk in headed for _, title in chunk.metadata["headings"]} == {"Der Motor", "Die Pumpe"}


def test_metadata_says_how_it_was_counted() -> None:
    (chunk,) = chunks_of_pages(pages_of("Kurz."), ChunkSettings(), COUNTER, "abc123")
    assert chunk.metadata == {
        "page": 1,
        "page_end": 1,
        "tokens": 2,
        "tokenizer": "rule-4-letters",
        "sha256": "abc123",
    }


def test_a_sentence_over_a_page_break_is_one_again() -> None:
    text, starts, _ = join_pages(pages_of("Die wichtigsten Op-", "tionen stehen hier.", "Neuer Absatz."))
    assert text == "Die wichtigsten Optionen stehen hier.\n\nNeuer Absatz."
    assert [number for _, number in starts] == [1, 2, 3]
    assert [text[offset:].split()[0] for offset, _ in starts[1:]] == ["tionen", "Neuer"]


def test_overlap_is_really_there() -> None:
    text = " ".join(f"Satz Nummer {number} sagt etwas." for number in range(200))
    chunks = chunks_of_pages(pages_of(text), ChunkSettings(chunk_tokens=100, overlap_tokens=30), COUNTER, "")
    for before, after in pairwise(chunks):
        assert after.text[:20] in before.text


@pytest.mark.parametrize(
    "script", ["Energie bleibt erhalten. ", "エネルギーは保存されます。", "x", "https://a.b/c?d=e&"]
)
@pytest.mark.parametrize(("tokens", "overlap"), [(32, 0), (32, 1024), (50, 20)])
def test_no_chunk_is_above_the_limit_in_any_script(script: str, tokens: int, overlap: int) -> None:
    settings = ChunkSettings(chunk_tokens=tokens, overlap_tokens=overlap)
    chunks = chunks_of_pages(pages_of(script * 300), settings, COUNTER, "")
    assert max(COUNTER.count(chunk.text) for chunk in chunks) <= tokens
    assert sum(len(chunk.text) for chunk in chunks) >= len(script.strip()) * 290


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=5), st.integers(32, 80), st.integers(0, 80))
def test_every_word_of_any_text_is_in_some_chunk(texts: list[str], tokens: int, overlap: int) -> None:
    pages = pages_of(*texts)
    chunk_settings = ChunkSettings(chunk_tokens=tokens, overlap_tokens=overlap)
    chunks = chunks_of_pages(pages, chunk_settings, COUNTER, "")
    whole, _, _ = join_pages(pages)
    kept = "".join(chunk.text for chunk in chunks)
    assert (
        set(whole.replace(" ", "")) - set(kept) <= set("\n\t\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000")
        or not kept
    )
    assert all(COUNTER.count(chunk.text) <= tokens and chunk.text in whole for chunk in chunks)


def test_a_counter_whose_halves_need_fewer_tokens_than_the_whole_still_keeps_the_limit() -> None:
    counter = TokenCounter("odd", lambda text: len(text.split()) + (50 if len(text) > 100 else 0))
    chunks = chunks_of_pages(pages_of("wort " * 400), ChunkSettings(chunk_tokens=40, overlap_tokens=0), counter, "")
    assert max(counter.count(chunk.text) for chunk in chunks) <= 40


def test_a_model_tokenizer_counts_where_there_is_one(tmp_path) -> None:
    vocabulary = {character: number for number, character in enumerate(pre_tokenizers.ByteLevel.alphabet())}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.enable_truncation(4)
    (tmp_path / "tiny").mkdir()
    tokenizer.save(str(tmp_path / "tiny" / "tokenizer.json"))
    counter = tokenizer_counter(tmp_path / "tiny" / "tokenizer.json")
    assert (counter.name, counter.count("größer")) == ("tiny", 8)
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(AppError, match="tokenizer_unreadable"):
        tokenizer_counter(tmp_path / "broken.json")

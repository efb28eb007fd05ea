import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import ENERGY_TEXT
from supported_answers import INVENTIONS, PARAPHRASES

from core.samples.checks.support import UNSUPPORTED_BELOW, support_of

PARAGRAPHS = ENERGY_TEXT.split("\n\n")
CHUNK = "\n\n".join(PARAGRAPHS[2:6])


def chunk_about(words):
    place = next(number for number, paragraph in enumerate(PARAGRAPHS) if paragraph.startswith(words))
    return "\n\n".join(PARAGRAPHS[max(0, place - 2) : place + 3])


def test_a_copy_is_supported_in_full_and_its_sentence_is_found():
    sentence = "Die Einheit der Energie ist das Joule."
    support = support_of(sentence, CHUNK)
    assert support.share == 1.0
    assert CHUNK[support.start : support.end] == sentence


def test_paraphrases_score_clearly_higher_than_inventions():
    paraphrases = [support_of(answer, chunk_about(words)).share for words, answer in PARAPHRASES]
    inventions = [support_of(answer, chunk_about(words)).share for words, answer in INVENTIONS]
    assert min(paraphrases) > UNSUPPORTED_BELOW + 0.05
    assert max(inventions) < UNSUPPORTED_BELOW - 0.15
    assert statistics.median(paraphrases) > statistics.median(inventions) + 0.5


def test_other_forms_of_a_word_and_parts_of_compounds_count():
    assert support_of("Kräfte wirken auf Massen.", "Die Kraft wirkt auf die Masse.").share >= 0.9
    assert 0 < support_of("Energie", "Die Bewegungsenergie wächst.").share < 1
    assert 0 < support_of("Die Bewegungsenergie", "Energie ist überall.").share < 1
    assert support_of("Gärten", "Der Garten ist groß.").share == 1


def test_numbers_must_be_the_same_and_weigh_more_than_words():
    chunk = "Die Anlage kostete 1.250 Euro und leistet 3,6 Kilowatt."
    right = support_of("Sie kostete 1250 Euro und leistet 3.6 Kilowatt.", chunk).share
    wrong = support_of("Sie kostete 1350 Euro und leistet 3.7 Kilowatt.", chunk).share
    assert right == 1.0
    assert wrong <= 0.5
    assert support_of("125", "1250").share == 0


def test_english_works_as_german_does():
    chunk = "The package manager resolves dependencies. It downloads packages from mirrors."
    support = support_of("Dependencies are resolved by the package manager.", chunk)
    assert support.share > 0.9
    assert chunk[support.start : support.end] == "The package manager resolves dependencies."
    assert support_of("Cats sleep most of the day.", chunk).share == 0


def test_chinese_and_japanese_are_compared_by_pairs_of_characters():
    chunk = "インストーラはディスクを分割します。ネットワークの設定は後で行います。"
    assert support_of("ディスクを分割します。", chunk).share > 0.9
    assert support_of("天気は明日も晴れるでしょう。", chunk).share < UNSUPPORTED_BELOW
    assert support_of("能量守恒定律", "能量守恒定律是物理学的基本定律。").share == 1.0
    assert support_of("今天天气很好", "能量守恒定律是物理学的基本定律。").share == 0


@pytest.mark.parametrize("output", ["", "Ja.", "Nein, das ist es nicht.", "?!"])
def test_what_says_nothing_needs_no_support_and_an_empty_chunk_supports_nothing(output):
    assert support_of(output, CHUNK).share == 1.0
    assert support_of("Energie", " \n\n ").share == support_of("Energie", "").share == 0


def test_a_list_that_is_no_sentence_is_taken_line_by_line():
    chunk = "\n".join(f"- Punkt {number}: Werkzeug{number} für Bauteil{number} verwenden" for number in range(30))
    support = support_of("Werkzeug17 passt zu Bauteil17", chunk)
    assert chunk[support.start : support.end] == "- Punkt 17: Werkzeug17 für Bauteil17 verwenden"


@given(st.text(max_size=200), st.text(max_size=300))
def test_any_two_texts_have_a_share_and_a_place_in_the_chunk(output, chunk):
    support = support_of(output, chunk)
    assert 0 <= support.share <= 1
    assert 0 <= support.start <= support.end

"""The measures of benchmarks/fidelity.py: what counts as a word, and what is compared with what."""

import pytest

from benchmarks.fidelity import compare, lost_characters, plain_words, without_running_lines, words
from benchmarks.ingest import sample


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("die Pa-\nkete", "die pakete"),  # the same with and without a line-end hyphen
        ("GNU-Projekt", "gnuprojekt"),
        ("GNU-\n  Projekt", "gnuprojekt"),
        ("Ein- und Ausgabe", "ein und ausgabe"),
        ("日本語Debian入門", "日 本 語 debian 入 門"),
        ("리눅스의 장치 이름", "리눅스의 장치 이름"),
        ("ﬁnden U\u0308bung", "finden übung"),
    ],
)
def test_what_counts_as_a_word(text, counted):
    assert words(text) == counted.split()
    assert plain_words("Die Pa-\nkete") == ["die", "pa", "kete"], "without any help"


def test_recall_counts_a_word_as_often_as_it_occurs_and_order_its_neighbours():
    score = compare(["a", "b", "a", "c"], ["a", "b", "c", "d"])
    assert (score.words_found, score.words) == (3, 4)
    assert score.missing == {"a": 1}
    assert compare(["a", "b", "c"], ["c", "a", "b"]).order == 0.5
    assert compare([], ["x"]).order == compare([], []).recall == 1.0


def test_running_lines_and_page_numbers_are_left_out_and_other_edges_stay():
    body = "{0} opens\n{0} goes on\n\nthe middle\n\n{0} nearly ends\n{0} ends"
    pages = [f"Chapter {at} of 9\n{body.format(at * 'so ')}\n{at}\n" for at in range(1, 5)]
    expected = [f"{body.format(at * 'so ')}\n" for at in range(1, 5)]
    assert without_running_lines(pages) == expected
    pages = [f"Title\n{word} a\n{word} b\n{word} c\n{word} d\n{word} e" for word in ("one", "two")]
    assert without_running_lines(pages) == pages, "on two pages nothing runs"


def test_lost_characters_do_not_count_white_space():
    assert lost_characters("Über  alles\n", "Über alles") == {}
    assert lost_characters("Überprüfung", "berprfung") == {"Ü": 1, "ü": 1}


def test_a_sample_goes_from_the_smallest_to_the_largest_file(tmp_path):
    files = []
    for size in range(9):
        files.append(tmp_path / f"{size}.pdf")
        files[-1].write_bytes(bytes(size))
    assert [path.stem for path in sample(files, 3)] == ["0", "4", "8"]
    assert sample(files, None) == files

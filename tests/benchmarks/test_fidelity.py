"""The measures of benchmarks/fidelity.py: what counts as a word, and what is compared with what."""

from benchmarks.fidelity import compare, lost_characters, plain_words, without_running_lines, words
from benchmarks.ingest import sample


def test_a_word_is_the_same_with_and_without_a_line_end_hyphen() -> None:
    assert words("die Pa-\nkete") == words("die Pakete") == ["die", "pakete"]
    assert words("GNU-Projekt") == words("GNUProjekt") == words("GNU-\n  Projekt")


def test_a_hyphen_before_a_space_ends_its_word() -> None:
    assert words("Ein- und Ausgabe") == ["ein", "und", "ausgabe"]


def test_japanese_counts_by_character_and_latin_inside_it_by_word() -> None:
    assert words("日本語Debian入門") == ["日", "本", "語", "debian", "入", "門"]


def test_korean_counts_by_word() -> None:
    assert words("리눅스의 장치 이름") == ["리눅스의", "장치", "이름"]


def test_ligatures_and_composed_letters_are_one_spelling() -> None:
    assert words("ﬁnden U\u0308bung") == ["finden", "übung"]


def test_plain_words_are_compared_without_any_help() -> None:
    assert plain_words("Die Pa-\nkete") == ["die", "pa", "kete"]


def test_recall_counts_a_word_as_often_as_it_occurs() -> None:
    score = compare(["a", "b", "a", "c"], ["a", "b", "c", "d"])
    assert (score.words_found, score.words) == (3, 4)
    assert score.missing == {"a": 1}


def test_order_counts_neighbours() -> None:
    assert compare(["a", "b", "c"], ["c", "a", "b"]).order == 0.5
    assert compare([], ["x"]).order == compare([], []).recall == 1.0


def test_running_lines_and_page_numbers_are_left_out_and_other_edges_stay() -> None:
    body = "{0} opens\n{0} goes on\n\nthe middle\n\n{0} nearly ends\n{0} ends"
    pages = [f"Chapter {at} of 9\n{body.format(at * 'so ')}\n{at}\n" for at in range(1, 5)]
    expected = [f"{body.format(at * 'so ')}\n" for at in range(1, 5)]
    assert without_running_lines(pages) == expected


def test_a_line_on_two_pages_does_not_run() -> None:
    pages = [f"Title\n{word} a\n{word} b\n{word} c\n{word} d\n{word} e" for word in ("one", "two")]
    assert without_running_lines(pages) == pages


def test_lost_characters_do_not_count_white_space() -> None:
    assert lost_characters("Über  alles\n", "Über alles") == {}
    assert lost_characters("Überprüfung", "berprfung") == {"Ü": 1, "ü": 1}


def test_a_sample_goes_from_the_smallest_to_the_largest_file(tmp_path) -> None:
    files = []
    for size in range(9):
        files.append(tmp_path / f"{size}.pdf")
        files[-1].write_bytes(bytes(size))
    assert [path.stem for path in sample(files, 3)] == ["0", "4", "8"]
    assert sample(files, None) == files

"""Any text in any usual encoding comes back whole, however the blocks fall."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_material import read

from core.documents.formats import text_encoding
from core.documents.formats.text_encoding import decode
from utils.errors import AppError

GERMAN = "Größe, Übermut und „Anführung“ – für 5 € im Café.\nZweite Zeile: Straße, Äpfel, Öl."
ORDINARY = "Ein Satz, in dem die meisten Zeichen ganz gewöhnlich sind. "
# Control characters make a file binary, a line end has several spellings, U+FEFF is no text at a file's start.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"))
BLOCKS = st.integers(1, 9)


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    usual = text_encoding.BLOCK_BYTES
    text_encoding.BLOCK_BYTES = size
    try:
        yield
    finally:
        text_encoding.BLOCK_BYTES = usual


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
def test_german_text_survives_in_every_usual_encoding(tmp_path, encoding):
    mark = {"utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}.get(encoding, b"")
    (tmp_path / "a.txt").write_bytes(mark + GERMAN.encode(encoding))
    assert read(tmp_path / "a.txt")[0].text == GERMAN


@given(ANY_TEXT, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]), BLOCKS)
def test_any_text_in_unicode_comes_back_whatever_the_blocks(text, encoding, block):
    with blocks_of(block):
        assert decode(text.encode(encoding), "a.txt") == text


@given(st.text("abc äöüßÄÖÜéèàçñ,.\n\t„“–€"), st.sampled_from(["cp1252", "utf-16-le", "utf-16-be"]), BLOCKS)
def test_western_text_without_a_mark_comes_back_whatever_the_blocks(text, encoding, block):
    text = ORDINARY * (1 + len(text) // 10) + text
    with blocks_of(block):
        assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *product(
            ["Энергия не возникает и не исчезает.\n", "エネルギーは 生まれも 消えも しない。\n"],
            ["utf-16-le", "utf-16-be"],
        ),
        ("Энергия не возникает и не исчезает, она только переходит из одной формы в другую. ", "cp1251"),
        ("Энергия не возникает и не исчезает, она только переходит из одной формы в другую. ", "koi8-r"),
        ("Čerpadlo nesmí běžet bez vody. Před čištěním vytáhněte zástrčku ze zásuvky. ", "cp1250"),
        ("Čerpadlo nesmí běžet bez vody. Před čištěním vytáhněte zástrčku ze zásuvky. ", "iso8859-2"),
        ("A szivattyú nem működhet víz nélkül. Tisztítás előtt húzza ki a csatlakozót. ", "cp1250"),
        ("Pompa susuz çalıştırılmamalıdır. Temizlikten önce fişi çekiniz, ışığı kapatınız. ", "cp1254"),
        ("Siurblys negali veikti be vandens. Prieš valydami ištraukite kištuką iš lizdo, žiūrėkite. ", "cp1257"),
        ("Η αντλία δεν πρέπει να λειτουργεί χωρίς νερό. Αφαιρέστε το φις. ", "cp1253"),
        ("ポンプは水なしで運転しないでください。清掃の前に電源プラグを抜いてください。", "iso2022_jp"),
        ("ポンプは水なしで運転しないでください。清掃の前に電源プラグを抜いてください。", "cp932"),
        ("水泵不得在无水的情况下运行。清洁前请拔下电源插头。", "gbk"),
        (
            "Die Pumpe darf nicht ohne Wasser laufen: Prüfung, Öffnung und Verschluß jährlich, größere Mängel. ",
            "cp850",
        ),
    ],
)
def test_text_of_other_alphabets_is_recognised_without_a_mark(text, encoding):
    assert decode((text * 20).encode(encoding), "a.txt") == text * 20


@pytest.mark.parametrize(
    ("comment", "encoding"),
    [
        ("запуск всех тестов", "cp1251"),
        ("запуск всех тестов", "koi8-r"),
        ("全ての試験を実行する", "cp932"),
        ("运行所有测试", "gbk"),
        ("εκτέλεση όλων", "cp1253"),
    ],
)
def test_a_comment_of_another_alphabet_in_a_long_program_is_read(comment, encoding):
    program = "int main(void) { return run_all_tests(0); }\n" * 200
    text = f"{program}/* {comment} */\n{program}"
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    "text",
    [
        "Avant le nettoyage, éteignez l’interrupteur général. Ça été vérifié à 5 €.",
        "Nettoyé à l’eau. Déjà séché. Reçu à Orléans, le 5 août à 14 h.",
        "Hôtel côté rivière, dîner à 19 h, forêt, île, août, où, très, après, même, être.",
        "La pressione è più alta perché la valvola è già aperta. Qualità e velocità.",
        "Naïve café résumé – £5 • ©2024 ™",
        "Größe: 5 m². Fläche: 10 m³. Gewicht: 3½ kg, Ø 12 mm, 20 °C, ±5 %.",
        "A válvula não deve ser aberta. Não há peças de reposição até amanhã. Ação imediata!",
        "Slökkvið á aðalrofanum fyrir þrif. Það er mikilvægt að þrífa vélina.",
    ],
)
def test_a_few_words_of_a_western_language_are_no_russian_and_no_hungarian(text, times):
    assert decode((text * times).encode("cp1252"), "a.txt") == text * times


@pytest.mark.parametrize(
    "text",
    [
        "Größe: 5 m²",
        "20 °C bis 30 °C",
        "Straße",
        "5 € für das Café",
        "½ Tasse, ¼ Löffel",
        "It’s the user’s “own”.",
        "ä",
    ],
)
def test_a_few_letters_above_ascii_are_western_ones(text):
    assert decode(text.encode("cp1252"), "a.txt") == text


@given(st.integers(0, 400), BLOCKS)
def test_one_broken_byte_in_utf8_spoils_nothing_else(place, block):
    text = GERMAN * 5
    before, after = text[: place % len(text)], text[place % len(text) :]
    with blocks_of(block):
        assert decode(before.encode() + b"\xfc" + after.encode(), "a.txt") == f"{before}ü{after}"


def test_a_broken_byte_far_into_a_file_or_behind_a_utf8_mark_is_kept():
    text = GERMAN * 20_000
    assert len(text.encode()) > 5 * text_encoding.BLOCK_BYTES
    for mark in (b"", codecs.BOM_UTF8):
        assert decode(mark + text.encode() + b" \xfc", "a.txt") == text + " ü"


@given(st.text("ab\r\n"), BLOCKS)
def test_line_ends_of_every_system_become_line_feeds(text, block):
    with blocks_of(block):
        assert decode(text.encode(), "a.txt") == text.replace("\r\n", "\n").replace("\r", "\n")


def test_utf16_that_was_cut_off_inside_a_character_loses_only_that():
    assert decode(GERMAN.encode("utf-16-le")[:-1], "a.txt") == GERMAN[:-1] + "\ufffd"


def test_zeros_that_a_power_failure_left_in_a_log_do_not_make_it_binary():
    log = "12:00 Pumpe läuft\n" * 500
    assert decode(log.encode() + b"\0" * 40 + log.encode(), "a.log").replace("\0", "") == log + log


@settings(deadline=None)
@given(st.binary(max_size=400), BLOCKS)
def test_any_bytes_decode_or_are_refused(data, block):
    with blocks_of(block):
        try:
            decode(data, "a.txt")
        except AppError as error:
            assert error.code == "file_not_text"

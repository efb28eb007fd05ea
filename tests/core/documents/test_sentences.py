import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.sentences import is_clean, prose_paragraphs, split_sentences, stands_alone


def test_abbreviations_initials_and_ordinals_end_no_sentence():
    text = "Am 29. Februar traf Dr. E. Knuth, d. h. der Autor, z. B. Herrn Meier. Danach ging er. „So!“ Ende."
    assert split_sentences(text) == [
        "Am 29. Februar traf Dr. E. Knuth, d. h. der Autor, z. B. Herrn Meier.",
        "Danach ging er.",
        "„So!“",
        "Ende.",
    ]


@given(st.text())
def test_splitting_keeps_every_word(text):
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


CLEAN = """Das Debian-Projekt wurde 1993 von Ian Murdock gegründet.
Freie Software bedeutet, dass Sie die Freiheit haben, Kopien zu vertreiben."""
JUNK = r"""und deshalb fehlt diesem Satz hier der Anfang.
Dieser Satz ist am Ende der Seite abgeschnitten und
1.1 Was ist diese FAQ? . . . . . . . . . . . . . 1
Der Befehl ist \documentclass{article} und steht am Anfang der Datei.
Sehen Sie unter https://www.debian.org nach, ob es das Paket schon gibt.
KAPITEL EINS DIE GROSSE REISE DER KLEINEN LEUTE IST EIN BUCH.
Die Klammer ist (auf, aber sie ist nicht zu, wie es sein sollte.
Kurz.
Die Werte für den Druck stehen in der folgenden Tabelle.
Das Ergebnis der Messung ist in Abschnitt 3 beschrieben.
Apfel Birne Kirsche Pflaume Traube Melone Zitrone."""


@pytest.mark.parametrize(("sentences", "clean"), [(CLEAN, True), (JUNK, False)])
def test_whole_sentences_are_clean_and_fragments_code_contents_and_references_are_not(sentences, clean):
    assert [sentence for sentence in sentences.splitlines() if is_clean(sentence, "de") is not clean] == []


@pytest.mark.parametrize(
    ("sentence", "language", "alone"),
    [
        ("Ein Pendel zeigt die Umwandlung besonders schön.", "de", True),
        ("Diese zeigt die Umwandlung besonders schön.", "de", False),
        ("The kernel returns an error.", "en", True),
        ("However, it returns an error.", "en", False),
        ("Where it is missing, the model talks on.", "en", False),
        ("Fehlt es, redet das Modell endlos weiter.", "de", False),
        ("If this ioctl is not called, the default is used.", "en", False),
    ],
)
def test_sentences_that_lean_on_others_are_told(sentence, language, alone):
    assert stands_alone(sentence, language) is alone


def test_lists_code_and_contents_are_no_prose():
    text = (
        "Ein ganzer Absatz, der aus einem Satz besteht.\n\n• ein Punkt in einer Liste, lang genug\n\n"
        "```\nprint('das ist Programmtext')\n```\n\n1.1 Was ist das? . . . . . . . . . . . 1\n\n"
        "Ein Absatz, der im Druck über zwei Zeilen läuft und erst in der\nzweiten Zeile endet."
    )
    assert list(prose_paragraphs(text)) == [
        ("Ein ganzer Absatz, der aus einem Satz besteht.", True),
        ("Ein Absatz, der im Druck über zwei Zeilen läuft und erst in der zweiten Zeile endet.", True),
    ]


def test_what_a_page_break_tore_off_is_not_whole():
    before = "Früher gab es nur ein Programm, heute wurde dazu ein neues"
    text = f"{before}\n\n12\n\nMakropaket entwickelt, das vieles besser kann."
    assert [whole for _, whole in prose_paragraphs(text)] == [True, False]

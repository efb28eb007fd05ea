import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.practice.question_rules import accusative, question_for, take_apart

NAMES = frozenset({"Debian", "Pakete", "Spannenergie", "Dokumentation", "KVM"})


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Ein Paket ist eine Sammlung von Dateien.", "Was ist ein Paket?"),
        ("Spannenergie ist die Energie, die in einer Feder steckt.", "Was ist Spannenergie?"),
        (
            "Das Debian-Projekt wurde 1993 von Ian Murdock gegründet, anfangs allein.",
            "Wann wurde das Debian-Projekt gegründet?",
        ),
        ("Das Debian-Projekt wurde von Ian Murdock gegründet.", "Von wem wurde das Debian-Projekt gegründet?"),
        ("Die Debian-Archive enthalten ungefähr 1000 Pakete.", "Was enthalten die Debian-Archive?"),
        ("Das Programm stellt mehrere Befehle bereit.", "Was stellt das Programm bereit?"),
        ("Der Schalter dient zum Ein- und Ausschalten der Pumpe.", "Wozu dient der Schalter?"),
        ("Das Gerät besteht aus drei Teilen.", "Woraus besteht das Gerät?"),
        ("Wärmeleitung ist der Transport von Wärme durch einen Stoff.", "Was ist Wärmeleitung?"),
        ("Eine Solarzelle wandelt Sonnenlicht in elektrische Energie um.", "Was wandelt eine Solarzelle um?"),
        ("Die Pumpe befindet sich im Keller des Hauses.", "Wo befindet sich die Pumpe?"),
        ("Freie Software bedeutet, dass jeder sie kopieren darf.", "Was bedeutet freie Software?"),
        (
            "Wenn Sie Pakete installieren möchten, können Sie apt benutzen.",
            "Was können Sie tun, wenn Sie Pakete installieren möchten?",
        ),
        ("Sobald das Problem gelöst ist, wird der Bericht geschlossen.", "Was gilt, sobald das Problem gelöst ist?"),
        (
            "Um das Paket zu installieren, benutzen Sie den Befehl apt.",
            "Was müssen Sie tun, um das Paket zu installieren?",
        ),
        ("Die Pumpe ist laut, weil das Lager alt ist.", "Warum ist die Pumpe laut?"),
    ],
)
def test_german_sentences_become_the_question_they_answer(sentence: str, question: str) -> None:
    found = question_for(sentence, "de", NAMES)
    assert found is not None
    assert found[1] == question


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("A package is a collection of files.", "What is a package?"),
        ("The GNU hello program produces a familiar greeting.", "What does the GNU hello program produce?"),
        ("The current palette is used to map values onto colors.", "What is the current palette used for?"),
        ("If the number is too low, an error is returned.", "What happens if the number is too low?"),
        ("If you need help, you can ask on the list.", "What should you do if you need help?"),
        ("To create a file on output, use the separator option.", "How do you create a file on output?"),
        ("The project was founded in August 1993 by one student.", "When was the project founded?"),
        ("The arm port was dropped because it was too slow.", "Why was the arm port dropped?"),
        ("The frame consists of four beams.", "What does the frame consist of?"),
    ],
)
def test_english_sentences_become_the_question_they_answer(sentence: str, question: str) -> None:
    found = question_for(sentence, "en", NAMES)
    assert found is not None
    assert found[1] == question


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Derzeit ist das Paket nur für Linux erhältlich.", "de"),  # an adverb stands first
        ("Das Paket finden Sie auf jedem Server.", "de"),  # the object stands first
        ("Die Liste können Sie im Netz abrufen.", "de"),
        ("Ein weiteres Bestreben ist die Portierung.", "de"),  # makes sense only after another sentence
        ("Dokumentation unterstützen bereits viele Helfer.", "de"),  # subject and verb do not agree
        ("Alle Markenzeichen sind das Eigentum ihrer Eigentümer.", "de"),
        ("Wenn Sie aber bestimmte, neue Geräte haben, fehlen Treiber.", "de"),  # the clause is cut by a comma
        ("In most cases is the default a good choice.", "en"),
        ("There is a function for that.", "en"),
        ("A chunk that is too short tears thoughts apart.", "en"),  # the verb belongs to the relative clause
        ("The app uses it as a document.", "en"),
    ],
)
def test_where_grammar_leaves_a_doubt_there_is_no_question(sentence: str, language: str) -> None:
    assert question_for(sentence, language, NAMES) is None


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Der Befehl kann mehrmals aufgerufen werden.", "den Befehl"),
        ("Die erste Spalte muss leer sein.", "die erste Spalte"),
        ("Debian ist derzeit nur für Linux erhältlich.", "Debian"),
        ("Der neue Befehl kann mehrmals aufgerufen werden.", None),  # "den neuen": endings are not guessed
        ("Der Student kann die Karte ausleihen.", None),  # "den Studenten"
    ],
)
def test_subjects_take_the_accusative_or_none(sentence: str, expected: str | None) -> None:
    statement = take_apart(sentence, "de", NAMES)
    assert statement is not None
    assert accusative(statement, "de") == expected


@given(st.text(), st.sampled_from(["de", "en"]))
def test_any_text_is_taken(text: str, language: str) -> None:
    question_for(text, language, NAMES)
    take_apart(text, language, NAMES)


@given(
    st.lists(
        st.sampled_from(
            ["Das", "Paket", "ist", "ein", ",", "weil", ".", "wurde", "von", "Wenn", "Um", "zu", "The", "is", "a"]
        ),
        max_size=15,
    )
)
def test_any_row_of_words_is_taken(words: list[str]) -> None:
    for language in ("de", "en"):
        question_for(" ".join(words), language, NAMES)

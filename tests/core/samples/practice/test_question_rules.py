import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.samples.practice.question_rules import question_for, salient_term

NAMES = frozenset({"Debian", "Pakete", "Dokumentation"})


QUESTIONS = [
    ("de", "Ein Paket ist eine Sammlung von Dateien.", "Was ist ein Paket?"),
    ("de", "Debian ist ein System, das jeder kopieren darf.", "Was ist Debian?"),
    ("de", "Die Prüfung der Pakete verhindert jeden Schaden.", "Was verhindert die Prüfung der Pakete?"),
    ("de", "Der neue Befehl benötigt zwei Angaben.", "Was benötigt der neue Befehl?"),
    ("de", "Sobald das Problem gelöst ist, wird es geschlossen.", "Was gilt, sobald das Problem gelöst ist?"),
    ("en", "A package is a collection of files.", "What is a package?"),
    ("en", "The GNU hello program produces a familiar greeting.", "What does the GNU hello program produce?"),
    ("en", "If the number is too low, an error is returned.", "What happens if the number is too low?"),
    ("en", "If you need help, you can ask on the list.", "What should you do if you need help?"),
]


@pytest.mark.parametrize(("language", "sentence", "question"), QUESTIONS)
def test_a_sentence_becomes_the_question_that_it_answers(language, sentence, question):
    assert question_for(sentence, language, NAMES)[1] == question


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Derzeit ist das Paket nur für Linux erhältlich.", "de"),  # an adverb stands first
        ("Das Paket verwendet man auf jedem Server.", "de"),  # the object stands first
        ("Ein weiteres Bestreben ist die Portierung.", "de"),  # makes sense only after another sentence
        ("Dokumentation unterstützen bereits viele Helfer.", "de"),  # subject and verb do not agree
        ("Wenn Sie aber die neuen, guten Geräte haben, fehlen Treiber.", "de"),  # the clause is cut by a comma
        ("In most cases is the default a good choice.", "en"),
        ("There is a function for that.", "en"),
        ("A chunk that is too short contains half a thought.", "en"),  # the verb belongs to the relative clause
        ("The input column requires are the same.", "en"),
        ("The app uses it as a document.", "en"),
        ("When called from a script, the command prints nothing.", "en"),  # the clause has no subject
    ],
)
def test_where_grammar_leaves_a_doubt_there_is_no_question(sentence, language):
    assert question_for(sentence, language, NAMES) is None


def test_a_term_is_a_noun_and_no_common_word():
    assert salient_term("In der Werkstatt steht Die Drehbank.", "de") == "Werkstatt"
    assert salient_term("In the test the other spring constant is measured.", "en") == ""
    assert salient_term("Then the spring constant is measured.", "en") == "spring constant"


WORDS = "Das Paket ist ein , weil . wurde Wenn Sie The is a If „ \x00"


@given(st.lists(st.sampled_from(WORDS.split(" ")) | st.text(), max_size=15), st.sampled_from(["de", "en"]))
def test_any_row_of_words_is_taken(words, language):
    question_for(" ".join(words), language, NAMES)
    salient_term(" ".join(words), language)

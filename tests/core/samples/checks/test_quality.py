import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from material import ENERGY_TEXT

from core.samples.checks.quality import KINDS, Limits, QualityChecks, is_too_short
from core.samples.store.findings import Finding, Findings
from core.samples.store.held_lines import Held
from core.samples.store.sample import Sample, Source, sample_id, to_line
from core.samples.store.sft_dataset import HELD
from ui.texts import KEYS

PARAGRAPHS = [paragraph for paragraph in ENERGY_TEXT.split("\n\n") if not paragraph.startswith("#")]
ASKED = "Was versteht man unter Energie?"
SAID = (
    "Energie ist die Fähigkeit eines Körpers, Arbeit zu verrichten, Wärme abzugeben oder Licht auszusenden, und sie"
    " begegnet uns in vielen Formen."
)


def sample(asked=ASKED, said=SAID, **fields):
    return Sample(asked, said, **{"id": sample_id(asked, said), **fields})


def chunk_text(chunk_id):
    return PARAGRAPHS[chunk_id] if chunk_id < len(PARAGRAPHS) else None


def held(samples):
    found = Held()
    for each in samples:
        found.add(HELD.parsed(to_line(each).encode()))
    return found


class Check:
    """The checks of a project whose samples change."""

    def __init__(self, language="auto", max_tokens=1024):
        self.checks = QualityChecks()
        self.limits = Limits(max_tokens, lambda text: len(text.split()), language)
        self.known = Findings()
        self.checked: list[str] = []

    def __call__(self, samples):
        now = held(samples)
        wanted = self.checks.wanted(now, self.known, lambda: None)
        self.checked = [own for own, _ in wanted]
        new = self.checks.check(wanted, chunk_text, self.limits, lambda: None)
        self.known = Findings("", {**self.known.verdicts, **dict(new)})
        return [self.known.verdicts[own] for own in now.ids]


def check(samples, language="auto", max_tokens=1024):
    return [[*verdict.findings] for verdict in Check(language, max_tokens)(samples)]


def kinds(samples):
    return [[finding.kind for finding in findings] for findings in check(samples)]


def test_a_good_sample_has_no_findings_and_its_support_is_measured_once_and_after_an_edit():
    source = Source("a.pdf", 1, 0)
    measured = {"source": source, "support": 0.77}
    samples = [sample(source=source), sample(**measured), sample(**measured, status="edited")]
    assert Check()(samples[:1])[0].findings == ()
    assert [verdict.support for verdict in Check()(samples)] == [1.0, 0.77, 1.0]


def test_the_same_question_in_other_capitals_and_spaces_is_a_duplicate_of_the_first():
    second = sample("was  versteht man\nunter ENERGIE?", "Die Fähigkeit, Arbeit zu verrichten, und mehr.")
    assert check([sample(), second])[1] == [Finding("duplicate", of_id=sample().id)]
    for asked in ("Was versteht man unter der Energie", "Was ist unter „Energie“ zu verstehen?"):
        [finding] = check([sample(), sample(asked)])[1]
        assert (finding.kind, finding.of_id) == ("near_duplicate", sample().id)
        assert 0.5 <= finding.share <= 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wer erfand die Dampfmaschine?", "Wann erfand man die Dampfmaschine?"),
        ("Was sagt Kapitel 1 über Energie?", "Was sagt Kapitel 2 über Energie?"),
        ("Warum verliert ein Dieselmotor Energie?", "Warum verliert ein Dieselmotor keine Energie?"),
        ("Was ist kinetische Energie?", "Was ist potentielle Energie?"),
        ("Was ist das?", "Was soll das sein?"),
    ],
)
def test_questions_for_other_things_are_none(one, other):
    first = sample(one, "James Watt verbesserte sie im Jahr 1769 ganz erheblich.")
    assert kinds([first, sample(other, "Das geschah in Birmingham, wo Boulton wohnte.")])[1] == []


def test_what_was_rejected_makes_no_other_one_a_duplicate():
    samples = [sample(status="rejected"), sample(), sample("Was versteht man unter der Energie?")]
    assert kinds(samples) == [[], [], ["near_duplicate"]]


@pytest.mark.parametrize(
    ("asked", "said", "too_short"),
    [
        ("Warum kommt ein Pendel zur Ruhe?", "Wegen Reibung.", True),
        ("Erkläre den Energieerhaltungssatz.", "Energie bleibt gleich.", True),
        ("Fasse den Abschnitt zusammen.", "Energie.", True),
        ("Energie und Arbeit", "Joule", True),
        ("In welcher Einheit misst man Energie?", "Joule", False),
        ("Ist Wärme eine Form der Energie?", "Ja.", False),
        ("Wie viele Joule hat eine Kilowattstunde?", "3,6 Millionen", False),
        ("Nenne die Einheit der Leistung.", "Watt", False),
        ("Energie ist ein Vektor. Wahr oder falsch", "Falsch", False),
        ("Was ist Energie?", "...", True),
        ("Why does a pendulum stop?", "Because friction takes its energy away.", False),
        ("能量是什么？", "能量是物体做功的能力。", False),
    ],
)
def test_an_answer_is_too_short_for_its_question(asked, said, too_short):
    assert is_too_short(asked, said) is too_short


def test_what_is_longer_than_the_training_length_is_too_long():
    long = sample(said=SAID + " Sie ist überall." * 30)
    assert check([long], max_tokens=50)[0] == [Finding("too_long", str(len((ASKED + " " + long.output).split())))]
    assert check([long], max_tokens=5000)[0] == []


def test_the_language_is_that_of_the_chunk_or_the_one_that_was_set():
    english = (
        "Energy is the ability of a body to do work, to give off heat, or to send out light in all of its forms."
    )
    of_chunk = {"source": Source("a.pdf", 1, 0), "support": 0.9}
    foreign = sample("Was ist Energie in der Physik?", english, **of_chunk)
    wrong = [Finding("wrong_language", "language.name.en")]
    for language, found in (("auto", wrong), ("de", wrong), ("en", [])):
        assert check([foreign], language)[0] == found
    assert check([sample("Was ist Energie?", english)])[0] == []  # no chunk to compare with
    assert check([sample("Unit?", "The joule.", **of_chunk)])[0] == []  # too short to tell


def test_an_answer_about_something_else_is_unsupported_where_there_is_a_chunk():
    invented = "Isaac Newton veröffentlichte 1687 in London seine berühmte Principia mit drei Axiomen."
    [finding] = check([sample(said=invented, source=Source("a.pdf", 1, 0))])[0]
    assert finding.kind == "unsupported" and finding.share < 0.2
    assert check([sample(said=invented)])[0] == []
    for source in (Source("a.pdf", 1, 999), Source("a.pdf", 1, former_chunk_id=0)):
        assert check([sample(said=invented, source=source)])[0] == [Finding("source_gone", "a.pdf")]


REFUSALS = [
    "Als KI-Sprachmodell kann ich dazu keine Auskunft geben.",
    "Es tut mir leid, aber ich kann diese Frage nicht beantworten.",
    "Leider kann ich dazu nichts Genaues sagen, weil ich keine Informationen habe.",
    "Ich habe keinen Zugriff auf das Dokument.",
    "Der Text enthält keine Informationen über die Geschichte der Energie.",
    "Im Text wird nicht erwähnt, wer die Dampfmaschine erfand.",
    "Aus dem Abschnitt geht nicht hervor, wann das war.",
    "As an AI language model, I have no opinion on energy.",
    "I'm sorry, but I can't help with that.",
    "I cannot answer this question.",
    "Unfortunately, the provided text does not mention the year.",
]
NO_REFUSALS = [
    "Als KI bezeichnet man Systeme, die Aufgaben lösen, für die man Verstand braucht.",
    "Ein Perpetuum mobile kann es nach dem Energieerhaltungssatz nicht geben.",
    "Energie kann nicht erzeugt werden. Es tut mir leid, sagte der Lehrer.",
    "Man kann Energie nicht vernichten, das ist alles.",
    "As an AI winter one describes years without progress and money.",
]


@pytest.mark.parametrize("said", [*REFUSALS, *NO_REFUSALS])
def test_refusals_are_told_from_answers_that_only_sound_like_it(said):
    assert ("refusal" in kinds([sample(said=said)])[0]) == (said in REFUSALS)


@pytest.mark.parametrize(
    ("asked", "said", "detail"),
    [
        ("Was steht in {chunk}?", SAID, "{chunk}"),
        ("Was ist [THEMA]?", SAID, "[THEMA]"),
        (ASKED, "<answer>" + SAID, "<answer>"),
        ("Instruction: Erkläre Energie.", SAID, "Instruction:"),
        (ASKED, "**Antwort:** " + SAID, "**Antwort:"),
        (ASKED, "Lorem ipsum dolor sit amet, und so weiter.", "Lorem ipsum"),
        (ASKED, SAID + "<|im_end|>", "<|im_end|>"),
        (ASKED, "Laut dem obigen Text ist es die Fähigkeit zur Arbeit.", "gate.detail.points_to_text"),
        ("Was sagt der Text über Energie?", SAID, "gate.detail.points_to_text"),
        ("According to the passage, what is energy?", SAID, "gate.detail.points_to_text"),
        (ASKED, "Based on the text above, it is the ability to do work.", "gate.detail.points_to_text"),
    ],
)
def test_what_is_left_of_a_template_is_found(asked, said, detail):
    assert Finding("template_text", detail) in check([sample(asked, said)])[0]


@pytest.mark.parametrize(
    "said",
    [
        'In Python schreibt man print(f"{x}") und liest mit [1] das zweite Element.',
        "Mit <b>fett</b> und <name>Max</name> zeichnet man Text im Dokument aus.",
        "Der Text wird im Blocksatz gesetzt, wenn man nichts anderes angibt.",
        "Siehe [die Anleitung](https://beispiel.de) für das weitere Vorgehen.",
    ],
)
def test_code_and_texts_about_texts_are_no_templates(said):
    assert kinds([sample(said=said)])[0] == []


def test_personal_data_are_found_but_not_given_away_and_follow_ups_are_checked_too():
    with_address = sample(said=SAID + " Fragen an erika@mustermann-post.de richten.")
    assert check([with_address])[0] == [Finding("personal_data", "gate.detail.email")]
    turns = (("Wohin wendet man sich?", "An 030 1234567."), ("Warum?", "Darum."))
    assert kinds([sample(follow_ups=turns)])[0] == ["too_short", "personal_data"]


def test_every_kind_and_every_detail_has_its_words():
    named = [f"gate.{part}.{kind}" for part in ("kind", "about") for kind in KINDS]
    details = [f"gate.detail.{kind}" for kind in ("email", "phone", "iban", "card", "points_to_text")]
    assert [key for key in (*named, *details, "language.name.en") if key not in KEYS] == []


def test_near_duplicates_are_found_among_many_samples_about_the_same():
    chooser = random.Random(3)
    words = sorted({word.strip(".,:;") for word in ENERGY_TEXT.split() if len(word) > 6 and word[0].isupper()})
    sentences = [sentence.strip() for sentence in ENERGY_TEXT.split(". ") if len(sentence) > 40]
    forms = ["Wie hängen {}, {} und {} zusammen?", "Erkläre {}, {} und {}.", "Wozu braucht man {} für {} und {}?"]

    def once(place):
        asked = chooser.choice(forms).format(*chooser.sample(words, 3))
        return sample(asked, ". ".join(chooser.sample(sentences, 3)), id=str(place))

    def again(one):
        asked = f"Bitte: {one.instruction.replace(' und ', ' sowie ')}"
        return sample(asked, one.output[: -len(one.output) // 5], id=f"{one.id}b")

    samples = list(map(once, range(2000)))
    alike = ["near_duplicate" in found for found in kinds([*samples, *map(again, samples[:200])])]
    assert sum(alike[2000:]) >= 190
    assert sum(alike[:2000]) <= 20


SAID_TEXT = st.text(min_size=1, max_size=80).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SAID_TEXT, SAID_TEXT), max_size=6))
def test_any_samples_can_be_checked(turns):
    for findings in check(sample(*turn, source=Source("a.pdf", 1, 0)) for turn in turns):
        assert all(finding.kind in KINDS for finding in findings)


def test_only_what_is_new_is_checked_and_compared_with_all_that_is_there():
    check = Check()
    samples = [sample(id=str(n), asked=f"Was versteht man unter Energie Nummer {n}?") for n in range(5)]
    check(samples)
    found = check([*samples, sample(id="new", asked="Was versteht man unter der Energie Nummer 3")])
    assert check.checked == ["new"]
    assert [finding.of_id for finding in found[-1].findings] == ["3"]
    check(samples)
    assert check.checked == []


@pytest.mark.parametrize("change", ["gone", "rejected", "edited"])
def test_what_was_like_a_sample_that_is_not_as_it_was_is_checked_again(change):
    check = Check()
    first, second, third = (sample(id=own) for own in "abc")
    assert [len(each.findings) for each in check([first, second, third])] == [0, 1, 1]
    other = replace(first, instruction="Wie heißt die Einheit der Kraft?", output="Newton, nach Isaac Newton.")
    changed = {"gone": [], "rejected": [replace(first, status="rejected")], "edited": [other]}[change]
    found = check([*changed, second, third])
    assert [[finding.of_id for finding in each.findings] for each in found[-2:]] == [[], ["b"]]
    *_, copy = check([*changed, second, third, sample(id="d")])
    assert check.checked == ["d"]
    assert [finding.of_id for finding in copy.findings] == ["b"]


def test_after_a_restart_new_samples_are_compared_with_those_that_were_checked_before():
    check = Check()
    check([sample(id="a")])
    check.checks = QualityChecks()
    found = check([sample(id="a"), sample("Was ist unter „Energie“ zu verstehen?", id="b")])
    assert check.checked == ["b"]
    assert [(finding.kind, finding.of_id) for finding in found[1].findings] == [("near_duplicate", "a")]

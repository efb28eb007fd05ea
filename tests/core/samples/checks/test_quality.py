import random
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from material import ENERGY_TEXT

from core.samples.checks.quality import (
    KINDS,
    Limits,
    QualityChecks,
    is_too_short,
)
from core.samples.store.findings import Finding, Findings, Verdict
from core.samples.store.held_lines import Held
from core.samples.store.sft_dataset import HELD, Sample, Source, sample_id, to_line
from ui.texts import KEYS

PARAGRAPHS = [paragraph for paragraph in ENERGY_TEXT.split("\n\n") if not paragraph.startswith("#")]
ASKED = "Was versteht man unter Energie?"
SAID = (
    "Energie ist die Fähigkeit eines Körpers, Arbeit zu verrichten, Wärme abzugeben oder Licht auszusenden, und sie"
    " begegnet uns in vielen Formen."
)


def sample(asked: str = ASKED, said: str = SAID, **fields: object) -> Sample:
    return Sample(asked, said, **{"id": sample_id(asked, said), **fields})


def chunk_text(chunk_id: int) -> str | None:
    return PARAGRAPHS[chunk_id] if chunk_id < len(PARAGRAPHS) else None


def held(samples: Iterable[Sample]) -> Held:
    found = Held()
    for each in samples:
        found.add(HELD.parsed(to_line(each).encode()))
    return found


class Check:
    """The checks of a project whose samples change."""

    def __init__(self, language: str = "auto", max_tokens: int = 1024) -> None:
        self.checks = QualityChecks()
        self.limits = Limits(max_tokens, lambda text: len(text.split()), language)
        self.known = Findings()
        self.checked: list[str] = []

    def __call__(self, samples: Iterable[Sample]) -> list[Verdict]:
        now = held(samples)
        wanted = self.checks.wanted(now, self.known, lambda: None)
        self.checked = [own for own, _ in wanted]
        new = self.checks.check(wanted, chunk_text, self.limits, lambda: None)
        self.known = Findings("", {**self.known.verdicts, **dict(new)})
        return [self.known.verdicts[own] for own in now.ids]


def check(samples: Iterable[Sample], language: str = "auto", max_tokens: int = 1024) -> list[list[Finding]]:
    return [[*verdict.findings] for verdict in Check(language, max_tokens)(samples)]


def kinds(samples: Iterable[Sample], language: str = "auto") -> list[list[str]]:
    return [[finding.kind for finding in findings] for findings in check(samples, language)]


def test_a_good_sample_has_no_findings_and_its_support_is_told() -> None:
    good = sample(source=Source("a.pdf", 1, 0))
    [verdict] = Check()([good])
    assert (verdict.findings, verdict.support) == ((), 1.0)


def test_the_same_question_in_other_capitals_and_spaces_is_a_duplicate_of_the_first() -> None:
    first, second = (
        sample(),
        sample("was  versteht man\nunter ENERGIE?", "Die Fähigkeit, Arbeit zu verrichten, und mehr."),
    )
    assert check([first, second])[1] == [Finding("duplicate", of_id=first.id)]


@pytest.mark.parametrize(
    "asked",
    [
        "Was versteht man unter der Energie",
        "Was ist unter „Energie“ zu verstehen?",
    ],
)
def test_nearly_the_same_question_is_a_near_duplicate(asked: str) -> None:
    first = sample()
    [finding] = check([first, sample(asked, SAID)])[1]
    assert (finding.kind, finding.of_id) == ("near_duplicate", first.id)
    assert finding.share is not None and 0.5 <= finding.share <= 1


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
def test_questions_for_other_things_are_none(one: str, other: str) -> None:
    answers = (
        "James Watt verbesserte sie im Jahr 1769 ganz erheblich.",
        "Das geschah in Birmingham, wo Boulton wohnte.",
    )
    assert kinds([sample(one, answers[0]), sample(other, answers[1])])[1] == []


def test_what_was_rejected_makes_no_other_one_a_duplicate() -> None:
    assert kinds([sample(status="rejected"), sample(), sample("Was versteht man unter der Energie?")]) == [
        [],
        [],
        ["near_duplicate"],
    ]


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
def test_an_answer_is_too_short_for_its_question(asked: str, said: str, too_short: bool) -> None:
    assert is_too_short(asked, said) is too_short


def test_what_is_longer_than_the_training_length_is_too_long() -> None:
    long = sample(said=SAID + " Sie ist überall." * 30)
    assert check([long], max_tokens=50)[0] == [Finding("too_long", str(len((ASKED + " " + long.output).split())))]
    assert check([long], max_tokens=5000)[0] == []


def test_the_language_is_that_of_the_chunk_or_the_one_that_was_set() -> None:
    english = (
        "Energy is the ability of a body to do work, to give off heat, or to send out light in all of its forms."
    )
    foreign = sample("Was ist Energie in der Physik?", english, source=Source("a.pdf", 1, 0), support=0.9)
    wrong = [Finding("wrong_language", "language.name.en")]
    assert check([foreign])[0] == wrong
    assert check([foreign], "de")[0] == wrong
    assert check([foreign], "en")[0] == []
    assert check([sample("Was ist Energie?", english)])[0] == []  # no chunk to compare with
    assert (
        check([sample("Unit?", "The joule.", source=Source("a.pdf", 1, 0), support=0.9)])[0] == []
    )  # too short to tell


def test_an_answer_about_something_else_is_unsupported_where_there_is_a_chunk() -> None:
    invented = "Isaac Newton veröffentlichte 1687 in London seine berühmte Principia mit drei Axiomen."
    [finding] = check([sample(said=invented, source=Source("a.pdf", 1, 0))])[0]
    assert finding.kind == "unsupported" and finding.share is not None and finding.share < 0.2
    assert check([sample(said=invented)])[0] == []


def test_a_sample_whose_text_has_gone_says_so() -> None:
    said = "Isaac Newton veröffentlichte 1687 in London seine berühmte Principia mit drei Axiomen."
    for source in (Source("a.pdf", 1, 999), Source("a.pdf", 1, former_chunk_id=0)):
        [finding] = check([sample(said=said, source=source)])[0]
        assert (finding.kind, finding.detail) == ("source_gone", "a.pdf")


def test_what_the_generator_measured_is_taken_until_a_person_changes_the_answer() -> None:
    source = Source("a.pdf", 1, 0)
    samples = [sample(source=source, support=0.77), sample(source=source, support=0.77, status="edited")]
    assert [verdict.support for verdict in Check()(samples)] == [0.77, 1.0]


@pytest.mark.parametrize(
    "said",
    [
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
    ],
)
def test_refusals_are_found(said: str) -> None:
    assert "refusal" in kinds([sample(said=said)])[0]


@pytest.mark.parametrize(
    "said",
    [
        "Als KI bezeichnet man Systeme, die Aufgaben lösen, für die man Verstand braucht.",
        "Ein Perpetuum mobile kann es nach dem Energieerhaltungssatz nicht geben.",
        "Energie kann nicht erzeugt werden. Es tut mir leid, sagte der Lehrer.",
        "Man kann Energie nicht vernichten, das ist alles.",
        "As an AI winter one describes years without progress and money.",
    ],
)
def test_answers_that_only_sound_like_it_are_no_refusals(said: str) -> None:
    assert "refusal" not in kinds([sample(said=said)])[0]


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
def test_what_is_left_of_a_template_is_found(asked: str, said: str, detail: str) -> None:
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
def test_code_and_texts_about_texts_are_no_templates(said: str) -> None:
    assert kinds([sample(said=said)])[0] == []


def test_personal_data_are_found_but_not_given_away() -> None:
    [finding] = check([sample(said=SAID + " Fragen an erika@mustermann-post.de richten.")])[0]
    assert finding == Finding("personal_data", "gate.detail.email")


def test_follow_ups_are_checked_too() -> None:
    turns = (("Wohin wendet man sich?", "An 030 1234567."), ("Warum?", "Darum."))
    assert kinds([sample(follow_ups=turns)])[0] == ["too_short", "personal_data"]


def test_whoever_ticks_can_stop_the_work() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(QualityChecks().check([("a", held([sample()]).lines[0])], chunk_text, Limits(1024, len, "auto"), stop))


def test_every_kind_and_every_detail_has_its_words() -> None:
    named = [f"gate.{part}.{kind}" for part in ("kind", "about") for kind in KINDS]
    details = [f"gate.detail.{kind}" for kind in ("email", "phone", "iban", "card", "points_to_text")]
    assert [key for key in (*named, *details, "language.name.en") if key not in KEYS] == []


def test_near_duplicates_are_found_among_many_samples_about_the_same() -> None:
    chooser = random.Random(3)
    words = sorted({word.strip(".,:;") for word in ENERGY_TEXT.split() if len(word) > 6 and word[0].isupper()})
    sentences = [sentence.strip() for sentence in ENERGY_TEXT.split(". ") if len(sentence) > 40]
    forms = ["Wie hängen {}, {} und {} zusammen?", "Erkläre {}, {} und {}.", "Wozu braucht man {} für {} und {}?"]
    samples = [
        sample(
            chooser.choice(forms).format(*chooser.sample(words, 3)),
            ". ".join(chooser.sample(sentences, 3)),
            id=str(place),
        )
        for place in range(2000)
    ]
    again = [
        sample(
            f"Bitte: {one.instruction.replace(' und ', ' sowie ')}",
            one.output[: -len(one.output) // 5],
            id=f"{one.id}b",
        )
        for one in samples[:200]
    ]
    alike = ["near_duplicate" in found for found in kinds([*samples, *again])]
    assert sum(alike[2000:]) >= 190
    assert sum(alike[:2000]) <= 20


SAID_TEXT = st.text(min_size=1, max_size=80).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SAID_TEXT, SAID_TEXT), max_size=6))
def test_any_samples_can_be_checked(turns: list[tuple[str, str]]) -> None:
    samples = [sample(asked, said, source=Source("a.pdf", 1, 0)) for asked, said in turns]
    for findings in check(samples):
        assert all(finding.kind in KINDS for finding in findings)


def test_only_what_is_new_is_checked_and_compared_with_all_that_is_there() -> None:
    check = Check()
    samples = [sample(id=str(n), asked=f"Was versteht man unter Energie Nummer {n}?") for n in range(5)]
    check(samples)
    found = check([*samples, sample(id="new", asked="Was versteht man unter der Energie Nummer 3")])
    assert check.checked == ["new"]
    assert [finding.of_id for finding in found[-1].findings] == ["3"]
    check(samples)
    assert check.checked == []


@pytest.mark.parametrize("change", ["gone", "rejected", "edited"])
def test_what_was_like_a_sample_that_is_not_as_it_was_is_checked_again(change: str) -> None:
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


def test_after_a_restart_new_samples_are_compared_with_those_that_were_checked_before() -> None:
    check = Check()
    check([sample(id="a")])
    check.checks = QualityChecks()
    found = check([sample(id="a"), sample("Was ist unter „Energie“ zu verstehen?", id="b")])
    assert check.checked == ["b"]
    assert [(finding.kind, finding.of_id) for finding in found[1].findings] == [("near_duplicate", "a")]

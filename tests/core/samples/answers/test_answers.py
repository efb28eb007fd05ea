import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from malformed_answers import BEYOND_REPAIR, RECOVERABLE

from core.samples.answers.answers import Pair, Parsed, parse_answer


@pytest.mark.parametrize("written", RECOVERABLE, ids=lambda written: written.name)
def test_what_small_models_write_is_understood_to_the_letter(written):
    assert parse_answer(written.text, True) == Parsed(written.pairs, "")
    assert parse_answer(written.text, False) == Parsed((), "cut_off")  # as the server said


@pytest.mark.parametrize("written", BEYOND_REPAIR, ids=lambda written: written.name)
def test_what_is_broken_is_never_taken(written):
    assert parse_answer(written.text, True) == Parsed((), written.problem)


@pytest.mark.parametrize("written", [one for one in RECOVERABLE if "plain" not in one.name], ids=lambda one: one.name)
def test_wherever_an_answer_is_cut_nothing_comes_out_that_was_not_written(written):
    said = {
        (turn[0], turn[1]) for pair in written.pairs for turn in ((pair.instruction, pair.output), *pair.follow_ups)
    }
    for end in range(len(written.text)):
        text = written.text[:end]
        if "</think>" in written.text and "</think>" not in text:
            continue  # what a model wrote while it thought cannot be told from what it meant
        for pair in parse_answer(text, True).pairs:
            assert {(pair.instruction, pair.output), *pair.follow_ups} <= said, (text, pair)


def output_of(said, asked="Was ist das?"):
    """What is taken of an answer that says this; None where nothing is."""
    pairs = parse_answer(json.dumps({"samples": [{"instruction": asked, "output": said}]}), True).pairs
    return pairs[0].output if pairs else None


@pytest.mark.parametrize(
    "said",
    [
        *("None", "null", "String", "string", "text", "true", "[1, 2, 3]", "[12]", "[]", "{}", "{HOME}", "<br>"),
        *("<output>", "%", "+", "-", "⇒", "€", "😀", "x", "42", "Eine Antwort.", "Die Frage.", "TODO", "$HOME"),
        *("</s>", "(1, 2)"),
    ],
)
def test_an_answer_may_be_a_word_a_sign_or_a_list(said):
    assert output_of(said) == said


@pytest.mark.parametrize(
    ("said", "output"), [(True, "true"), (False, "false"), (4, "4"), (2.50, "2.5"), (None, None)]
)
def test_an_answer_may_be_a_number_or_a_truth_value(said, output):
    assert output_of(said) == output


@pytest.mark.parametrize(
    "said",
    [
        *("...", "…", "", "die Antwort", "the answer", "Your answer here", "<Antwort>", "[answer]", "{output}"),
        *("<die vollständige Antwort>", "[Insert answer here]", "the answer...", "n/a", "XXX", "Lorem ipsum dolor"),
    ],
)
def test_words_of_the_example_are_no_answer(said):
    assert output_of(said) is None


@pytest.mark.parametrize(
    "asked", ["die Frage", "the question", "<Frage>", "[question 1]", "string", "...", "Eine Frage"]
)
def test_words_of_the_example_are_no_question(asked):
    assert output_of("Ein Newtonmeter.", asked) is None


@pytest.mark.parametrize(
    "said",
    [
        'Send this body: {"model": "llama3", "prompt": "Why?", "stream": false}',
        'Etwa {"question": "Was ist 2+2?", "answer": "4"}.',
        'Zum Beispiel:\n```json\n[\n  {"instruction": "Was?", "output": "Das."},\n  {"instruction": "Wer?"}\n]\n```',
        'The field "answer": "4" stands beside "question": "2+2".',
        '{"messages": [{"role": "user", "content": "Hi"}], "output": "x"}',
        '{"prompt": {"input": ["a", "b"]}}',
    ],
)
def test_an_answer_may_show_json(said):
    assert output_of(said) == said


@pytest.mark.parametrize(
    "said",
    [
        *("The token <|im_end|> ends a turn.", "The <s> element is closed with </s>."),
        *("BOS ist <s>, EOS ist </s>.", "Llama 2 wraps a question in [INST] and [/INST]."),
        *("Der Platzhalter `<|endoftext|>` trennt Dokumente.", "<start_of_turn> begins a turn of Gemma."),
        *("<|eot_id|>", "Preis: <s>20 €</s> 15 €"),
    ],
)
def test_an_answer_may_be_about_control_tokens(said):
    assert output_of(said) == said


@pytest.mark.parametrize(
    "said",
    [
        *("Ja.<|im_end|>", "Ende!</s>", "Gut.</s>\n", "<s>Das ist es.", "<|im_start|>\nHallo."),
        *("[INST]\nWas? [/INST]", "Nein.<|eot_id|><|start_header_id|>user"),
        *("Ja.<end_of_turn>\n<start_of_turn>user\nUnd?", "Kaputt \ufffd."),
    ],
)
def test_an_answer_into_which_a_control_token_has_leaked_is_not_taken(said):
    assert output_of(said) is None


# Sentences with everything that makes JSON hard, put together anew each time.
PIECES = [
    'Der „Wirkungsgrad" ist klein',
    "das sogenannte „Perpetuum mobile“",
    'Er sagte: „Ja, natürlich!"',
    'ein "Joule", auch „Newtonmeter" genannt',
    "«énergie» und »Energie«",
    "“energy” (engl.)",
    "3,6 Mio. Joule",
    "z. B. {x} oder [1]",
    '1. Wärme\n2. „Licht"\n3. Arbeit',
    "Größe, Höhe: Übermaß",
    "Newton's Gesetz",
    "https://beispiel.de/a?b=c#d",
    "100 % & mehr – wirklich?",
    "Formel: E = m · g · h",
    "Zeile eins\n\nZeile zwei // kein Kommentar",
    "「エネルギー」 😀",
]
NAMES = (
    "instruction/output Frage/Antwort question/answer PROMPT/Response user/assistant q/a Anweisung/Ausgabe"
    " input/output"
)
german_texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(" und ".join)
wild_texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), min_size=1, max_size=60)


def pairs_of(texts):
    def whole(parts):
        return [Pair(f"Frage {number}: {asked}?", f"{said.strip()}.") for number, (asked, said) in enumerate(parts)]

    return st.lists(st.tuples(texts, texts), min_size=1, max_size=4).map(whole)


def written_as(chooser, text, may_be_raw):
    """A string as a model may write it: escaped well, or with its line ends and quotation marks as they are."""
    escaped = json.dumps(text, ensure_ascii=chooser.random() < 0.2)
    way = chooser.randrange(4)
    if way == 1 and "\\" not in text:
        return escaped.replace("\\n", "\n")
    if way == 2 and may_be_raw:
        return f'"{text}"'
    if way == 3 and may_be_raw and "'" not in text:
        return "'" + text.replace("\n", "\\n") + "'"
    return escaped


def dressed(chooser, pairs, may_be_raw):
    """An answer that holds these pairs, with several of the mistakes that models make."""
    asked_name, said_name = chooser.choice(NAMES.split()).split("/")
    comma = chooser.choice([",", ",", ", ", ",\n    ", "\n", ",  // so\n"])
    objects = []
    for pair in pairs:
        asked, said = (written_as(chooser, part, may_be_raw) for part in (pair.instruction, pair.output))
        extra = chooser.choice(["", "", f', "schwierigkeit": {chooser.choice(["1", "null", "True"])}'])
        end = chooser.choice(["", "", ",", "\n"])
        objects.append(f'{{"{asked_name}": {asked}{comma}"{said_name}": {said}{extra}{end}}}')
    form = chooser.randrange(5)
    if form == 0:
        text = "\n".join(objects)
    elif form == 1:
        text = "\n".join(f"{number}. {one}" for number, one in enumerate(objects, start=1))
    else:
        text = "[" + chooser.choice([", ", ",\n", "\n"]).join(objects) + chooser.choice(["", ",", "\n"]) + "]"
        text = text if form == 2 else f'{{"samples": {text}{chooser.choice(["", ","])}}}'
    if chooser.random() < 0.4:
        text = f"```{chooser.choice(['json', '', 'JSON'])}\n{text}\n```"
    before = chooser.choice(["", "", "Hier sind die Beispiele:\n\n", '<think>Also {so} „geht" es.</think>\n'])
    return before + text + chooser.choice(["", "", "\n\nIch hoffe, das hilft!", " \n"])


@settings(max_examples=300, deadline=None)
@given(pairs_of(wild_texts), st.randoms(use_true_random=False))
def test_any_text_that_is_escaped_well_comes_out_as_it_was_or_not_at_all(pairs, chooser):
    assert set(parse_answer(dressed(chooser, pairs, False), True).pairs) <= set(pairs)


@settings(max_examples=300, deadline=None)
@given(pairs_of(german_texts), st.randoms(use_true_random=False), st.floats(0, 1))
def test_of_broken_json_whole_or_cut_nothing_comes_out_that_was_not_in_it(pairs, chooser, share):
    text = dressed(chooser, pairs, True)
    for end in (len(text), int(share * len(text))):
        assert set(parse_answer(text[:end], True).pairs) <= set(pairs)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("\"'„“{}[]:,`\\\n aÄ1<>/"), max_size=80))
def test_no_text_whatsoever_is_too_wild(text):
    for written in (text, f'{{"instruction": "Was?", "output": "{text}"}}', "[" * 3000 + text):
        parsed = parse_answer(written, True)
        assert bool(parsed.pairs) != bool(parsed.problem)


def test_nearly_all_broken_json_is_understood():
    chooser = random.Random(7)

    def some(count):
        return " und ".join(chooser.sample(PIECES, count))

    found = wanted = 0
    for _ in range(400):
        pairs = [Pair(f"Frage {number}: {some(2)}?", f"{some(3)}.") for number in range(chooser.randint(1, 4))]
        parsed = parse_answer(dressed(chooser, pairs, True), True)
        found += len(set(parsed.pairs) & set(pairs))
        wanted += len(pairs)
    assert found >= 0.97 * wanted

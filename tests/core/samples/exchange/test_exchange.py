"""Samples from elsewhere, and samples for others."""

import csv
import gzip
import io
import json
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_context import RecordingContext
from store_material import add_document

from core.documents.store.chunk_store import ChunkStore, NewChunk, SourceFile
from core.jobs.job import PauseRequested
from core.project_manager import ProjectStore
from core.samples.exchange import exchange, files, formats
from core.samples.exchange.exchange import EXPORTS, export_samples, import_samples
from core.samples.store.sample import Generator, Sample, Source, line_of, sample_id
from core.samples.store.sft_dataset import append_sample, append_samples, read_samples
from core.samples.store.sources import source_of
from tests.refusals import code_of, refusal_of
from ui.texts import KEYS
from utils.errors import AppError

PAIR = {"instruction": "Was ist ein Wal?", "output": "Ein Säugetier; kein Fisch.\nWirklich."}


def turns(project):
    return [
        [(sample.instruction, sample.output), *sample.follow_ups] for sample in read_samples(project.samples_file)
    ]


def pairs(project):
    return [pair for (pair,) in turns(project)]


def bring_in(project, data, name="file.dat", context=None):
    file = project.root / "upload"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return import_samples(context or RecordingContext(), project, file, name)


def done(imported=0, duplicates=0, bad_lines=()):
    return {"imported": imported, "duplicates": duplicates, "bad": len(bad_lines), "bad_lines": [*bad_lines]}


def bad(*lines):
    return [(number, f"exchange.bad.{reason}") for number, reason in lines]


def said(role, content):
    return {"role": role, "content": content}


def chat(*texts):
    return [said(role, text) for role, text in zip(("user", "assistant") * len(texts), texts, strict=False)]


def share_gpt(*texts):
    return [{"from": side, "value": text} for side, text in zip(("human", "gpt") * len(texts), texts, strict=False)]


def lines_of(*records):
    return "".join(f"{line_of(record)}\n" for record in records)


ONE = [("Frage?", "Antwort.")]
TWO = [("Frage?", "Antwort."), ("Und dann?", "Ende.")]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"instruction": "Frage?", "output": "Antwort."}, ONE),
        ({"instruction": "Frage?", "input": "", "output": "Antwort."}, ONE),
        ({"instruction": "Übersetze.", "input": "Hallo", "output": "Hello"}, [("Übersetze.\n\nHallo", "Hello")]),
        ({"input": "Frage?", "output": "Antwort."}, ONE),
        ({"prompt": "Frage?", "completion": "Antwort."}, ONE),
        ({"Question": "Frage?", "ANSWER": "Antwort.", "id": 7}, ONE),
        ({"frage": "Frage?", "antwort": "Antwort."}, ONE),
        ({"instruction": "Frage?", "context": "", "response": "Antwort.", "category": "qa"}, ONE),
        ({"conversations": share_gpt("Frage?", "Antwort.")}, ONE),
        ({"messages": chat("Frage?", "Antwort.")}, ONE),
        ({"messages": chat([{"type": "text", "text": "Frage?"}], ["Antwort."])}, ONE),
        ({"prompt": [said("user", "Frage?")], "completion": [said("assistant", "Antwort.")]}, ONE),
        ({"messages": [said("assistant", "Hallo!"), *chat("Frage?", "Antwort.", "Und?")]}, ONE),
        ({"conversations": share_gpt("Frage?", "Antwort.", "Und dann?", "Ende.")}, TWO),
        ({"instruction": "Und dann?", "output": "Ende.", "history": [["Frage?", "Antwort."]]}, TWO),
        (
            {
                "instruction": "Frage?",
                "output": "Antwort.",
                "follow_ups": [{"instruction": "Und dann?", "output": "Ende."}],
            },
            TWO,
        ),
        (
            {"messages": [said("user", "Frage?"), *chat("Sag schon.", "Ant"), said("assistant", "wort.")]},
            [("Frage?\n\nSag schon.", "Ant\n\nwort.")],
        ),
        (
            {"messages": [said("system", "Sprich wie Kant."), *chat("Frage?", "Antwort.")]},
            [("Sprich wie Kant.\n\nFrage?", "Antwort.")],
        ),
        ({"system": "You are a helpful assistant.", "conversations": share_gpt("Frage?", "Antwort.")}, ONE),
        ({"instruction": "Frage?", "output": 4}, [("Frage?", "4")]),
        ({"instruction": "Frage?", "output": 2.5}, [("Frage?", "2.5")]),
        ({"instruction": "Frage?", "output": False}, [("Frage?", "false")]),
        ({"question": "Frage?", "answers": {"text": ["Antwort.", "Andere."], "answer_start": [9, 3]}}, ONE),
        ({"question": "Frage?", "answers": ["Antwort.", "Andere."]}, ONE),
        ({"question": "Frage?", "answers": [{"text": "Antwort.", "answer_start": 9}]}, ONE),
        ({"pregunta": "Frage?", "respuesta": "Antwort."}, ONE),
        ({"messages": [{"type": "human", "content": "Frage?"}, {"type": "ai", "content": "Antwort."}]}, ONE),
        ({"messages": [{"type": "human", "data": {"content": "Frage?"}}, said("ai", "Antwort.")]}, ONE),
        ({"contents": [{"role": "user", "parts": [{"text": "Frage?"}]}, said("model", "Antwort.")]}, ONE),
        ({"row_idx": 0, "row": {"instruction": "Frage?", "output": "Antwort."}, "truncated_cells": []}, ONE),
        ({"prompt": "Frage?", "chosen": chat("Frage?", "Antwort."), "rejected": chat("Frage?", "Nein.")}, ONE),
        ({"prompt": "Frage?", "chosen": [said("assistant", "Antwort.")]}, ONE),
        ({"prompt": "Frage?", "completion": "Antwort.", "label": True}, ONE),
        ({"question": "Frage?", "choices": ["Nein.", "Antwort."], "answer": 1}, ONE),
        ({"messages": [said("User", "Frage?"), said("Chatbot", "Antwort.")]}, ONE),
        ({"messages": chat([{"type": "input_text", "text": "Frage?"}], "Antwort.")}, ONE),
        *(
            ({name: "Sei Kant.", "question": "Frage?", "response": "Antwort."}, [("Sei Kant.\n\nFrage?", "Antwort.")])
            for name in ("system", "system_prompt", "System_Message")
        ),
        (
            {"systemInstruction": {"parts": [{"text": "Sei Kant."}]}, "contents": chat("Frage?", "Antwort.")},
            [("Sei Kant.\n\nFrage?", "Antwort.")],
        ),
        (
            {"messages": [*chat("Frage?", "Antwort."), said("system", "Sei kurz."), *chat("Und dann?", "Ende.")]},
            [ONE[0], ("Sei kurz.\n\nUnd dann?", "Ende.")],
        ),
        *(
            (
                {
                    "messages": [
                        *chat("Was?"),
                        {**said("assistant", "Falsch."), name: no},
                        *chat("Frage?", "Antwort."),
                    ]
                },
                ONE,
            )
            for name, no in (("weight", 0), ("train", False), ("loss", False))
        ),
        ({"messages": [*chat("Frage?"), {**said("assistant", "Antwort."), "weight": 1}]}, ONE),
        (
            {
                "messages": [
                    *(said("system", "Sei Kant."), said("user", "Was?"), {**said("gpt", "Nö."), "weight": 0}),
                    *chat("Frage?", "Antwort."),
                ]
            },
            [("Sei Kant.\n\nFrage?", "Antwort.")],
        ),
        ({"instruction": "Frage?", "output": "Antwort.", "images": [], "audio": None}, ONE),
    ],
)
def test_records_become_what_they_ask_and_say(project, record, expected):
    assert bring_in(project, lines_of(record)) == done(1)
    assert turns(project) == [expected]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"conversations": share_gpt("<image>\nFrage?", "Antwort."), "images": ["a.png"]}, "not_text"),
        ({"instruction": "Frage?", "output": "Antwort.", "image": "a.png"}, "not_text"),
        ({"messages": chat([{"type": "text", "text": "Frage?"}, {"type": "image_url"}], "Antwort.")}, "not_text"),
        ({"contents": [{"role": "user", "parts": [{"inlineData": {}}]}, said("model", "Antwort.")]}, "not_text"),
        ({"instruction": "Frage?", "output": ["Antwort.", "Andere."]}, "not_text"),
        ({"prompt": "Frage?", "completion": "Schlechte Antwort.", "label": False}, "unwanted"),
        ({"question": "Frage?", "answers": {"text": [], "answer_start": []}}, "no_answer"),
        ({"messages": [*chat("Frage?"), {**said("assistant", "Antwort."), "weight": 0}]}, "no_answer"),
        ({"instruction": 7, "output": "Antwort."}, "not_text"),
    ],
)
def test_records_of_which_a_part_is_no_text_are_refused_with_the_reason(project, record, reason):
    assert bring_in(project, lines_of(record)) == done(bad_lines=bad((1, reason)))


@pytest.mark.parametrize(
    "wrapped",
    [
        {
            "features": [{"name": "instruction"}],
            "rows": [{"row_idx": 0, "row": {"question": "Frage?", "answer": "Ja."}}],
        },
        {"version": "1.1", "data": [{"question": "Frage?", "answer": "Ja."}]},
        {"rows": [{"row": {"prompt": "Frage?", "completion": "Ja."}}]},
    ],
)
def test_records_that_lie_in_another_one_are_found_on_one_line_and_on_many(project, wrapped):
    for text in (json.dumps(wrapped), json.dumps(wrapped, indent=2)):
        project.samples_file.unlink(missing_ok=True)
        assert bring_in(project, text) == done(1)
        assert pairs(project) == [("Frage?", "Ja.")]


def test_a_whole_file_of_squad_is_understood(project):
    answers = [{"question": "Was?", "answers": [{"text": "Ja", "answer_start": 0}]}, {"question": "?", "answers": []}]
    squad = {"version": "2.0", "data": [{"title": "T", "paragraphs": [{"context": "Ja oder nein.", "qas": answers}]}]}
    assert bring_in(project, json.dumps(squad)) == done(1, bad_lines=bad((1, "no_answer")))
    assert pairs(project) == [("Was?\n\nJa oder nein.", "Ja")]


@pytest.mark.parametrize("said", ["'-v' turns it on", "'=1", "'- eins", "'@name"])
def test_an_apostrophe_in_the_table_of_somebody_else_is_part_of_the_text(project, said):
    assert bring_in(project, f"question,answer\nWelche?,{said}\n") == done(1)
    assert pairs(project) == [("Welche?", said)]


@pytest.mark.parametrize(
    "write",
    [
        lambda record: json.dumps(record),
        lambda record: json.dumps([record]),
        lambda record: json.dumps([record], indent=2),
        lambda record: json.dumps(record, indent=2),
        lambda record: f" \n\ufeff{json.dumps(record)}\r\n",
        lambda record: json.dumps({"data": [record]}, indent=1),
        lambda record: f"# exported\n{json.dumps(record)}",
        lambda record: json.dumps(record) + ",\n",
    ],
)
def test_json_is_told_by_what_it_is_and_not_by_its_name(project, write):
    bring_in(project, write(PAIR), "data.csv")
    assert pairs(project) == [(PAIR["instruction"], PAIR["output"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("header", [("Frage", "Antwort"), ("Nr", "instruction", "output")])
def test_tables_come_with_any_delimiter_header_and_encoding(project, encoding, delimiter, header):
    out = io.StringIO(newline="")
    first = ["1"] * (len(header) - 2)
    csv.writer(out, delimiter=delimiter).writerows([header, [*first, PAIR["instruction"], PAIR["output"]], []])
    bring_in(project, out.getvalue().encode(encoding))
    bring_in(project, 'sep=|\nquestion|answer\n"a|b"|c\n')  # from Excel
    assert pairs(project) == [(PAIR["instruction"], PAIR["output"]), ("a|b", "c")]


def test_bad_lines_are_told_with_their_number_and_reason(project):
    lines = [
        (lines_of({"instruction": "a", "output": "b"}), None),
        ('{"instruction": "torn\n', "not_json"),
        ("[1, 2]\n", "not_an_object"),
        (lines_of({"output": "b"}), "no_question"),
        (lines_of({"instruction": "a", "output": " "}), "no_answer"),
        (lines_of({"instruction": 5, "output": "b"}), "not_text"),
        (lines_of({"instruction": "a", "output": "x" * (formats.MAX_TEXT_CHARACTERS + 1)}), "too_long"),
        (lines_of({"messages": [said("tool", "x")]}), "unknown_role"),
        (lines_of({"messages": [said("user", "x")]}), "no_answer"),
        (lines_of({"messages": ["x"]}), "not_an_object"),
        (lines_of({"messages": [said("user", [{"type": "image_url"}])]}), "not_text"),
        ('{"a": ' * 5000 + "\n", "not_json"),
        ('{"instruction": "' + "y" * 10_000_000 + '", "output": "b"}\n', "too_long"),
        (lines_of({"instruction": "a\0", "output": "\ud800 c"}), None),
    ]
    expected = bad(*((number, reason) for number, (_, reason) in enumerate(lines, start=1) if reason))
    assert bring_in(project, "".join(line for line, _ in lines)) == done(2, bad_lines=expected)
    assert pairs(project) == [("a", "b"), ("a", "� c")]
    assert {key for _, key in expected} <= KEYS


def test_an_array_with_a_broken_object_loses_only_that(project):
    objects = [json.dumps({"instruction": f"q{number}", "output": "a"}, indent=1) for number in range(5)]
    objects[2] = objects[2].replace('"q2"', '"q2" oops')
    result = bring_in(project, "[\n" + ",\n".join(objects))
    assert result == done(4, bad_lines=bad((10, "not_json")))
    assert [asked for asked, _ in pairs(project)] == ["q0", "q1", "q3", "q4"]


def test_a_table_with_broken_rows_loses_only_those(project, monkeypatch):
    monkeypatch.setattr(files, "MAX_RECORD_CHARACTERS", 100)
    result = bring_in(project, f'frage,antwort\na,b\nc,d,e\n"f"x,g\nh,\ni,{"j" * 500}\ni,j\n"k,l\nm,n\n')
    assert pairs(project) == [("a", "b"), ("i", "j")]
    reasons = ((3, "columns"), (4, "quotes"), (5, "no_answer"), (6, "too_long"), (8, "quotes"))
    assert result["bad_lines"] == bad(*reasons)


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.jsonl", lines_of(PAIR))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        *((data, "import_empty") for data in (b"", b" \n\n\t", b"\xef\xbb\xbf")),
        *((data, "import_archive") for data in (archive(), gzip.compress(b"x" * 99))),
        (bytes(range(256)) * 50, "import_not_text"),
        *((data, "import_no_columns") for data in (b"name,age\nAnna,30\n", b"just some words\n")),
    ],
)
def test_a_file_that_holds_no_samples_is_refused_with_a_reason(project, data, code):
    refusal = refusal_of(lambda: bring_in(project, data))
    assert (refusal.code, refusal.params["file"]) == (code, "file.dat")
    assert not project.samples_file.exists()


def test_what_is_there_already_is_counted_and_left_out(project):
    append_sample(project.samples_file, Sample("a", "b", "id"))
    longer = {**PAIR, "follow_ups": [{"instruction": "a", "output": "b"}]}  # goes on differently
    data = lines_of({"prompt": "a", "completion": "b"}, PAIR, PAIR, {"instruction": "a", "output": "c"}, longer)
    assert bring_in(project, data) == done(3, duplicates=2)
    assert bring_in(project, data) == done(0, duplicates=5)
    assert len({sample.id for sample in read_samples(project.samples_file)}) == 4


def test_our_own_samples_keep_what_holds_here_too(project):
    store = ChunkStore(project.database)
    text = "Ein Pendel schwingt hin und her, bis die Reibung es anhält."
    add_document(store, SourceFile("buch.pdf", "buch.pdf", "0", "done"), [NewChunk(text, {"page": 3})])
    (chunk,) = store.chunks()

    def record(asked, said, chunk_id=chunk.id, document="buch.pdf", **more):
        source = {"document": document, "page": 3, "chunk_id": chunk_id}
        return {"instruction": asked, "output": said, "source": source, **more}

    theirs = {"generator": {"provider": "ollama", "model": "m"}, "language": "de", "style": "question"}
    about_another_text = "Eine Wärmepumpe hebt Wärme aus der kalten Luft auf die Heizung."
    data = lines_of(
        record("a", text, id="own", status="accepted", support=0.9, **theirs),
        record("c", "d", chunk.id + 1, id="own", status="nonsense"),
        record("g", about_another_text),
        record("e", "f", document="anderes.pdf", id="\ud800"),
    )
    bring_in(project, data, "klasse.jsonl")
    first, second, of_other_text, third = read_samples(project.samples_file)
    generator = Generator("import", "klasse.jsonl")
    kept = {"status": "accepted", "language": "de", "style": "question"}
    assert first == Sample("a", text, "own", source_of(chunk), generator, **kept)
    assert second.id != "own"
    assert (second.status, second.source) == ("new", Source("buch.pdf", 3))
    assert of_other_text.source == Source("buch.pdf", 3)  # there the number 1 is another chunk
    assert third == Sample("e", "f", sample_id("e", "f"), Source("anderes.pdf", 3), generator)


def test_a_stopped_import_keeps_what_came_and_goes_on_without_doubling(project, monkeypatch):
    monkeypatch.setattr(exchange, "SAMPLES_AT_ONCE", 10)
    data = lines_of(*({"instruction": f"q{number}", "output": "a"} for number in range(95)))
    with pytest.raises(PauseRequested):
        bring_in(project, data, context=RecordingContext(stop_after=2))
    assert len(pairs(project)) == 30
    context = RecordingContext()
    assert bring_in(project, data, context=context) == done(65, duplicates=30)
    assert [asked for asked, _ in pairs(project)] == [f"q{number}" for number in range(95)]
    fractions = [fraction for fraction, _, _, _ in context.progress_calls]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("form", ["{}\n{}\n", "[{},\n{}]"])
def test_a_sample_with_a_field_that_is_nested_without_end_is_a_bad_line_and_the_next_one_is_taken(project, form):
    deep = '{"instruction": "a", "output": "b", "more": ' + "[" * 900 + "]" * 900 + "}"
    result = bring_in(project, form.format(deep, '{"instruction": "q", "output": "a"}'))
    assert result == done(1, bad_lines=bad((1, "not_json")))


@pytest.mark.parametrize(
    ("begin", "each", "end"),
    [
        ("", '{{"instruction": "q{0}", "output": "{1}"}}\n', ""),
        ("[", '{{"instruction": "q{0}", "output": "{1}"}}, ', "]"),
        ("frage;antwort\n", "q{0};{1}\n", ""),
    ],
)
def test_a_large_file_is_never_held_in_memory(tmp_path, begin, each, end):
    file = tmp_path / "large"
    with file.open("w", encoding="utf-8") as out:
        out.write(begin)
        out.writelines(each.format(number, "Wort " * 6000) for number in range(1000))
        out.write(end)
    assert file.stat().st_size > 29_000_000
    tracemalloc.start()
    with file.open("rb") as opened:
        found = sum(1 for _, record in files.read_records(opened, "x") if isinstance(record, dict))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == 1000
    assert peak < 12_000_000


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_a_file_of_anything_is_read_or_refused(tmp_path_factory, data):
    project = ProjectStore(tmp_path_factory.mktemp("wild")).create("p")
    for start in (b"", b"[", b"{", b"frage,antwort\n", b'{"data": ['):
        try:
            bring_in(project, start + data)
        except AppError as error:
            assert f"error.{error.code}" in KEYS


FIELDS = (
    "instruction output input messages conversations from role value content history follow_ups source system prompt"
    " completion"
)
NAMES = st.sampled_from(FIELDS.split())
VALUES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["user", "assistant", "human", "gpt"])
)
DEEP_VALUES = st.recursive(
    VALUES, lambda values: st.lists(values, max_size=3) | st.dictionaries(NAMES, values, max_size=4), max_leaves=12
)


@given(st.dictionaries(NAMES, DEEP_VALUES))
def test_a_record_of_anything_gives_turns_or_a_reason(record):
    try:
        found = formats.turns_of(record)
    except files.BadRecord as problem:
        assert problem.reason in KEYS
    else:
        assert all(text.strip() for turn in found for text in turn)


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1).filter(str.strip)
AWKWARD = st.sampled_from(
    ["=1+1", "'=1", "''@x", "-5", "\t+", "\r\na", 'a"b', "a;b,c\td", "[1]", "{", "＝1", "'", "Ja"]
)
TURN = st.tuples(TEXT | AWKWARD, TEXT | AWKWARD)


@pytest.mark.parametrize("kind", EXPORTS)
@settings(max_examples=60, deadline=None)
@given(conversations=st.lists(st.lists(TURN, min_size=1, max_size=3), min_size=1, max_size=5, unique_by=str))
def test_what_is_exported_can_be_imported_again(tmp_path_factory, kind, conversations):
    folder = tmp_path_factory.mktemp("round")
    here, there = (ProjectStore(folder).create(name) for name in ("here", "there"))
    append_samples(
        here.samples_file,
        [
            Sample(*first, f"{number}", Source("a.pdf", number), follow_ups=tuple(later), status="accepted")
            for number, (first, *later) in enumerate(conversations)
        ],
    )
    target = folder / f"out.{EXPORTS[kind].suffix}"
    assert export_samples(here, kind, target) == len(conversations)
    assert import_samples(RecordingContext(), there, target, "x") == done(len(conversations))
    assert turns(there) == conversations
    for number, sample in enumerate(read_samples(there.samples_file) if kind in {"jsonl", "csv"} else ()):
        assert (sample.source, sample.status) == (Source("a.pdf", number), "accepted")


def test_our_own_format_keeps_what_only_others_know_and_leaves_out_what_is_no_sample(project):
    path = project.samples_file
    mine = '{"output": "b",  "instruction": "a", "mine": [1.50]}'
    path.write_text(f'# note\n{mine}\n{{"instruction": "c", "output": "d", "status": "rejected"}}\n{{"half')
    target = project.root / "out.jsonl"
    assert export_samples(project, "jsonl", target) == 1
    assert target.read_text() == f"{mine}\n"


def test_no_cell_is_a_formula_and_excel_reads_umlauts(project):
    append_sample(project.samples_file, Sample("=HYPERLINK(1)", "Größe", "x", Source("+cmd.pdf")))
    target = project.root / "out.csv"
    export_samples(project, "csv", target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbfinstruction,output")
    rows = list(csv.reader(io.StringIO(target.read_text("utf-8-sig"), newline="")))
    assert rows[1] == ["'=HYPERLINK(1)", "Größe", "", "new", "'+cmd.pdf", "", ""]


def test_an_export_of_nothing_leaves_the_old_file_and_no_rubbish(project, tmp_path):
    target = tmp_path / "out.csv"
    target.write_text("old")
    append_sample(project.samples_file, Sample("a", "b", "x", status="rejected"))
    for _ in range(2):
        assert code_of(lambda: export_samples(project, "csv", target)) == "export_no_samples"
        project.samples_file.unlink(missing_ok=True)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.csv"]

"""Samples from elsewhere, and samples for others."""

import csv
import gzip
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_context import RecordingContext
from store_material import add_document

from core.documents.store.chunk_store import ChunkStore, NewChunk, SourceFile
from core.jobs.job import PauseRequested
from core.project_manager import Project, ProjectStore
from core.samples.exchange import exchange, files, formats
from core.samples.exchange.exchange import EXPORTS, export_samples, import_samples
from core.samples.store.sft_dataset import (
    Generator,
    Sample,
    Source,
    append_sample,
    append_samples,
    line_of,
    read_samples,
    sample_id,
)
from core.samples.store.sources import source_of
from ui.texts import KEYS
from utils.errors import AppError

ROOT = Path(__file__).resolve().parents[4]
PAIR = {"instruction": "Was ist ein Wal?", "output": "Ein Säugetier; kein Fisch.\nWirklich."}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return ProjectStore(tmp_path).create("project")


def bring_in(project: Project, data: bytes | str, name: str = "file.dat", context: Any = None) -> dict[str, Any]:
    file = project.root / "upload"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return import_samples(context or RecordingContext(), project, file, name)


def pairs(project: Project) -> list[tuple[str, str]]:
    return [(sample.instruction, sample.output) for sample in read_samples(project.samples_file)]


def turns(project: Project) -> list[list[tuple[str, str]]]:
    return [
        [(sample.instruction, sample.output), *sample.follow_ups] for sample in read_samples(project.samples_file)
    ]


def lines_of(*records: Any) -> str:
    return "".join(f"{line_of(record)}\n" for record in records)


ONE = [[("Frage?", "Antwort.")]]
TWO = [[("Frage?", "Antwort."), ("Und dann?", "Ende.")]]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"instruction": "Frage?", "output": "Antwort."}, ONE),
        ({"instruction": "Frage?", "input": "", "output": "Antwort."}, ONE),
        ({"instruction": "Übersetze.", "input": "Hallo", "output": "Hello"}, [[("Übersetze.\n\nHallo", "Hello")]]),
        ({"input": "Frage?", "output": "Antwort."}, ONE),
        ({"prompt": "Frage?", "completion": "Antwort."}, ONE),
        ({"Question": "Frage?", "ANSWER": "Antwort.", "id": 7}, ONE),
        ({"frage": "Frage?", "antwort": "Antwort."}, ONE),
        ({"instruction": "Frage?", "context": "", "response": "Antwort.", "category": "qa"}, ONE),
        ({"conversations": [{"from": "human", "value": "Frage?"}, {"from": "gpt", "value": "Antwort."}]}, ONE),
        ({"messages": [{"role": "user", "content": "Frage?"}, {"role": "assistant", "content": "Antwort."}]}, ONE),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Frage?"}]},
                       {"role": "assistant", "content": ["Antwort."]}]}, ONE),
        ({"prompt": [{"role": "user", "content": "Frage?"}],
          "completion": [{"role": "assistant", "content": "Antwort."}]}, ONE),
        ({"messages": [{"role": "assistant", "content": "Hallo!"}, {"role": "user", "content": "Frage?"},
                       {"role": "assistant", "content": "Antwort."}, {"role": "user", "content": "Und?"}]}, ONE),
        ({"conversations": [{"from": "human", "value": "Frage?"}, {"from": "gpt", "value": "Antwort."},
                            {"from": "human", "value": "Und dann?"}, {"from": "gpt", "value": "Ende."}]}, TWO),
        ({"instruction": "Und dann?", "output": "Ende.", "history": [["Frage?", "Antwort."]]}, TWO),
        ({"instruction": "Frage?", "output": "Antwort.",
          "follow_ups": [{"instruction": "Und dann?", "output": "Ende."}]}, TWO),
        ({"messages": [{"role": "user", "content": "Frage?"}, {"role": "user", "content": "Sag schon."},
                       {"role": "assistant", "content": "Ant"}, {"role": "assistant", "content": "wort."}]},
         [[("Frage?\n\nSag schon.", "Ant\n\nwort.")]]),
        ({"messages": [{"role": "system", "content": "Sprich wie Kant."}, {"role": "user", "content": "Frage?"},
                       {"role": "assistant", "content": "Antwort."}]},
         [[("Sprich wie Kant.\n\nFrage?", "Antwort.")]]),
        ({"system": "You are a helpful assistant.", "conversations": [{"from": "human", "value": "Frage?"},
                                                                     {"from": "gpt", "value": "Antwort."}]}, ONE),
    ],
)  # fmt: skip
def test_records_become_what_they_ask_and_say(project: Project, record: Any, expected: Any) -> None:
    result = bring_in(project, lines_of(record))
    assert turns(project) == expected
    assert result == {"imported": 1, "duplicates": 0, "bad": 0, "bad_lines": []}


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
def test_json_is_told_by_what_it_is_and_not_by_its_name(project: Project, write: Any) -> None:
    bring_in(project, write(PAIR), "data.csv")
    assert pairs(project) == [(PAIR["instruction"], PAIR["output"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("header", [("Frage", "Antwort"), ("Nr", "instruction", "output")])
def test_tables_come_with_any_delimiter_header_and_encoding(
    project: Project, encoding: str, delimiter: str, header: tuple[str, ...]
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerow([*(["1"] if len(header) == 3 else []), PAIR["instruction"], PAIR["output"]])
    writer.writerow([])
    bring_in(project, out.getvalue().encode(encoding))
    assert pairs(project) == [(PAIR["instruction"], PAIR["output"])]


def test_a_table_from_excel_says_its_delimiter_first(project: Project) -> None:
    bring_in(project, 'sep=|\nquestion|answer\n"a|b"|c\n')
    assert pairs(project) == [("a|b", "c")]


def test_bad_lines_are_told_with_their_number_and_reason(project: Project) -> None:
    long = "x" * (formats.MAX_TEXT_CHARACTERS + 1)
    data = "".join(
        [
            lines_of({"instruction": "a", "output": "b"}),
            "\n",
            '{"instruction": "torn\n',
            "[1, 2]\n",
            lines_of({"output": "b"}, {"instruction": "a", "output": " "}, {"instruction": 5, "output": "b"}),
            lines_of({"instruction": "a", "output": long}),
            lines_of({"messages": [{"role": "tool", "content": "x"}]}),
            lines_of({"messages": [{"role": "user", "content": "x"}]}, {"messages": ["x"]}),
            lines_of({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            '{"a": ' * 5000 + "\n",
            '{"instruction": "' + "y" * 10_000_000 + '", "output": "b"}\n',
            lines_of({"instruction": "a\0", "output": "\ud800 c"}),
        ]
    )
    result = bring_in(project, data)
    reasons = "not_json not_an_object no_question no_answer not_text too_long unknown_role no_answer not_an_object"
    keys = [f"exchange.bad.{reason}" for reason in [*reasons.split(), "not_text", "not_json", "too_long"]]
    assert result["bad_lines"] == list(zip(range(3, 15), keys, strict=True))
    assert result["bad"] == 12
    assert result["imported"] == 2
    assert pairs(project) == [("a", "b"), ("a", "� c")]
    assert set(keys) <= KEYS


def test_an_array_with_a_broken_object_loses_only_that(project: Project) -> None:
    objects = [json.dumps({"instruction": f"q{number}", "output": "a"}, indent=1) for number in range(5)]
    objects[2] = objects[2].replace('"q2"', '"q2" oops')
    result = bring_in(project, "[\n" + ",\n".join(objects))
    assert [asked for asked, _ in pairs(project)] == ["q0", "q1", "q3", "q4"]
    assert result["bad_lines"] == [(10, "exchange.bad.not_json")]


def test_a_table_with_broken_rows_loses_only_those(project: Project) -> None:
    result = bring_in(project, 'frage,antwort\na,b\nc,d,e\n"f"x,g\nh,\ni,j\n"k,l\nm,n\n')
    assert pairs(project) == [("a", "b"), ("i", "j")]
    assert result["bad_lines"] == [
        (3, "exchange.bad.columns"),
        (4, "exchange.bad.quotes"),
        (5, "exchange.bad.no_answer"),
        (7, "exchange.bad.quotes"),
    ]


def test_an_endless_line_of_a_table_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_RECORD_CHARACTERS", 100)
    result = bring_in(project, f"frage,antwort\na,{'b' * 500}\nc,d\n")
    assert pairs(project) == [("c", "d")]
    assert result["bad_lines"] == [(2, "exchange.bad.too_long")]


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.jsonl", lines_of(PAIR))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "import_empty"),
        (b" \n\n\t", "import_empty"),
        (b"\xef\xbb\xbf", "import_empty"),
        (archive(), "import_archive"),
        (gzip.compress(b"x" * 99), "import_archive"),
        (bytes(range(256)) * 50, "import_not_text"),
        (b"name,age\nAnna,30\n", "import_no_columns"),
        (b"just some words\n", "import_no_columns"),
    ],
)
def test_a_file_that_holds_no_samples_is_refused_with_a_reason(project: Project, data: bytes, code: str) -> None:
    with pytest.raises(AppError, match=code) as caught:
        bring_in(project, data)
    assert caught.value.params["file"] == "file.dat"
    assert not project.samples_file.exists()


def test_what_is_there_already_is_counted_and_left_out(project: Project) -> None:
    append_sample(project.samples_file, Sample("a", "b", "id"))
    data = lines_of({"prompt": "a", "completion": "b"}, PAIR, PAIR, {"instruction": "a", "output": "c"})
    assert bring_in(project, data) == {"imported": 2, "duplicates": 2, "bad": 0, "bad_lines": []}
    assert bring_in(project, data) == {"imported": 0, "duplicates": 4, "bad": 0, "bad_lines": []}
    assert len(pairs(project)) == 3


def test_a_conversation_that_goes_on_differently_is_another_one(project: Project) -> None:
    longer = {**PAIR, "follow_ups": [{"instruction": "a", "output": "b"}]}
    assert bring_in(project, lines_of(PAIR, longer))["imported"] == 2
    samples = read_samples(project.samples_file)
    assert len({sample.id for sample in samples}) == 2


def test_our_own_samples_keep_what_holds_here_too(project: Project) -> None:
    store = ChunkStore(project.database)
    text = "Ein Pendel schwingt hin und her, bis die Reibung es anhält."
    add_document(store, SourceFile("buch.pdf", "buch.pdf", "0", "done"), [NewChunk(text, {"page": 3})])
    (chunk_id,) = store.usable_ids(False, False)
    theirs = {
        "generator": {"provider": "ollama", "model": "m"},
        "language": "de",
        "style": "question",
        "support": 0.9,
    }
    bring_in(
        project,
        lines_of(
            {"instruction": "a", "output": text, "id": "own", "status": "accepted", **theirs,
             "source": {"document": "buch.pdf", "page": 3, "chunk_id": chunk_id}},
            {"instruction": "c", "output": "d", "id": "own", "status": "nonsense",
             "source": {"document": "buch.pdf", "page": 3, "chunk_id": chunk_id + 1}},
            {"instruction": "g", "output": "Eine Wärmepumpe hebt Wärme aus der kalten Luft auf die Heizung.",
             "source": {"document": "buch.pdf", "page": 3, "chunk_id": chunk_id}},
            {"instruction": "e", "output": "f", "id": "\ud800",
             "source": {"document": "anderes.pdf", "page": 4, "chunk_id": chunk_id}},
        ),
        "klasse.jsonl",
    )  # fmt: skip
    first, second, of_other_text, third = read_samples(project.samples_file)
    generator = Generator("import", "klasse.jsonl")
    assert first == Sample(
        "a", text, "own", source_of(store.chunks()[0]), generator, "accepted", language="de", style="question"
    )
    assert second.id != "own"
    assert (second.status, second.source) == ("new", Source("buch.pdf", 3))
    assert of_other_text.source == Source("buch.pdf", 3)  # there the number 1 is another chunk
    assert third == Sample("e", "f", sample_id("e", "f"), Source("anderes.pdf", 4), generator)


def test_a_stopped_import_keeps_what_came_and_goes_on_without_doubling(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "SAMPLES_AT_ONCE", 10)
    data = lines_of(*({"instruction": f"q{number}", "output": "a"} for number in range(95)))
    with pytest.raises(PauseRequested):
        bring_in(project, data, context=RecordingContext(stop_after=2))
    assert len(pairs(project)) == 30
    context = RecordingContext()
    result = bring_in(project, data, context=context)
    assert (result["imported"], result["duplicates"]) == (65, 30)
    assert [asked for asked, _ in pairs(project)] == [f"q{number}" for number in range(95)]
    fractions = [done for done, _, _, _ in context.progress_calls]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


IMPORTER = """
import sys
from pathlib import Path
from core.jobs.job import SilentContext
from core.project_manager import Project
from core.samples.exchange import exchange
class Context(SilentContext):
    def progress(self, *arguments, **params):
        print("progress", flush=True)
exchange.SAMPLES_AT_ONCE = 5
exchange.import_samples(Context(), Project(Path(sys.argv[1])), Path(sys.argv[2]), "x")
"""


def test_a_killed_import_is_simply_started_again(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(lines_of(*({"instruction": f"q{number}", "output": "a" * 500} for number in range(5000))))
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORTER, str(project.root), str(file)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.kill()
    process.communicate()
    there = len(pairs(project))
    assert 15 <= there < 5000
    result = import_samples(RecordingContext(), project, file, "x")
    assert (result["imported"], result["duplicates"]) == (5000 - there, there)
    assert [asked for asked, _ in pairs(project)] == [f"q{number}" for number in range(5000)]


@pytest.mark.parametrize("form", ["{}\n{}\n", "[{},\n{}]"])
def test_a_sample_with_a_field_that_is_nested_without_end_is_a_bad_line_and_the_next_one_is_taken(project, form):
    deep = '{"instruction": "a", "output": "b", "more": ' + "[" * 900 + "]" * 900 + "}"
    result = bring_in(project, form.format(deep, '{"instruction": "q", "output": "a"}'))
    assert pairs(project) == [("q", "a")]
    assert result["bad_lines"] == [(1, "exchange.bad.not_json")]


@pytest.mark.parametrize("form", ["lines", "array", "table"])
def test_a_large_file_is_never_held_in_memory(project: Project, tmp_path: Path, form: str) -> None:
    file = tmp_path / "large"
    answer = "Wort " * 6000
    with file.open("w", encoding="utf-8") as out:
        out.write({"lines": "", "array": "[", "table": "frage;antwort\n"}[form])
        for number in range(1000):
            record = json.dumps({"instruction": f"q{number}", "output": answer})
            out.write({"lines": f"{record}\n", "array": f"{record}, ", "table": f"q{number};{answer}\n"}[form])
        out.write("]" if form == "array" else "")
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
def test_a_file_of_anything_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
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
VALUES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["user", "assistant", "human", "gpt"])
)


@given(
    st.dictionaries(
        st.sampled_from(FIELDS.split()),
        st.recursive(
            VALUES,
            lambda values: (
                st.lists(values, max_size=3) | st.dictionaries(st.sampled_from(FIELDS.split()), values, max_size=4)
            ),
            max_leaves=12,
        ),
    )
)
def test_a_record_of_anything_gives_turns_or_a_reason(record: dict[str, Any]) -> None:
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
@given(data=st.data())
def test_what_is_exported_can_be_imported_again(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    conversations = data.draw(st.lists(st.lists(TURN, min_size=1, max_size=3), min_size=1, max_size=5, unique_by=str))
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
    result = import_samples(RecordingContext(), there, target, "x")
    assert result == {"imported": len(conversations), "duplicates": 0, "bad": 0, "bad_lines": []}
    assert turns(there) == conversations
    if kind in {"jsonl", "csv"}:
        assert [(sample.source, sample.status) for sample in read_samples(there.samples_file)] == [
            (Source("a.pdf", number), "accepted") for number in range(len(conversations))
        ]


def test_our_own_format_keeps_what_only_others_know_and_leaves_out_what_is_no_sample(project: Project) -> None:
    path = project.samples_file
    mine = '{"output": "b",  "instruction": "a", "mine": [1.50]}'
    path.write_text(f'# note\n{mine}\n{{"instruction": "c", "output": "d", "status": "rejected"}}\n{{"half')
    target = project.root / "out.jsonl"
    assert export_samples(project, "jsonl", target) == 1
    assert target.read_text() == f"{mine}\n"


def test_no_cell_is_a_formula_and_excel_reads_umlauts(project: Project) -> None:
    append_sample(project.samples_file, Sample("=HYPERLINK(1)", "Größe", "x", Source("+cmd.pdf")))
    target = project.root / "out.csv"
    export_samples(project, "csv", target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbfinstruction,output")
    rows = list(csv.reader(io.StringIO(target.read_text("utf-8-sig"), newline="")))
    assert rows[1] == ["'=HYPERLINK(1)", "Größe", "", "new", "'+cmd.pdf", "", ""]


def test_an_export_of_nothing_leaves_the_old_file_and_no_rubbish(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    append_sample(project.samples_file, Sample("a", "b", "x", status="rejected"))
    for _ in range(2):
        with pytest.raises(AppError, match="export_no_samples"):
            export_samples(project, "csv", target)
        project.samples_file.unlink(missing_ok=True)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.csv"]

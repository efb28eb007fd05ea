"""A samples file that somebody brought in another form: it is refused with the reason, and nobody writes to it."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_context import RecordingContext
from store_material import add_document

from core import sft_generator
from core.documents.store.chunk_store import ChunkStore, NewChunk, SourceFile
from core.samples.exchange.exchange import export_samples, import_samples
from core.samples.generate import generate_samples
from core.samples.store.sample import Sample, to_line
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_sample, append_samples, count_samples, read_samples, require_lines
from core.training import readiness
from tests.refusals import code_of

NEW = Sample("Und größer?", "Nein.", "new")
REFUSALS = ("samples_encoding", "samples_form")
RECORDS = [{"instruction": f"Wie groß ist Nummer {n}?", "output": f"Ungefähr {n} Meter."} for n in range(8)]
LINES = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in RECORDS)
ASCII = "".join(json.dumps(record) + "\n" for record in RECORDS)
PRETTY = "".join(json.dumps(record, ensure_ascii=False, indent=2) + "\n" for record in RECORDS)
OF_LINES = ",\n".join(LINES.splitlines())
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac-roman")
FORMS = {
    **{name: (LINES.encode(name), "samples_encoding") for name in ENCODINGS},
    "utf-16 without a last line end": (LINES.strip().encode("utf-16"), "samples_encoding"),
    "mostly ascii in cp1252": ((ASCII + LINES.splitlines()[0]).encode("cp1252"), "samples_encoding"),
    "gzip": (gzip.compress(LINES.encode()), None),
    "an array": (json.dumps(RECORDS).encode(), "samples_form"),
    "an array, one on each line": (f"[\n{OF_LINES}\n]\n".encode(), "samples_form"),
    "an array that begins with its first": (f"[{OF_LINES}\n]".encode(), "samples_form"),
    "a pretty array": (json.dumps(RECORDS, indent=1).encode(), "samples_form"),
    "an array with a byte order mark": (f"[\r\n{OF_LINES}\r\n]".encode("utf-8-sig"), "samples_form"),
    "a wrapped array": (f'{{"data": [\n{OF_LINES}\n]}}\n'.encode(), "samples_form"),
    "pretty-printed": (PRETTY.encode(), "samples_form"),
    "opened on the first line": (PRETTY.replace("{\n  ", "{").encode(), "samples_form"),
    "csv": (("instruction,output\n" + "".join(f'"{n}?","{n}!"\n' for n in range(8))).encode(), "samples_form"),
    "old mac line ends": (LINES.replace("\n", "\r").encode(), "samples_form"),
    "other fields": (b'{"prompt": "Was?", "completion": "Wie?"}\n' * 8, "samples_form"),
    "prose": (b"Was ist das? Ein Pendel.\n", "samples_form"),
}


@pytest.fixture
def writers(project, tmp_path):
    """All that writes to a file of samples, or would have something learned from it."""
    store, path, file = SampleStore(project), project.samples_file, tmp_path / "other.jsonl"
    file.write_text('{"instruction": "neu?", "output": "ja"}\n')
    text = "Ein Pendel ist ein Körper, der hin und her schwingt. Es steht still."
    chunk = NewChunk(text, {"page": 1, "tokens": 20})
    add_document(ChunkStore(project.database), SourceFile("a.txt", "a.txt", "ab", "done"), [chunk])
    return {
        "append": lambda: append_sample(path, NEW),
        "generate": lambda: generate_samples(RecordingContext(), project, project.load_config().sft),
        "import": lambda: import_samples(RecordingContext(), project, file, file.name),
        "status": lambda: store.set_status(["s1"], "accepted"),
        "edit": lambda: store.edit("s1", "a?", "b"),
        "delete": lambda: store.delete(["s1"]),
        "export": lambda: export_samples(project, "jsonl", tmp_path / "out.jsonl"),
    }


@pytest.mark.parametrize("form", FORMS)
def test_nobody_writes_to_a_file_of_samples_in_another_form(project, writers, form):
    data, expected = FORMS[form]
    project.samples_file.write_bytes(data)
    for name, write in writers.items():
        assert code_of(write) in ((expected,) if expected else REFUSALS), name
        assert project.samples_file.read_bytes() == data, name
    check = readiness.check_samples(project, project.load_config().training)
    assert (check.state, check.refusal) == ("bad", code_of(lambda: require_lines(project.samples_file)))


@pytest.mark.parametrize("form", ["utf-16", "an array, one on each line", "csv", "cp1252"])
def test_undo_writes_nothing_to_a_file_that_was_put_in_the_place_of_the_old_one(project, form):
    append_samples(project.samples_file, [NEW, Sample("c?", "d", "s2")])
    store = SampleStore(project)
    store.delete([NEW.id])
    project.samples_file.write_bytes(FORMS[form][0])
    assert code_of(store.undo) in REFUSALS
    assert project.samples_file.read_bytes() == FORMS[form][0]


def test_the_last_sample_of_a_file_with_other_lines_comes_back_after_it_was_deleted(project):
    project.samples_file.write_text(f"{to_line(NEW)}\nno sample\n")
    store, before = SampleStore(project), project.samples_file.read_bytes()
    assert store.delete([NEW.id]) == 1
    assert store.undo()
    assert project.samples_file.read_bytes() == before


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xef\xbb\xbf", b"\r\n \n", b"# my notes\n", b"\0" * 4096),
        b"\xef\xbb\xbf" + LINES.encode(),
        LINES.replace("\n", "\r\n").encode(),
        LINES.strip().encode("utf-8-sig"),
        b"no JSON\n" + LINES.encode() + b'{"torn": \n\xff\xfe\n',
        b'{"instruction": "torn by a crash\n' + LINES.encode(),
        b"[draft] of mine\n" + LINES.encode(),
        b'{"instruction": "Gr\xf6\xdfe?", "output": "one damaged line among others"}\n' + LINES.encode(),
        b'{"instruction": "torn by a k',
        ASCII.encode() + b"\x00\x01\x02\n",
    ],
)
def test_what_is_understood_is_written_to_and_stays_readable(project, data):
    path = project.samples_file
    path.write_bytes(data)
    before = read_samples(path)
    append_sample(path, NEW)
    assert read_samples(path) == [*before, NEW]
    require_lines(path)


@pytest.mark.parametrize("tail", [LINES.encode("utf-16-le")[:200], b'{"prompt": "half', b"half a note\0"])
def test_an_unended_line_that_somebody_else_began_is_not_cut_away(project, tail):
    project.samples_file.write_bytes(LINES.encode() + tail)
    append_sample(project.samples_file, NEW)
    assert project.samples_file.read_bytes().startswith(LINES.encode() + tail)
    assert count_samples(project.samples_file) == len(RECORDS) + 1


def test_jobs_are_refused_before_they_begin(services, project, tmp_path):
    project.samples_file.write_bytes(FORMS["utf-16"][0])
    for start in (
        lambda: sft_generator.start_samples(services, project),
        lambda: sft_generator.start_checks(services, project),
        lambda: sft_generator.start_import(services, project, tmp_path / "x.jsonl", "x.jsonl"),
    ):
        assert code_of(start) == "samples_encoding"
    assert services.runner.jobs() == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.text("aäß €\n\"'{}[],\\", min_size=1), st.text("böx 😀{}[]", min_size=1)), min_size=1),
    st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "array", "lines of an array", "pretty"]),
    st.booleans(),
)
def test_whatever_stands_in_it_another_form_is_told_from_lines(tmp_path_factory, pairs, form, is_ended):
    records = [{"instruction": f"{asked}?", "output": f"{said}."} for asked, said in pairs]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    path = tmp_path_factory.mktemp("form") / "sft_data.jsonl"
    texts = {
        "array": json.dumps(records, ensure_ascii=False),
        "lines of an array": "[\n" + ",\n".join(lines) + "\n]",
        "pretty": json.dumps(records[0], ensure_ascii=False, indent=2),
    }
    text = texts.get(form, "\n".join(lines)) + "\n" * is_ended
    data = text.encode("utf-8" if form in texts else form)
    path.write_bytes(data)
    assert code_of(lambda: append_sample(path, NEW)) in REFUSALS
    assert path.read_bytes() == data
    path.write_text("\n".join(lines) + "\n" * is_ended, "utf-8")
    append_sample(path, NEW)
    assert count_samples(path) == len(records) + 1

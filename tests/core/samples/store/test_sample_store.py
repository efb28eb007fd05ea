"""Samples as people look through them, while others append to the file and write it anew."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.jobs.job import PauseRequested
from core.project_manager import ProjectStore
from core.samples.store import findings, sample_changes, sample_file
from core.samples.store.findings import Finding, Verdict
from core.samples.store.sample import Sample, Source, to_line
from core.samples.store.sample_query import SampleQuery
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_sample, append_samples, read_samples
from tests.refusals import code_of
from utils.errors import AppError

ROOT = Path(__file__).resolve().parents[4]
ALL = SampleQuery()


def make_sample(number, status="new", document="a.pdf"):
    return Sample(f"Was ist {number}?", f"Größe {number}.", f"s{number}", Source(document, 1, number), status=status)


@pytest.fixture
def filled(project):
    append_samples(project.samples_file, [make_sample(number) for number in range(1, 11)])
    return project


def ids_of(project):
    """What stands in the file; and the store sees the same."""
    ids = [sample.id for sample in read_samples(project.samples_file)]
    assert SampleStore(project).ids(ALL) == ids
    return ids


def numbers(store, query=ALL, size=100):
    return [row.number for row in store.page(query, size).rows]


def write_by_hand(path, data):
    """Change a file in place, later than the last change as its clock sees it."""
    later = path.stat().st_mtime_ns + 10**9
    path.write_bytes(data)
    os.utime(path, ns=(later, later))


def undone(store):
    """What is taken back, how many of it and how many not; None where there was nothing."""
    message = store.undo()
    return message and (message.key.removeprefix("review.undone_"), *map(message.params.get, ("count", "skipped")))


def test_a_project_without_samples_is_empty_and_looking_leaves_no_trace(project):
    store, before = SampleStore(project), sorted(project.root.rglob("*"))
    assert store.page(ALL, 10).rows == []
    assert store.counts().total == store.set_status(["x"], "accepted") == store.delete(["x"]) == 0
    assert store.get("x") is undone(store) is None
    assert code_of(lambda: store.edit("x", "a", "b")) == "sample_gone"
    assert sorted(project.root.rglob("*")) == before


def test_pages_follow_each_other_in_both_directions(filled):
    store = SampleStore(filled)
    for place, expected in (
        ({}, ([1, 2, 3, 4], False, True)),
        ({"after": 4}, ([5, 6, 7, 8], True, True)),
        ({"after": 8}, ([9, 10], True, False)),
        ({"before": 9}, ([5, 6, 7, 8], True, True)),
        ({"after": 10}, ([], True, False)),
    ):
        page = store.page(replace(ALL, **place), 4)
        assert ([row.number for row in page.rows], page.before, page.behind) == expected
    assert store.get("s1").sample == make_sample(1)


def test_review_begins_with_what_is_like_another_sample_then_takes_other_findings_and_then_the_rest(filled):
    store = SampleStore(filled)
    against = {"s7": Finding("near_duplicate", of_id="s2"), "s9": Finding("duplicate", of_id="s1")}
    against |= {"s3": Finding("too_short"), "s4": Finding("refusal")}
    lines = zip(store.held().ids, store.held().samples, strict=True)
    store.set_findings(
        "", [(own, Verdict(line.content, findings=(against[own],))) for own, line in lines if own in against]
    )
    store.set_status(["s4"], "accepted")
    order, seen = [], ""
    for _ in range(9):
        seen = store.next_to_review(ALL, seen).sample.id
        order.append(seen)
    assert order == ["s7", "s9", "s3", "s1", "s2", "s5", "s6", "s8", "s10"]
    assert store.next_to_review(ALL, "s10").sample.id == "s7"  # around
    assert store.next_to_review(ALL, "gone").sample.id == "s7"
    assert store.next_to_review(SampleQuery(finding="too_short"), "s9").sample.id == "s3"
    assert store.next_to_review(SampleQuery(words="Größe 6"), "").sample.id == "s6"
    store.edit("s7", "Was?", "Anders.")
    assert store.next_to_review(ALL, "s7").sample.id == "s9"  # edited, it is still where it was
    store.set_status(store.ids(ALL), "rejected")
    assert store.next_to_review(ALL) is None


def test_filters_find_what_fits_all_of_them(project):
    append_samples(
        project.samples_file,
        [make_sample(1, "accepted"), make_sample(2, "accepted", "b.pdf"), make_sample(3, "rejected", "b.pdf")],
    )
    store = SampleStore(project)
    assert numbers(store, SampleQuery(status="accepted")) == [1, 2]
    assert numbers(store, SampleQuery(status="accepted", document="b.pdf")) == [2]
    assert numbers(store, SampleQuery(words="GRÖSSE 3")) == [3]
    assert numbers(store, SampleQuery(words="gro\u0308ße")) == [1, 2, 3]
    assert numbers(store, SampleQuery(words="%")) == []
    assert store.ids(SampleQuery(document="b.pdf")) == ["s2", "s3"]
    counts = store.counts()
    assert counts.by_status == {"accepted": 2, "rejected": 1}
    assert counts.by_document == {"a.pdf": 1, "b.pdf": 2}


def test_what_is_appended_is_there_at_the_next_look_and_a_line_without_end_once_it_is_whole(filled):
    store, line = SampleStore(filled), to_line(make_sample(11)).encode()
    for part, total in ((b"", 10), (line[:20], 10), (line[20:], 11)):
        with filled.samples_file.open("ab") as file:
            file.write(part)
        assert store.counts().total == total
    append_sample(filled.samples_file, make_sample(12))
    assert ids_of(filled)[-2:] == ["s11", "s12"]
    assert store.set_status(["s11"], "accepted") == 1
    assert numbers(store) == list(range(1, 13))


def test_a_file_that_others_wrote_anew_is_read_anew(filled):
    store = SampleStore(filled)
    assert store.counts().total == 10
    path = filled.samples_file
    write_by_hand(path, path.read_bytes().replace(b"Was ist 5?", b"Was war 5?"))  # of the same length
    assert [row.number for row in store.page(SampleQuery(words="war"), 5).rows] == [5]
    write_by_hand(path, b"".join(path.read_bytes().splitlines(keepends=True)[2:]))
    assert ids_of(filled) == [f"s{number}" for number in range(3, 11)]
    path.unlink()
    assert store.counts().total == 0
    append_sample(path, make_sample(1))
    assert ids_of(filled) == ["s1"]


def test_what_an_earlier_version_found_samples_by_goes_with_the_first_change(filled):
    index = filled.samples_file.with_name("samples.db")
    index.write_bytes(b"what was deleted may stand here")
    assert SampleStore(filled).counts().total == 10
    SampleStore(filled).set_status(["s1"], "accepted")
    assert not index.exists()


def test_every_one_of_several_samples_with_the_same_id_can_be_reached(project):
    same = [replace(make_sample(number), id="x") for number in range(1, 4)]
    append_samples(project.samples_file, [*same, replace(make_sample(4), id="x-3")])
    store = SampleStore(project)
    assert store.get("x").number == 1
    ids = store.ids(ALL)
    assert len(set(ids)) == 4
    for sample_id in ids:
        assert store.page(SampleQuery(status="new"), 1).rows[0].sample.id == sample_id
        assert store.set_status([sample_id], "accepted") == 1
    assert store.counts().by_status == {"accepted": 4}
    before = project.samples_file.read_bytes()
    for gone in ([ids[0]], ids[1:3], ids):
        assert store.delete(gone) == len(gone)
        assert undone(store) == ("delete", len(gone), 0)
        assert project.samples_file.read_bytes() == before


def test_status_changes_only_the_status_of_lines_that_have_another(filled):
    def lines():
        return [json.loads(line) for line in filled.samples_file.read_text().splitlines()]

    before, store = lines(), SampleStore(filled)
    assert store.set_status(["s2", "s5", "gone"], "accepted") == 2
    assert store.set_status(["s2", "s5"], "accepted") == 0
    for number in (2, 5):
        before[number - 1]["status"] = "accepted"
    assert lines() == before
    assert store.counts().by_status == {"new": 8, "accepted": 2}
    with pytest.raises(ValueError, match="not a status"):
        store.set_status(["s1"], "nonsense")


def test_an_edited_sample_keeps_its_id_its_place_and_what_others_noted_in_its_line(project):
    path = project.samples_file
    path.write_text(
        '# my notes\n{"instruction": "a", "input": "b", "output": "c", "mine": [1.5, null], "support": 0.5}\n'
        '{"torn": \n'
        '{"output": "d", "instruction": "e"}\n',
        encoding="utf-8",
    )
    store = SampleStore(project)
    old = store.page(ALL, 5).rows[0].sample
    row = store.edit(old.id, "neu?", "ja")
    assert (row.number, row.sample.id, row.sample.instruction, row.sample.status) == (1, old.id, "neu?", "edited")
    lines = path.read_text().splitlines()
    assert lines[0] == "# my notes"
    assert lines[2:] == ['{"torn": ', '{"output": "d", "instruction": "e"}']
    fields = json.loads(lines[1])
    assert list(fields)[:2] == ["instruction", "output"]
    assert fields == {"instruction": "neu?", "output": "ja", "mine": [1.5, None], "id": old.id, "status": "edited"}
    assert store.counts().bad_lines == 2
    assert store.get(old.id) == row


def test_an_edit_without_words_is_refused_and_one_that_changes_nothing_is_none(filled):
    store, before = SampleStore(filled), filled.samples_file.read_bytes()
    assert code_of(lambda: store.edit("s1", " ", "b")) == "sample_empty"
    assert code_of(lambda: store.edit("gone", "a", "b")) == "sample_gone"
    assert store.edit("s1", make_sample(1).instruction, make_sample(1).output).sample.status == "new"
    assert filled.samples_file.read_bytes() == before
    assert undone(store) is None


def test_deleted_lines_come_back_where_they_stood(project):
    path, (first, second, third, fourth) = project.samples_file, [to_line(make_sample(n)) for n in range(1, 5)]
    path.write_text("\n".join(["# 1", first, second, "# 2", "", third, fourth, "# 3"]), encoding="utf-8")
    whole = path.read_text() + "\n"
    for gone in (["s1"], ["s2", "s3"], ["s3", "s4"], ["s4"], ["s1", "s2", "s3", "s4"], ["s2", "s4"]):
        assert SampleStore(project).delete(gone) == len(gone)
        assert ids_of(project) == [name for name in ("s1", "s2", "s3", "s4") if name not in gone]
        assert undone(SampleStore(project)) == ("delete", len(gone), 0)
        assert path.read_text() == whole
        assert ids_of(project) == ["s1", "s2", "s3", "s4"]


def test_deleted_lines_come_back_after_their_neighbours_though_others_wrote_the_file_anew(filled):
    store = SampleStore(filled)
    store.delete(["s1"])
    store.delete(["s5", "s6", "s10"])
    lines = filled.samples_file.read_bytes().splitlines(keepends=True)
    write_by_hand(filled.samples_file, b"".join([to_line(make_sample(99)).encode() + b"\n", *lines[1:]]))
    for ids in ("s99 s3 s4 s5 s6 s7 s8 s9 s10", "s1 s99 s3 s4 s5 s6 s7 s8 s9 s10"):
        assert undone(store)[0] == "delete"
        assert ids_of(filled) == ids.split()


def test_undo_leaves_alone_what_has_changed_again_since(filled):
    store, path = SampleStore(filled), filled.samples_file
    store.set_status(["s1", "s2", "s3"], "accepted")
    first, _, *rest = path.read_text().splitlines(keepends=True)
    write_by_hand(path, "".join([first.replace("accepted", "rejected"), *rest]).encode())
    assert undone(store) == ("status_partly", 1, 2)
    assert store.counts().by_status == {"new": 8, "rejected": 1}

    store.edit("s4", "neu?", "ja")
    write_by_hand(path, path.read_bytes().replace(b"neu?", b"und?"))
    assert undone(store) == ("none", None, 1)
    assert b"und?" in path.read_bytes()

    store.delete(["s5"])
    append_sample(path, make_sample(5))
    assert undone(store) == ("none", None, 1)
    assert ids_of(filled).count("s5") == 1


def test_only_the_newest_changes_are_kept(filled, monkeypatch):
    monkeypatch.setattr(sample_changes, "MOST_CHANGES", 3)
    store = SampleStore(filled)
    for number in range(1, 6):
        store.set_status([f"s{number}"], "accepted")
    assert store.counts().undoable == 3
    monkeypatch.setattr(sample_changes, "MOST_NOTED_BYTES", 1)
    store.delete(["s6"])
    store.delete(["s7"])
    assert store.counts().undoable == 1
    assert store.undo() is not None
    assert "s7" in ids_of(filled)


def test_a_full_disk_changes_nothing(filled, monkeypatch):
    def fail(descriptor):
        raise OSError(28, "full")

    store, before = SampleStore(filled), filled.samples_file.read_bytes()
    with monkeypatch.context() as full, pytest.raises(OSError, match="full"):
        full.setattr(sample_file.os, "fsync", fail)
        store.delete(["s1"])
    assert filled.samples_file.read_bytes() == before
    assert not [path for path in filled.samples_file.parent.iterdir() if path.suffix == ".tmp"]
    assert store.counts().total == 10
    assert undone(store) is None


def verdict(store, sample_id, *found):
    held = store.held()
    return sample_id, Verdict(held.samples[held.ids.index(sample_id)].content, False, 0.25, found)


def test_findings_hold_for_what_was_checked_and_not_for_what_it_became(filled):
    store = SampleStore(filled)
    assert len(store.unchecked()) == 10
    found = {"s1": [Finding("too_short"), Finding("duplicate", of_id="s2", share=0.9)], "s3": [Finding("too_short")]}
    results = [verdict(store, own, *found.get(own, [])) for own in store.ids(ALL)]
    SampleStore(filled).edit("s5", "Während der Prüfung?", "geändert")
    store.set_findings("", results)
    findings._HELD.clear()  # as after a restart
    counts = store.counts()
    assert (counts.checked, counts.by_finding) == (9, {"too_short": 2, "duplicate": 1})
    assert store.unchecked() == ["s5"]
    row = store.get("s1")
    assert (row.findings, row.sample.support) == (tuple(found["s1"]), 0.25)
    assert numbers(store, SampleQuery(finding="too_short")) == [1, 3]
    assert numbers(store, SampleQuery(finding="too")) == []

    assert store.edit("s1", "neu?", "ja").findings == ()
    assert store.counts().by_finding == {"too_short": 1}
    store.undo()
    assert store.counts().by_finding == {"too_short": 2, "duplicate": 1}
    store.set_status(["s1"], "rejected")
    assert store.counts().checked == 9
    write_by_hand(filled.samples_file, b"\n" + filled.samples_file.read_bytes())
    assert store.counts().by_finding == {"too_short": 2, "duplicate": 1}
    store.set_findings("", [verdict(store, "s3")])
    assert store.counts().by_finding == {"too_short": 1, "duplicate": 1}


def test_what_was_found_before_the_checks_were_stopped_is_kept(filled):
    store = SampleStore(filled)

    def stopped():
        yield from (verdict(store, own) for own in store.ids(ALL)[:4])
        raise PauseRequested

    with pytest.raises(PauseRequested):
        store.set_findings("", stopped())
    findings._HELD.clear()
    assert store.counts().checked == 4


@pytest.mark.parametrize("data", [b"", b"rubbish", b"[]", b'{"limits": "", "found": {"s1": [1]}}', b'{"found": 1}'])
def test_damaged_findings_are_none_and_damaged_changes_cannot_be_taken_back(filled, data):
    store = SampleStore(filled)
    for status in ("accepted", "rejected"):
        store.set_status(["s1"], status)
    filled.findings_file.write_bytes(data)
    max(filled.undo_folder.iterdir()).write_bytes(data)
    assert (store.counts().checked, store.counts().undoable) == (0, 2)
    assert undone(store)[0] == "none"
    assert store.counts().by_status == {"new": 9, "rejected": 1}
    store.set_findings("", [verdict(store, own) for own in store.ids(ALL)])
    assert store.counts().checked == 10


def test_halves_of_characters_break_neither_the_index_nor_a_page(project):
    wild = Sample("a\ud800\0?", "b\udfff", "id", Source("c\ud83d.pdf"), follow_ups=(("d\ud800", "e"),))
    append_sample(project.samples_file, wild)
    store = SampleStore(project)
    shown = store.get("id").sample
    assert "".join((shown.instruction, shown.output, *shown.follow_ups[0], shown.source.document)).encode()
    assert list(store.counts().by_document) == [shown.source.document]
    assert numbers(store, SampleQuery(words="\ud800")) == [1]
    assert store.set_status(["id"], "accepted") == 1
    assert read_samples(project.samples_file) == [replace(wild, status="accepted")]


NUMBERS = st.integers(0, 30)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), NUMBERS),
        st.tuples(st.just("status"), st.sets(NUMBERS), st.sampled_from(["accepted", "rejected", "new"])),
        st.tuples(st.just("edit"), NUMBERS, st.text(max_size=20)),
        st.tuples(st.just("delete"), st.sets(NUMBERS, max_size=6)),
        *(st.tuples(st.just(what)) for what in ("undo", "note", "rewrite")),
    ),
    max_size=25,
)


def do(store, path, step):
    match step:
        case ("append", int(number)):
            append_sample(path, make_sample(number))
        case ("status", set(chosen), str(status)):
            store.set_status([f"s{number}" for number in chosen], status)
        case ("edit", int(number), str(words)):
            try:
                store.edit(f"s{number}", words, words[::-1])
            except AppError as error:
                assert error.code in {"sample_gone", "sample_empty"}
        case ("delete", set(chosen)):
            store.delete([f"s{number}" for number in chosen])
        case ("undo",):
            assert (store.counts().undoable > 0) == (store.undo() is not None)
        case ("note",):
            with path.open("ab") as file:
                file.write(b'{"half": \n# note')
        case ("rewrite",):
            write_by_hand(path, b"# head\n" + path.read_bytes())


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_happens_the_store_shows_what_stands_in_the_file(tmp_path_factory, steps):
    project = ProjectStore(tmp_path_factory.mktemp("store")).create("p")
    store, path = SampleStore(project), project.samples_file
    append_sample(path, make_sample(31))
    undoable = 0
    for step in steps:
        before = read_samples(path)
        do(store, path, step)
        if step[0] in ("status", "edit", "delete"):
            undoable += read_samples(path) != before
        undoable = max(0, undoable - (step[0] == "undo"))
        assert store.counts().undoable == undoable
        rows, query = [], ALL
        while page := store.page(query, 7).rows:
            rows += page
            query = replace(query, after=page[-1].number)
        shown = [replace(row.sample, id="") for row in rows]
        assert shown == [replace(sample, id="") for sample in read_samples(path)]
        assert len({row.sample.id for row in rows}) == len(rows) == store.counts().total


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_undoing_everything_gives_the_samples_back(tmp_path_factory, steps):
    project = ProjectStore(tmp_path_factory.mktemp("undo")).create("p")
    append_samples(project.samples_file, [make_sample(number) for number in range(20)])
    store, before = SampleStore(project), project.samples_file.read_bytes()
    for step in steps:
        if step[0] in ("status", "edit", "delete"):
            do(store, project.samples_file, step)
    while store.undo():
        pass
    assert project.samples_file.read_bytes() == before


APPENDER = """
import sys
from pathlib import Path
from core.samples.store.sft_dataset import append_sample
from core.samples.store.sample import Sample
for number in range(150):
    sample = Sample(f"{sys.argv[2]} {number}", "x" * 3000, f"{sys.argv[2]}{number}")
    append_sample(Path(sys.argv[1]) / "data" / "sft_data.jsonl", sample)
"""
EDITOR = """
import sys
from pathlib import Path
from core.jobs.job import PauseRequested
from core.project_manager import Project
from core.samples.store.sample_store import SampleStore
store = SampleStore(Project(Path(sys.argv[1])))
for number in range(1, 11):
    store.edit(f"s{number}", f"edited {number}", "y")
    store.set_status([f"s{number}"], "accepted")
    store.delete([f"s{number}"])
    store.undo()
    print(number, flush=True)
"""


def start(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def test_no_line_is_lost_while_processes_append_and_people_edit(filled):
    processes = [start(APPENDER, str(filled.root), name) for name in "ab"] + [start(EDITOR, str(filled.root))]
    store = SampleStore(filled)
    while any(process.poll() is None for process in processes):
        page = store.page(ALL, 20)
        assert len({row.sample.id for row in page.rows}) == len(page.rows)
        store.set_status(["s10"], "new")
    errors = [process.communicate()[1] for process in processes]
    assert errors == ["", "", ""]
    ids = ids_of(filled)
    assert sorted(ids) == sorted(
        [f"s{number}" for number in range(1, 11)] + [f"{name}{number}" for name in "ab" for number in range(150)]
    )
    edited = [sample.instruction for sample in read_samples(filled.samples_file) if sample.id.startswith("s")]
    assert edited == [f"edited {number}" for number in range(1, 11)]


@pytest.mark.parametrize("heard", [1, 4])
def test_a_killed_editor_leaves_the_old_file_or_the_new_one(filled, heard):
    process = start(EDITOR, str(filled.root))
    for _ in range(heard):
        process.stdout.readline()
    process.kill()
    process.communicate()
    assert set(ids_of(filled)) >= {f"s{number}" for number in range(1, 11)} - {f"s{heard + 1}"}
    assert len(filled.samples_file.read_bytes().splitlines()) >= 9
    SampleStore(filled).set_status(["s9"], "rejected")
    assert not list(filled.samples_file.parent.glob(".*.tmp"))


def test_who_waits_too_long_for_the_lock_is_told_so(filled, monkeypatch):
    monkeypatch.setattr(sample_file, "LOCK_SECONDS", 0.0)
    with sample_file.locked(filled.samples_file), pytest.raises(AppError, match="samples_busy"):
        SampleStore(filled).set_status(["s1"], "accepted")

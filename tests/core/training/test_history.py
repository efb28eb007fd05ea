"""The history of training runs: what it tells, what damage it survives, and what is noted of models."""

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.models import unpacked
from core.project_manager import ProjectStore
from core.training import checkpoints, history, provenance
from tests.core.training.history_material import add_checkpoint, make_run, publish, write_curve
from utils.files import write_json


def test_a_finished_run_tells_all_that_is_known_of_it(project):
    run = make_run(project, repeats="earlier", branch={"run": "parent", "step": 4})
    write_curve(run, [(step, 4.0 - step / 4) for step in range(1, 9)], [(4, 2.5), (8, 2.7)])
    add_checkpoint(run, 4)
    add_checkpoint(run, 8)
    write_json(run.memory_file, {"ram_gib": 1.5, "device_gib": 0})
    result = {"loss": 2.1, "first_loss": 3.6, "samples": 20, "held_out": 4, "seconds": 12.5, "adapter_sha256": "ab"}
    run.write_state(JobState.DONE, result=result)
    publish(project, run)
    (entry,) = history.history(project)
    assert (entry.state, entry.base_name, entry.samples, entry.held_out) == (JobState.DONE, "practice", 20, 4)
    assert (entry.first_loss, entry.loss, entry.eval_loss, entry.best_epoch) == (3.6, 2.1, 2.5, 1)
    assert (entry.steps, entry.seconds, entry.memory_gib) == (8, 12.5, 1.5)
    assert entry.points == (history.Point(4, 1.0, 2.5), history.Point(8, 2.0, 2.7))
    assert (entry.parent, entry.parent_step, entry.repeats) == ("parent", 4, "earlier")
    assert (entry.adapter_sha256, entry.published) == ("ab", True)
    assert entry.size_bytes > 2000


def test_an_interrupted_run_tells_what_its_curve_says(project):
    run = make_run(project)
    write_curve(run, [(step, 10.0 - step) for step in range(1, 9)])
    (entry,) = history.history(project)
    assert entry.state == JobState.INTERRUPTED
    assert (entry.first_loss, entry.loss, entry.eval_loss) == (8.5, 2.5, None)


def test_the_newest_run_comes_first_and_folders_that_are_no_runs_are_passed_over(project):
    assert history.history(project) == []
    runs = [make_run(project), make_run(project)]
    for name, content in (("1", b"{"), ("2", b"[]"), ("3", b'{"kind": 5}'), ("4", b"null"), ("5", b"\xff\xfe\x00")):
        folder = project.runs_folder / f"{name}-train"
        folder.mkdir()
        (folder / "run.json").write_bytes(content)
    (project.runs_folder / "6-train").write_text("a file")
    (project.runs_folder / "7-train").mkdir()
    assert [entry.id for entry in history.history(project)] == [run.id for run in reversed(runs)]


HUGE = 10**400  # which no float can be
NAMES = ("files", "crc32", "run", "step", "name", "source", "device_gib", "ram_gib", "params", "key", "samples", "a")
SINGLE = st.none() | st.booleans() | st.floats() | st.integers() | st.just(HUGE) | st.text(max_size=5)
JUNK = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=6,
)
LINES = st.fixed_dictionaries(
    {"step": SINGLE}, optional=dict.fromkeys(("loss", "eval_loss", "epoch", "seconds", "learning_rate"), SINGLE)
)
RESULT_NAMES = ("loss", "first_loss", "eval_loss", "samples", "held_out", "seconds", "adapter_sha256")
REQUEST_NAMES = ("base", "training", "branch", "repeats", "created", "versions", "machine")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    request_junk=st.dictionaries(st.sampled_from(REQUEST_NAMES), JUNK),
    result=st.dictionaries(st.sampled_from(RESULT_NAMES), JUNK),
    lines=st.lists(LINES | JUNK, max_size=3),
    other=JUNK,
)
@example(request_junk={}, result={}, lines=[{"step": HUGE, "loss": HUGE}], other={})
def test_whatever_a_folder_holds_the_history_can_be_read(tmp_path_factory, request_junk, result, lines, other):
    project = ProjectStore(tmp_path_factory.mktemp("projects")).create("p")
    run = create_run(project, "train", request_junk)
    write_json(run.folder / "state.json", {"state": "done", "result": result})
    run.metrics_file.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"step": 1, "loss": NaN}\n')
    write_json(run.memory_file, other)
    folder = run.trainer_folder / "checkpoint-3"
    folder.mkdir(parents=True)
    write_json(folder / "complete.json", other)
    best = project.checkpoints_folder / "best"
    best.mkdir()
    write_json(best / checkpoints.PUBLISHED_NOTE, other)
    (entry,) = history.history(project)
    assert entry.id == run.id
    provenance.facts([entry.request, {}])


def test_settings_and_versions_are_told_apart(project):
    then = {"training": {"epochs": 2, "seed": 1}, "versions": {"torch": "2.1"}, "base": {"folder": "/a"}}
    now = {"training": {"epochs": 3, "seed": 1}, "versions": {"torch": "2.2"}, "base": {"folder": "/b"}}
    found = {fact.name: fact.values for fact in provenance.facts([then, now]) if fact.differs}
    assert found == {"training.epochs": (2, 3), "versions.torch": ("2.1", "2.2")}
    assert [fact.name for fact in provenance.environment_differences(then, now)] == ["versions.torch"]


def test_the_revision_of_a_snapshot_is_its_commit_and_of_an_unpacked_model_its_digest(tmp_path):
    assert provenance.revision_of(tmp_path / "snapshots" / "abc") == "abc"
    kind = {"name": "qwen3", "digest": "d1gest", "family": "qwen3", "quantization": "q8_0", "parameters": 1}
    unpacked.write_note(tmp_path, unpacked.Note(1.0, 0.0, 1, 1, 1, **kind))
    assert provenance.revision_of(tmp_path) == "sha256:d1gest"
    assert provenance.revision_of(tmp_path / "folder") == ""

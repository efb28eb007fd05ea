"""Repeating a run: bit-identical where nothing changed, and told where something did; a branch without its parent."""

import shutil

import pytest

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import list_runs, open_run
from core.jobs.services import Services
from core.project_manager import Project, ProjectStore
from core.training import checkpoints, derived_runs, provenance, train
from core.training.derived_runs import START
from tests.core.training.bundle_material import packed, parts_of
from tests.core.training.training_material import TrainingContext, curve, make_base, make_project, pause
from tests.refusals import code_of
from utils.config import change_app_settings, changed
from utils.files import append_line, read_json, sha256_of, write_json

QUICK = {"epochs": 2, "batch_size": 4, "held_out_share": 0.2, "max_length": 64}


class Stage:
    """A project whose jobs the test does itself, in its own process."""

    def __init__(self, services, folder):
        self.services = services
        self.project = make_project(folder)
        self.base = make_base(folder / "base")
        self.choose(self.base)
        self.project.set("training", QUICK)

    def choose(self, folder):
        choice = {"source": "path", "name": str(folder)}
        self.project.save_config(changed(self.project.load_config(), base=choice))

    def start(self):
        trainer.start_training(self.services, self.project)
        return newest(self.project)

    def repeat(self, run):
        trainer.reproduce_training(self.services, self.project, run.id)
        return newest(self.project)

    def finished(self):
        run = self.start()
        run.write_state(JobState.DONE, result={"adapter_sha256": "a" * 64})
        return run


def do(run):
    """What the job of a run does."""
    run.write_state(JobState.DONE, result=train.run(TrainingContext(), run))
    return run


def newest(project):
    return list_runs(project, "train")[-1]


def quiet_services(folder, patch):
    """Services whose jobs are made but not run."""
    patch.setenv("CUSTOM_AI_CONFIG", str(folder / "config"))
    services = Services(ProjectStore(folder / "projects"))
    change_app_settings(force_cpu=True)
    patch.setattr(services.runner, "start", lambda job: job)
    return services


@pytest.fixture
def held(tmp_path, monkeypatch):
    return quiet_services(tmp_path, monkeypatch)


@pytest.fixture
def stage(held, tmp_path):
    return Stage(held, tmp_path / "here")


def test_a_repeated_run_ends_with_the_same_adapter_to_the_last_bit(stage):
    first = do(stage.start())
    append_line(stage.project.samples_file, '{"instruction": "Neu?", "output": "Ja."}')
    stage.project.set("training", {"epochs": 1, "lora_rank": 8})
    second = do(stage.repeat(first))
    assert curve(second) == curve(first)
    assert second.request["repeats"] == first.id
    assert second.samples_file.read_bytes() == first.samples_file.read_bytes()
    found = derived_runs.outcome(second)
    assert found == derived_runs.Outcome(first.id, (), True)
    assert derived_runs.outcome(first) is None  # which repeats none


def test_all_that_a_repetition_needs_is_noted(stage):
    noted = stage.start().request
    names = {"training", "seed", "engine", "force_cpu", "processes", "samples_sha256", "versions", "machine", "app"}
    assert names <= noted.keys()
    assert {"fingerprint", "revision", "source", "name"} <= noted["base"].keys()
    assert noted["samples_sha256"] == sha256_of(stage.project.samples_file)
    assert noted["app"]["source_sha256"]


def test_other_versions_are_named_with_both_numbers(stage, monkeypatch):
    run = stage.finished()
    monkeypatch.setattr(provenance, "installed_versions", lambda: {**run.request["versions"], "torch": "9.9"})
    found = derived_runs.outcome(stage.repeat(run))
    (difference,) = found.differences
    assert (difference.name, difference.values) == ("versions.torch", (run.request["versions"]["torch"], "9.9"))
    assert found.identical is None  # nobody can tell yet


def test_a_different_end_is_told_also_when_the_original_was_deleted(stage):
    run = stage.finished()
    again = stage.repeat(run)
    again.write_state(JobState.DONE, result={"adapter_sha256": "b" * 64})
    shutil.rmtree(run.folder)
    assert derived_runs.outcome(again) == derived_runs.Outcome(run.id, (), False)


def test_a_model_that_was_made_anew_is_refused(stage):
    run = stage.finished()
    write_json(stage.base / "config.json", {**read_json(stage.base / "config.json"), "changed": True})
    assert code_of(lambda: stage.repeat(run)) == "repeat_base_changed"
    assert list_runs(stage.project, "train") == [run]


def test_a_model_that_moved_is_found_where_the_project_has_it_now(stage, tmp_path):
    run = stage.finished()
    moved = stage.base.rename(tmp_path / "elsewhere")
    assert code_of(lambda: stage.repeat(run)) == "repeat_base_missing"
    stage.choose(moved)
    assert stage.repeat(run).base_folder == moved


def test_samples_that_were_changed_in_the_runs_folder_are_refused(stage):
    run = stage.finished()
    append_line(run.samples_file, '{"instruction": "a", "output": "b"}')
    assert code_of(lambda: stage.repeat(run)) == "repeat_samples_changed"


@pytest.mark.parametrize(
    ("part", "value", "code"),
    [
        ("base", {"source": "path", "name": "x"}, "repeat_incomplete"),
        ("engine", None, "repeat_incomplete"),
        ("training", None, "repeat_settings_unknown"),
        ("training", {"epochs": 2, "from_the_future": 1}, "repeat_settings_unknown"),
    ],
)
def test_a_run_of_another_version_that_cannot_be_repeated_is_refused(stage, part, value, code):
    run = stage.finished()
    request = {**run.request, part: value}
    write_json(run.folder / "run.json", {name: content for name, content in request.items() if content is not None})
    assert code_of(lambda: stage.repeat(run)) == code


KEEPING_ONE = {"epochs": 3, "batch_size": 2, "gradient_accumulation": 2, "learning_rate": 1e-3, "keep_checkpoints": 1}
CHANGES = {"learning_rate": 1e-5, "epochs": 4}
"""So slow that the best epoch may well be one of the parent's."""
STEP = 9  # of six in an epoch


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_base(tmp_path_factory.mktemp("private") / "my-model", chat_template=None)


@pytest.fixture(scope="module")
def made(tmp_path_factory, base):
    """A finished branch that began in the middle of the second epoch, and whose parent is there."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        services = quiet_services(folder, patch)
        project = make_project(folder / "here")
        project.save_config(changed(project.load_config(), base={"source": "path", "name": str(base)}))
        project.set("training", KEEPING_ONE)
        trainer.start_training(services, project)
        parent = newest(project)
        pause(parent, at=STEP)
        parent.write_state(JobState.CANCELLED)
        trainer.continue_from_checkpoint(services, project, parent.id, STEP, CHANGES)
        return do(newest(project))


@pytest.fixture
def branch(made, tmp_path):
    """The same in a copy of its project, to be spoilt."""
    return open_run(Project(shutil.copytree(made.project.root, tmp_path / "here" / "Physik")), made.id)


def test_a_branch_is_repeated_bit_by_bit_when_its_parent_was_deleted(held, branch):
    project, parent = branch.project, branch.request["branch"]["run"]
    trainer.delete_run(held, project, parent)
    trainer.reproduce_training(held, project, branch.id)
    again = do(newest(project))
    assert derived_runs.outcome(again) == derived_runs.Outcome(branch.id, (), True)
    assert curve(again) == curve(branch)
    ends = [checkpoints.newest_complete(run.trainer_folder).folder for run in (branch, again)]
    for name in (checkpoints.ADAPTER, "adapter_config.json", "optimizer.pt", "rng_state.pth"):
        assert (ends[0] / name).read_bytes() == (ends[1] / name).read_bytes()
    # And so is what repeated it.
    trainer.delete_run(held, project, branch.id)
    trainer.reproduce_training(held, project, again.id)
    assert derived_runs.outcome(do(newest(project))).identical


def test_a_branch_whose_beginning_is_damaged_or_was_never_kept_is_refused(held, branch):
    shutil.rmtree(branch.folder / START)
    before = list_runs(branch.project)
    assert code_of(lambda: trainer.reproduce_training(held, branch.project, branch.id)) == "repeat_needs_parent"
    assert list_runs(branch.project) == before


def test_what_is_taken_along_of_a_branch_names_no_folder_and_says_where_it_came_from(made):
    parts = parts_of(packed(made))
    assert not any(name.startswith("start/") for name in parts)
    for content in parts.values():
        assert made.project.root.as_posix().encode() not in content and b"/my-model" not in content
    assert f"(ab {made.request['branch']['run']}, Schritt {STEP})" in parts["README.md"].decode()

"""A branch is repeated bit by bit when its parent is gone, and taken along without this machine's folders."""

import shutil

import pytest

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import list_runs, open_run
from core.jobs.services import Services
from core.project_manager import Project, ProjectStore
from core.training import checkpoints, derived_runs, train
from core.training.derived_runs import START
from tests.core.training.bundle_material import packed, parts_of
from tests.core.training.training_material import TrainingContext, curve, make_base, make_project, pause
from tests.refusals import code_of
from utils.config import change_app_settings, changed

SETTINGS = {"epochs": 3, "batch_size": 2, "gradient_accumulation": 2, "learning_rate": 1e-3, "keep_checkpoints": 1}
CHANGES = {"learning_rate": 1e-5, "epochs": 4}
"""So slow that the best epoch may well be one of the parent's."""
STEP = 9  # of six in an epoch


def do(project):
    """Work on the newest training as its job would."""
    run = list_runs(project, "train")[-1]
    run.write_state(JobState.DONE, result=train.run(TrainingContext(), run))
    return run


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
        project.set("training", SETTINGS)
        trainer.start_training(services, project)
        parent = list_runs(project, "train")[-1]
        pause(parent, at=STEP)
        parent.write_state(JobState.CANCELLED)
        trainer.continue_from_checkpoint(services, project, parent.id, STEP, CHANGES)
        return do(project)


@pytest.fixture
def branch(made, tmp_path):
    """The same in a copy of its project, to be spoilt."""
    return open_run(Project(shutil.copytree(made.project.root, tmp_path / "here" / "Physik")), made.id)


@pytest.fixture
def held(tmp_path, monkeypatch):
    return quiet_services(tmp_path, monkeypatch)


def quiet_services(folder, patch):
    """Services whose jobs are made but not run."""
    patch.setenv("CUSTOM_AI_CONFIG", str(folder / "config"))
    services = Services(ProjectStore(folder / "projects"))
    change_app_settings(force_cpu=True)
    patch.setattr(services.runner, "start", lambda job: job)
    return services


def test_a_branch_is_repeated_bit_by_bit_when_its_parent_was_deleted(held, branch):
    project, parent = branch.project, branch.request["branch"]["run"]
    assert trainer.loss_of_deleting(project, parent).branches == ()
    trainer.delete_run(held, project, parent)
    trainer.reproduce_training(held, project, branch.id)
    again = do(project)
    assert derived_runs.outcome(again) == derived_runs.Outcome(branch.id, (), True, len(curve(branch)), None, 0.0)
    assert curve(again) == curve(branch)
    newest = [checkpoints.newest_complete(run.trainer_folder).folder for run in (branch, again)]
    for name in (checkpoints.ADAPTER, "adapter_config.json", "optimizer.pt", "rng_state.pth"):
        assert (newest[0] / name).read_bytes() == (newest[1] / name).read_bytes()
    # And so is what repeated it.
    trainer.delete_run(held, project, branch.id)
    trainer.reproduce_training(held, project, again.id)
    assert derived_runs.outcome(do(project)).identical


def test_a_branch_that_kept_nothing_is_repeated_from_what_its_parent_has_and_else_refused(held, branch):
    shutil.rmtree(branch.folder / START)  # as branches of earlier versions are
    parent = branch.request["branch"]["run"]
    trainer.reproduce_training(held, branch.project, branch.id)
    again = do(branch.project)
    assert again.request["branch"] == branch.request["branch"] == {"run": parent, "step": STEP}
    assert derived_runs.outcome(again).identical
    assert trainer.loss_of_deleting(branch.project, parent).branches == (branch.id,)
    refuses_without_parent(held, branch)


def test_a_branch_from_elsewhere_that_an_earlier_version_opened_is_refused_before_it_fails_at_the_end(held, branch):
    for kept in (branch.folder / START).iterdir():
        (kept / "adapter_config.json").unlink()
        checkpoints.mark_complete(kept)
    refuses_without_parent(held, branch)


def refuses_without_parent(held, branch):
    trainer.delete_run(held, branch.project, branch.request["branch"]["run"])
    before = list_runs(branch.project)
    code = code_of(lambda: trainer.reproduce_training(held, branch.project, branch.id))
    assert (code, list_runs(branch.project)) == ("repeat_needs_parent", before)


def test_what_is_taken_along_of_a_branch_names_no_folder_and_says_where_it_came_from(made):
    parts = parts_of(packed(made))
    assert not any(name.startswith("start/") for name in parts)
    for content in parts.values():
        assert made.project.root.as_posix().encode() not in content and b"/my-model" not in content
    assert f"({made.request['branch']['run']}, Schritt {STEP})" in parts["README.md"].decode()

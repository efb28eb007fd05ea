"""A branch taken along: repeated where nobody ever saw its parent, bit by bit, and without running anybody's code."""

import hashlib
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest

from core import history_pipeline, training_pipeline
from core.jobs import JobState, PauseRequested
from core.project_manager import Project, ProjectStore
from core.runs import Run, list_runs, open_run
from core.services import Services
from core.training import bundle, checkpoints, repeat, run_deletion, trainer
from core.training.branching import START
from tests.core.recording_context import RecordingContext
from tests.core.training.training_material import TrainingContext, curve, make_base, make_project
from ui.bundle_readme import readme_in
from utils.config import BaseChoice, changed
from utils.errors import AppError

SETTINGS = {"epochs": 3, "batch_size": 2, "gradient_accumulation": 2, "learning_rate": 1e-3, "keep_checkpoints": 1}
CHANGES = {"learning_rate": 1e-5, "epochs": 4}
"""So slow that the best epoch may well be one of the parent's."""
STEP = 9  # of six in an epoch
README = readme_in("en")


def choose(project: Project, base: Path) -> Project:
    choice = BaseChoice(source="path", name=str(base))
    project.save_config(changed(project.load_config(), base=choice.model_dump()))
    return project


def do(project: Project) -> Run:
    """Work on the newest training as its job would."""
    run = list_runs(project, "train")[-1]
    run.write_state(JobState.DONE, result=trainer.run(TrainingContext(), run))
    return run


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("private") / "my-model", chat_template=None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Run:
    """A finished branch that began in the middle of the second epoch, and whose parent is there."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        services = quiet_services(folder, patch)
        project = choose(make_project(folder / "here"), base)
        project.set("training", SETTINGS)
        training_pipeline.start_training(services, project)
        parent = list_runs(project, "train")[-1]
        with pytest.raises(PauseRequested):
            trainer.run(TrainingContext(STEP), parent)
        parent.write_state(JobState.CANCELLED)
        training_pipeline.branch_training(services, project, parent.id, STEP, CHANGES)
        return do(project)


@pytest.fixture(scope="module")
def file(made: Run) -> Path:
    return packed(made)


@pytest.fixture
def branch(made: Run, tmp_path: Path) -> Run:
    """The same in a copy of its project, to be spoilt."""
    return open_run(Project(shutil.copytree(made.project.root, tmp_path / "here" / "Physik")), made.id)


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    return quiet_services(tmp_path, monkeypatch)


def quiet_services(folder: Path, patch: pytest.MonkeyPatch) -> Services:
    """Services whose jobs are made but not run."""
    patch.setenv("CUSTOM_AI_CONFIG", str(folder / "config"))
    services = Services(ProjectStore(folder / "projects"))
    services.settings.force_cpu = True
    patch.setattr(services.runner, "start", lambda job: job)
    return services


def packed(run: Run) -> Path:
    return Path(bundle.write(RecordingContext(), run, README)["file"])


def elsewhere(tmp_path: Path, base: Path, name: str = "there") -> Project:
    return choose(ProjectStore(tmp_path / name).create("Neu"), base)


def parts_of(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(file: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """The bundle with other parts, or without them, and with sums that fit."""
    parts = {**parts_of(file), **changes}
    kept = {name: part for name, part in parts.items() if part is not None and name != bundle.SUMS}
    sums = "".join(f"{hashlib.sha256(part).hexdigest()}  {name}\n" for name, part in kept.items())
    with zipfile.ZipFile(target, "w") as archive:
        for name, part in {**kept, bundle.SUMS: sums.encode()}.items():
            archive.writestr(name, part)
    return target


def test_a_branch_is_repeated_bit_by_bit_in_a_project_that_never_saw_its_parent(
    held: Services, made: Run, file: Path, base: Path, tmp_path: Path
) -> None:
    branch, there = made, elsewhere(tmp_path, base)
    history_pipeline.reproduce_bundle(held, there, file)
    again = do(there)
    assert repeat.outcome(again) == repeat.Outcome(branch.id, (), True, len(curve(branch)), None, 0.0)
    assert curve(again) == curve(branch)
    newest = [checkpoints.newest_complete(run.trainer_folder) for run in (branch, again)]
    for name in (checkpoints.ADAPTER, "adapter_config.json", "optimizer.pt", "rng_state.pth"):
        assert len({(one.folder / name).read_bytes() for one in newest if one}) == 1
    published = [run.project.checkpoints_folder for run in (branch, again)]
    trees = [{str(path.relative_to(folder)) for path in folder.rglob("*")} for folder in published]
    assert trees[0] == trees[1]
    # And on from there, to a third place.
    third = elsewhere(tmp_path, base, "third")
    history_pipeline.reproduce_bundle(held, third, packed(again))
    found = repeat.outcome(do(third))
    assert found is not None and found.identical


def test_a_branch_is_repeated_when_its_parent_was_deleted(held: Services, branch: Run) -> None:
    project, parent = branch.project, branch.request["branch"]["run"]
    assert run_deletion.loss_of_deleting(project, parent).branches == ()
    run_deletion.delete_run(held, project, parent)
    training_pipeline.reproduce_training(held, project, branch.id)
    found = repeat.outcome(do(project))
    assert found is not None and found.identical


def test_a_branch_that_kept_nothing_says_that_it_needs_its_parent(
    held: Services, branch: Run, base, tmp_path
) -> None:
    shutil.rmtree(branch.folder / START)  # as branches of earlier versions are
    parent = branch.request["branch"]["run"]
    assert run_deletion.loss_of_deleting(branch.project, parent).branches == (branch.id,)
    assert "start/checkpoint-9/optimizer.pt" in parts_of(packed(branch))  # the parent still has it
    run_deletion.delete_run(held, branch.project, parent)
    parts = parts_of(packed(branch))
    assert not any(name.startswith("start/") for name in parts)
    assert b"can be repeated only where that checkpoint still lies" in parts["README.md"]
    with pytest.raises(AppError) as refused:
        history_pipeline.reproduce_bundle(held, elsewhere(tmp_path, base), packed(branch))
    assert refused.value.code == "repeat_needs_parent"


def test_of_a_start_only_what_holds_state_is_taken_along_and_nothing_that_names_a_folder(
    made: Run, file: Path
) -> None:
    parts = parts_of(file)
    inside = {name for name in parts if name.startswith("start/")}
    steps = {name.split("/")[1] for name in inside}
    assert "checkpoint-9" in steps
    assert inside == {f"start/{step}/{name}" for step in steps for name in checkpoints.state_files(1)}
    for content in parts.values():
        assert made.project.root.as_posix().encode() not in content and b"/my-model" not in content
    assert "in the folder `start`" in parts["README.md"].decode()


class Evil:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth"])
def test_code_in_a_brought_checkpoint_is_not_run(held, file: Path, base: Path, tmp_path: Path, name: str) -> None:
    target, there = tmp_path / "was-here", elsewhere(tmp_path, base)
    evil = {f"start/checkpoint-9/{name}": pickle.dumps(Evil(target))}
    history_pipeline.reproduce_bundle(held, there, rewritten(file, tmp_path / "evil.zip", evil))
    with pytest.raises(pickle.UnpicklingError):
        do(there)
    assert not target.exists()


def test_files_that_belong_to_no_state_are_left_where_they_are(held, file: Path, base: Path, tmp_path: Path) -> None:
    evil = {
        "start/checkpoint-9/training_args.bin": b"x",
        "start/checkpoint-9/adapter_config.json": b"{}",
        "start/checkpoint-9/config.json": b"{}",
        "start/checkpoint-9/deep/er.pt": b"x",
        "start/other/optimizer.pt": b"x",
        "start/checkpoint-00/optimizer.pt": b"x",
        "start/readme.md": b"x",
    }
    there = elsewhere(tmp_path, base)
    history_pipeline.reproduce_bundle(held, there, rewritten(file, tmp_path / "more.zip", evil))
    run = list_runs(there, "train")[-1]
    names = {path.name for path in (run.folder / START).rglob("*") if path.is_file()}
    assert names == {*checkpoints.state_files(1), checkpoints.MARK}
    found = repeat.outcome(do(there))
    assert found is not None and found.identical


def records() -> dict[str, bytes | None]:
    whole = {"global_step": STEP, "max_steps": 15, "num_train_epochs": 3, "log_history": []}
    wrong = [
        {"global_step": 7},
        {"max_steps": 0},
        {"max_steps": 2},
        {"num_train_epochs": 0},
        {"num_train_epochs": "3"},
        {"log_history": [{"loss": 1.0}]},
        {"log_history": [{"step": 1, "loss": "x"}]},
        {"log_history": 5},
    ]
    damaged = {str(change): json.dumps({**whole, **change}).encode() for change in wrong}
    return {**damaged, "no JSON": b"{", "a list": b"[]", "deep": b"[" * 100_000, "none": None}


@pytest.mark.parametrize("record", records().values(), ids=records().keys())
def test_a_brought_checkpoint_whose_record_is_wrong_is_refused(
    held: Services, base: Path, file: Path, tmp_path: Path, record: bytes | None
) -> None:
    wrong = rewritten(file, tmp_path / "wrong.zip", {"start/checkpoint-9/trainer_state.json": record})
    there = elsewhere(tmp_path, base)
    with pytest.raises(AppError) as refused:
        history_pipeline.reproduce_bundle(held, there, wrong)
    assert refused.value.code == "bundle_damaged"
    assert list_runs(there) == [] and not list(there.root.glob(".bundle-*"))

"""Which checkpoint folders count, what is left of the others, and which epochs are kept and published."""

from pathlib import Path

import pytest

from core.training import checkpoints
from tests.refusals import refusal_of
from utils.files import read_json, write_json


def write_checkpoint(folder: Path, step: int, *, complete: bool = True) -> Path:
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir(parents=True)
    for name in (*checkpoints.ADAPTER_FILES, checkpoints.TRAINER_STATE, "rng_state.pth"):
        (checkpoint / name).write_text(f'{{"step": {step}}}')
    if complete:
        checkpoints.mark_complete(checkpoint)
    return checkpoint


def test_only_marked_checkpoints_count_and_the_newest_wins(tmp_path: Path) -> None:
    for step in (9, 10):
        write_checkpoint(tmp_path, step)
    write_checkpoint(tmp_path, 11, complete=False)
    newest = checkpoints.newest_complete(tmp_path)
    assert newest is not None
    assert (newest.step, newest.trainer_state) == (10, {"step": 10})


def test_a_checkpoint_with_a_missing_or_shorter_file_does_not_count(tmp_path: Path) -> None:
    (write_checkpoint(tmp_path, 1) / "rng_state.pth").unlink()
    (write_checkpoint(tmp_path, 2) / "rng_state.pth").write_text("")
    (write_checkpoint(tmp_path, 3) / checkpoints.MARK).write_text("{half")
    assert checkpoints.newest_complete(tmp_path) is None


def test_torn_checkpoints_are_removed_and_other_folders_stay(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, 1)
    write_checkpoint(tmp_path, 2, complete=False)
    (tmp_path / "notes").mkdir()
    checkpoints.remove_torn(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint-1", "notes"}


def test_a_run_without_a_folder_has_no_checkpoints(tmp_path: Path) -> None:
    assert checkpoints.newest_complete(tmp_path / "none") is None
    checkpoints.remove_torn(tmp_path / "none")


def test_only_the_wanted_checkpoints_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 10, 11):
        write_checkpoint(tmp_path, step)
    checkpoints.keep_only(tmp_path, {2, 11, 12})
    assert [checkpoint.step for checkpoint in checkpoints.complete_checkpoints(tmp_path)] == [2, 11]


def test_a_checkpoint_of_an_earlier_version_counts_without_checksums(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, 1)
    write_json(folder / checkpoints.MARK, {"files": read_json(folder / checkpoints.MARK)["files"]})
    assert checkpoints.newest_complete(tmp_path) is not None


def test_a_checkpoint_whose_bytes_changed_is_not_gone_on_from(tmp_path: Path) -> None:
    for step in (1, 2):
        write_checkpoint(tmp_path, step)
    file = tmp_path / "checkpoint-2" / "rng_state.pth"
    file.write_text(file.read_text().replace("2", "3"))
    newest = checkpoints.newest_complete(tmp_path)
    assert newest is not None and newest.step == 1


def test_a_published_adapter_is_whole_and_says_whose_it_is(tmp_path: Path) -> None:
    source, final = write_checkpoint(tmp_path / "run", 5), tmp_path / "models" / "best"
    checkpoints.publish_adapter(source, final, {"run": "old"})
    checkpoints.publish_adapter(source, final, {"run": "new"})
    assert {path.name for path in final.iterdir()} == {*checkpoints.ADAPTER_FILES, checkpoints.PUBLISHED_NOTE}
    assert checkpoints.published_note(final) == {"run": "new"}
    assert [path.name for path in final.parent.iterdir()] == ["best"]


def test_a_publication_that_fails_leaves_the_previous_one(tmp_path: Path) -> None:
    source, final = write_checkpoint(tmp_path / "run", 5), tmp_path / "models" / "best"
    checkpoints.publish_adapter(source, final, {"run": "old"})
    (source / checkpoints.ADAPTER_FILES[-1]).unlink()
    with pytest.raises(FileNotFoundError):
        checkpoints.publish_adapter(source, final, {"run": "new"})
    assert checkpoints.published_note(final) == {"run": "old"}


def test_clearing_removes_publications_and_their_leftovers_only(tmp_path: Path) -> None:
    for name in ("epoch_1", "epoch_12", "best", ".best.new", ".epoch_1.old", "mine"):
        (tmp_path / name).mkdir()
    checkpoints.clear_published(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_disk_that_is_too_full_is_said_with_figures(tmp_path: Path) -> None:
    refused = refusal_of(lambda: checkpoints.require_room(tmp_path, 1e9))
    assert refused.code == "disk_full" and refused.params["needed_gib"] > refused.params["free_gib"]
    checkpoints.require_room(tmp_path, 0.0)


def ends(*losses: float) -> list[checkpoints.EpochEnd]:
    return [
        checkpoints.EpochEnd(
            checkpoints.Checkpoint(Path(f"checkpoint-{epoch}"), epoch), epoch, {"loss": 9.0, "eval_loss": loss}
        )
        for epoch, loss in enumerate(losses, 1)
    ]


def test_the_newest_are_kept_and_the_best_however_old() -> None:
    assert [end.epoch for end in checkpoints.retained(ends(3, 1, 2, 4, 5), 2)] == [2, 4, 5]
    assert [end.epoch for end in checkpoints.retained(ends(3, 2, 1), 1)] == [3]
    assert [end.epoch for end in checkpoints.retained(ends(1, 2), 5)] == [1, 2]
    assert checkpoints.retained([], 3) == []


def test_of_equally_good_epochs_the_first_is_the_best() -> None:
    top = checkpoints.best(ends(2, 1, 1))
    assert top is not None and top.epoch == 2
    assert checkpoints.best([]) is None


def test_an_epochs_losses_are_the_mean_of_its_steps_and_what_was_measured_at_its_end() -> None:
    history = [
        {"step": 1, "loss": 4.0},
        {"step": 2, "loss": 2.0},
        {"step": 2, "eval_loss": 2.5},
        {"step": 3, "loss": 1.0},
    ]
    assert checkpoints.epoch_losses(history, 2) == [{"loss": 3.0, "eval_loss": 2.5}, {"loss": 1.0}]

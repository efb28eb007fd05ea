"""Which checkpoint folders count, what is left of the others, and which epochs are kept and published."""

from pathlib import Path

import pytest

from core.training import checkpoints
from utils.files import read_json, write_json


def write_checkpoint(folder, step, *, complete=True):
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir(parents=True)
    for name in (*checkpoints.ADAPTER_FILES, checkpoints.TRAINER_STATE, "rng_state.pth"):
        (checkpoint / name).write_text(f'{{"step": {step}}}')
    if complete:
        checkpoints.mark_complete(checkpoint)
    return checkpoint


def test_only_whole_checkpoints_count_the_newest_wins_and_torn_ones_are_removed(tmp_path):
    for step in (9, 10, 12, 13, 14, 15):
        write_checkpoint(tmp_path, step)
    write_checkpoint(tmp_path, 11, complete=False)
    (tmp_path / "checkpoint-12" / "rng_state.pth").unlink()
    (tmp_path / "checkpoint-13" / "rng_state.pth").write_text("")
    (tmp_path / "checkpoint-14" / checkpoints.MARK).write_text("{half")
    (tmp_path / "checkpoint-15" / "rng_state.pth").write_text('{"step": 16}')  # as long as before
    (tmp_path / "notes").mkdir()
    newest = checkpoints.newest_complete(tmp_path)
    assert (newest.step, newest.trainer_state) == (10, {"step": 10})
    checkpoints.remove_torn(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"checkpoint-9", "checkpoint-10", "checkpoint-15", "notes"}


def test_a_checkpoint_of_an_earlier_version_counts_without_checksums(tmp_path):
    folder = write_checkpoint(tmp_path, 1)
    write_json(folder / checkpoints.MARK, {"files": read_json(folder / checkpoints.MARK)["files"]})
    assert checkpoints.newest_complete(tmp_path) is not None


def test_a_published_adapter_is_whole_says_whose_it_is_and_stays_where_the_next_one_fails(tmp_path):
    source, final = write_checkpoint(tmp_path / "run", 5), tmp_path / "models" / "best"
    for run in ("old", "new"):
        checkpoints.publish_adapter(source, final, {"run": run})
    assert {path.name for path in final.iterdir()} == {*checkpoints.ADAPTER_FILES, checkpoints.PUBLISHED_NOTE}
    assert [path.name for path in final.parent.iterdir()] == ["best"]
    (source / checkpoints.ADAPTER_FILES[-1]).unlink()
    with pytest.raises(FileNotFoundError):
        checkpoints.publish_adapter(source, final, {"run": "newest"})
    assert checkpoints.published_note(final) == {"run": "new"}


def ends(*losses):
    return [
        checkpoints.EpochEnd(checkpoints.Checkpoint(Path(), epoch), epoch, {"loss": 9.0, "eval_loss": loss})
        for epoch, loss in enumerate(losses, 1)
    ]


@pytest.mark.parametrize(
    ("losses", "keep", "kept", "best"),
    [((3, 1, 2, 4, 5), 2, [2, 4, 5], 2), ((3, 2, 1), 1, [3], 3), ((2, 1, 1), 5, [1, 2, 3], 2), ((), 3, [], None)],
)
def test_the_newest_are_kept_and_the_best_however_old_of_equal_ones_the_first(losses, keep, kept, best):
    assert [end.epoch for end in checkpoints.retained(ends(*losses), keep)] == kept
    assert getattr(checkpoints.best(ends(*losses)), "epoch", None) == best


def test_an_epochs_losses_are_the_mean_of_its_steps_and_what_was_measured_at_its_end():
    points = ((1, "loss", 4.0), (2, "loss", 2.0), (2, "eval_loss", 2.5), (3, "loss", 1.0))
    history = [{"step": step, name: value} for step, name, value in points]
    assert checkpoints.epoch_losses(history, 2) == [{"loss": 3.0, "eval_loss": 2.5}, {"loss": 1.0}]

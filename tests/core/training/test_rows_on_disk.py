"""Rows on disk: the same ones in the same order, counted, with nothing left behind, and a full disk told."""

from pathlib import Path

import datasets
import pytest

from core.samples.store.sft_dataset import Sample
from core.training import train, training_data
from core.training.training_data import Encoded
from tests.core.training.training_material import TrainingContext, make_base, make_project, make_run, pause
from tests.refusals import code_of


def some_rows(count):
    """Rows of different lengths; every seventh has no answer token left, every fifth is cut."""
    sample = Sample("a", "b", "c")
    return [
        (sample, Encoded([2**31 - 1, *range(n % 4)], [] if n % 7 == 0 else [n, n + 1], n % 5 == 0, n % 2))
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 1023, 1024, 1025, 3000])
def test_rows_come_back_as_they_were_in_their_order_and_no_file_could_be_left_behind(tmp_path, count):
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "left by a kill").touch()
    found = some_rows(count)
    kept = [encoded for _, encoded in found if encoded.answer_ids]
    stored, none = training_data.on_disk([iter(found), iter([])], tmp_path / "rows")
    assert list(tmp_path.iterdir()) == []
    assert (list(stored.data) if stored.data else []) == [encoded.row for encoded in kept]
    assert (stored.kept, stored.dropped) == (len(kept), count - len(kept))
    assert stored.cut == sum(encoded.cut for encoded in kept)
    assert stored.longest_tokens == max((encoded.tokens for encoded in kept), default=0)
    assert none == training_data.Rows(None, 0, 0, 0, 0)


@pytest.fixture
def run(tmp_path):
    return make_run(make_project(tmp_path / "projects"), make_base(tmp_path / "base"), epochs=1)


def test_while_a_run_trains_its_rows_take_no_name_in_its_folder_nor_anywhere_else(run, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    pause(run, at=1)
    assert not list(run.folder.glob("rows*")) and not (tmp_path / "cache").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_disk_that_fills_up_with_rows_is_told_and_the_run_goes_on_later(run, monkeypatch):
    real = Path.open

    def full(self, *args, **kwargs):
        return open("/dev/full", "wb", buffering=0) if self.suffix == ".arrow" else real(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        assert code_of(lambda: train.run(TrainingContext(), run)) == "disk_is_full"
    assert not list(run.folder.glob("rows*"))
    assert train.run(TrainingContext(), run)["state"] == "done"

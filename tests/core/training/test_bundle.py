"""Bundles: complete, the same on any machine, without keys or folders of this one."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from core import keys
from core.jobs.job import CancelRequested, JobState
from core.training import bundle, checkpoints
from tests.core.recording_context import RecordingContext
from tests.core.training.bundle_material import README, finished_run, packed, parts_of
from tests.refusals import code_of
from ui.training.bundle_readme import readme_in
from utils.files import append_line, write_json

KEY = "sk-or-v1-planted-0123456789abcdef"


def test_a_bundle_holds_all_that_repeats_the_run_with_a_checksum_of_each_part(home, private_base, tmp_path):
    run = finished_run(home, private_base)
    parts = parts_of(packed(run))
    assert {"README.md", "run.json", "result.json", "sft_data.jsonl", "metrics.jsonl"} <= parts.keys()
    assert parts["sft_data.jsonl"] == run.samples_file.read_bytes()
    assert parts["adapter/adapter_model.safetensors"] == b"weights" * 1000
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(bundle.file_of(home, run.id)) as archive:
        archive.extractall(folder)
    subprocess.run(("sha256sum", "--quiet", "-c", bundle.SUMS), cwd=folder, check=True)
    listed = {line.split("  ")[1] for line in parts[bundle.SUMS].decode().splitlines()}
    assert listed == parts.keys() - {bundle.SUMS}


def test_no_folder_of_this_machine_and_no_key_is_in_a_bundle(home, private_base, tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "settings"))
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    keys.set_key("http://10.0.0.5:8000/v1", KEY + "-kept", remember=True)
    home.set("sft", {"base_url": "http://10.0.0.5:8000/v1"})
    run = finished_run(home, private_base)
    for file in (run.output_file, run.events_file, home.training_log):
        file.parent.mkdir(exist_ok=True)
        append_line(file, f"Authorization: Bearer {KEY}")
    content = b"".join(name.encode() + part for name, part in parts_of(packed(run)).items())
    for secret in (KEY, "10.0.0.5", str(tmp_path), str(Path.home()) + "/", home.root.as_posix()):
        assert secret.encode() not in content
    assert b'"name": "my-model"' in content


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/home/anna/models/qwen", "qwen"),
        (r"C:\Users\Anna\qwen", "qwen"),
        ("C:/Users/Anna/qwen", "qwen"),
        (r"\\server\share\qwen", "qwen"),
        ("~/qwen", "qwen"),
        ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"),
        ("practice", "practice"),
    ],
)
def test_paths_of_any_system_lose_their_folders(home, path, told):
    assert bundle.portable({"a": [path], "b": 1}, home) == {"a": [told], "b": 1}


def test_a_path_in_the_project_stays_one(home):
    assert bundle.portable(str(home.checkpoints_folder / "best"), home) == "models/checkpoints/best"


def test_the_readme_says_in_the_persons_language_how_to_repeat_it(home, private_base):
    run = finished_run(home, private_base)
    german = parts_of(packed(run))["README.md"].decode()
    assert "train PROJEKT --reproduce" in german
    assert "3,0000 → 2,0000" in german
    bundle.write(RecordingContext(), run, readme_in("en"))
    assert "To repeat" not in german
    assert "## Repeat it" in parts_of(bundle.file_of(home, run.id))["README.md"].decode()


def test_an_adapter_that_another_run_replaced_is_taken_from_the_best_checkpoint_left(home, private_base):
    run = finished_run(home, private_base)
    write_json(home.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE, {"run": "another"})
    for step, loss in ((4, 2.0), (8, 2.2)):
        folder = run.trainer_folder / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        (folder / checkpoints.ADAPTER).write_bytes(b"%d" % step)
        write_json(folder / "adapter_config.json", {})
        losses = [{"step": step, "loss": 3.0}, {"step": step, "eval_loss": loss}]
        state = {"max_steps": 8, "num_train_epochs": 2, "log_history": losses}
        write_json(folder / checkpoints.TRAINER_STATE, state)
        checkpoints.mark_complete(folder)
    parts = parts_of(packed(run))
    assert parts["adapter/adapter_model.safetensors"] == b"4"
    assert "`adapter`: der beste erhaltene Stand (nach Schritt 4)." in parts["README.md"].decode()


def test_a_run_whose_adapter_is_gone_is_packed_without_and_says_so(home, private_base):
    run = finished_run(home, private_base)
    write_json(home.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE, {"run": "another"})
    parts = parts_of(packed(run))
    assert "adapter/adapter_model.safetensors" not in parts
    assert "nicht mehr da" in parts["README.md"].decode()


def test_an_unfinished_run_is_not_packed(home, private_base):
    run = finished_run(home, private_base)
    run.write_state(JobState.PAUSED)
    assert code_of(lambda: packed(run)) == "bundle_not_done"
    assert not home.bundles_folder.exists()


def test_what_could_not_be_repeated_is_not_packed(home, private_base):
    run = finished_run(home, private_base)
    append_line(run.samples_file, '{"instruction": "a", "output": "b"}')
    assert code_of(lambda: packed(run)) == "repeat_samples_changed"
    write_json(run.folder / "run.json", {**run.request, "base": {"source": "path"}})
    assert code_of(lambda: packed(run)) == "repeat_incomplete"
    damaged = finished_run(home, private_base)
    damaged.write_state(JobState.DONE, result={"loss": 1.0})
    assert code_of(lambda: packed(damaged)) == "repeat_incomplete"


def test_a_stopped_packing_leaves_nothing_and_the_earlier_bundle_whole(home, private_base):
    run = finished_run(home, private_base)
    before = packed(run).read_bytes()

    class Stopped(RecordingContext):
        def checkpoint(self):
            raise CancelRequested

    with pytest.raises(CancelRequested):
        bundle.write(Stopped(), run, README)
    assert [path.name for path in home.bundles_folder.iterdir()] == [f"{run.id}.zip"]
    assert bundle.file_of(home, run.id).read_bytes() == before


def test_what_a_killed_packing_left_is_removed_by_the_next_one(home, private_base):
    run = finished_run(home, private_base)
    home.bundles_folder.mkdir(parents=True)
    (home.bundles_folder / ".half.zip.tmp").write_bytes(b"x")
    packed(run)
    assert [path.name for path in home.bundles_folder.iterdir()] == [f"{run.id}.zip"]

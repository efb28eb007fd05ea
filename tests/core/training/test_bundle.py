"""Bundles: complete, the same on any machine, without keys or folders of this one."""

import subprocess
import zipfile
from functools import partial
from pathlib import Path

import pytest

from core import keys
from core.jobs.job import JobState, PauseRequested
from core.training import bundle, checkpoints
from tests.core.recording_context import RecordingContext
from tests.core.training.bundle_material import README, finished_run, packed, parts_of
from tests.refusals import code_of
from ui.training.bundle_readme import readme
from utils.files import append_line, write_json

KEY = "sk-or-v1-planted-0123456789abcdef"


@pytest.fixture
def run(home, private_base):
    return finished_run(home, private_base)


def test_a_bundle_holds_all_that_repeats_the_run_with_a_checksum_of_each_part(run, tmp_path):
    parts = parts_of(packed(run))
    assert {"README.md", "run.json", "result.json", "sft_data.jsonl", "metrics.jsonl"} <= parts.keys()
    assert parts["sft_data.jsonl"] == run.samples_file.read_bytes()
    assert parts["adapter/adapter_model.safetensors"] == b"weights" * 1000
    with zipfile.ZipFile(bundle.file_of(run.project, run.id)) as archive:
        archive.extractall(tmp_path / "unpacked")
    subprocess.run(("sha256sum", "--quiet", "-c", bundle.SUMS), cwd=tmp_path / "unpacked", check=True)
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
        *((path, "qwen") for path in ("/home/anna/models/qwen", r"C:\Users\Anna\qwen", "C:/Users/Anna/qwen")),
        *((path, "qwen") for path in (r"\\server\share\qwen", "~/qwen")),
        *((name, name) for name in ("Qwen/Qwen3-0.6B", "practice")),
    ],
)
def test_paths_of_any_system_lose_their_folders_unless_they_lead_into_the_project(home, path, told):
    inside = str(home.checkpoints_folder / "best")
    assert bundle.portable({"a": [path, inside], "b": 1}, home) == {"a": [told, "models/checkpoints/best"], "b": 1}


def test_the_readme_says_in_the_persons_language_how_to_repeat_it(run):
    german = parts_of(packed(run))["README.md"].decode()
    assert "train PROJEKT --reproduce" in german and "3,0000 → 2,0000" in german and "To repeat" not in german
    bundle.write(RecordingContext(), run, partial(readme, "en"))
    assert "## Repeat it" in parts_of(bundle.file_of(run.project, run.id))["README.md"].decode()


def test_an_adapter_that_another_run_replaced_is_taken_from_the_best_checkpoint_left_or_its_lack_is_said(home, run):
    write_json(home.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE, {"run": "another"})
    parts = parts_of(packed(run))
    assert "adapter/adapter_model.safetensors" not in parts
    assert "nicht mehr da" in parts["README.md"].decode()
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


def test_what_is_unfinished_or_could_not_be_repeated_is_not_packed(home, run):
    append_line(run.samples_file, '{"instruction": "a", "output": "b"}')
    assert code_of(lambda: packed(run)) == "repeat_samples_changed"
    write_json(run.folder / "run.json", {**run.request, "base": {"source": "path"}})
    assert code_of(lambda: packed(run)) == "repeat_incomplete"
    run.write_state(JobState.DONE, result={"loss": 1.0})
    assert code_of(lambda: packed(run)) == "repeat_incomplete"
    run.write_state(JobState.PAUSED)
    assert code_of(lambda: packed(run)) == "bundle_not_done"
    assert not home.bundles_folder.exists()


def test_a_stopped_packing_leaves_the_earlier_bundle_whole_and_what_a_killed_one_left_is_removed(home, run):
    home.bundles_folder.mkdir(parents=True)
    (home.bundles_folder / ".half.zip.tmp").write_bytes(b"x")
    before = packed(run).read_bytes()
    with pytest.raises(PauseRequested):
        bundle.write(RecordingContext(stop_after=1), run, README)
    assert [path.name for path in home.bundles_folder.iterdir()] == [f"{run.id}.zip"]
    assert bundle.file_of(home, run.id).read_bytes() == before

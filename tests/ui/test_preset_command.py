"""Presets on the command line: flags given beside one win, and what was chosen is told."""

import json
import os
import subprocess
import sys
from pathlib import Path

from core.project_manager import Project, ProjectStore
from core.samples.sft_dataset import Sample, append_samples

ROOT = Path(__file__).resolve().parents[2]


def train(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py", "--projects", folder / "projects", "train", "Physik", *flags],
        cwd=ROOT,
        env={**os.environ, "CUSTOM_AI_CONFIG": str(folder / "config"), "LC_ALL": "en_US.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def project_with_samples(folder: Path) -> Project:
    project = ProjectStore(folder / "projects").create("Physik")
    append_samples(project.samples_file, [Sample(f"{number}?", "Yes.", str(number)) for number in range(100)])
    return project


def test_a_preset_fills_the_settings_flags_win_and_what_was_chosen_is_told(tmp_path: Path) -> None:
    project = project_with_samples(tmp_path)
    done = train(tmp_path, "--preset", "thorough", "--epochs", "2", "--target-modules", "q_proj,v_proj")
    assert done.returncode == 1 and "model" in done.stderr  # none is chosen yet, so nothing trains in this test
    assert "LoRA rank 32" in done.stderr
    settings = json.loads(project.config_file.read_text())["training"]
    assert (settings["lora_rank"], settings["epochs"], settings["target_modules"]) == (32, 2, ["q_proj", "v_proj"])


def test_a_preset_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    assert train(tmp_path, "--preset", "magic").returncode == 2


def test_a_layer_that_does_not_exist_is_refused_by_its_label(tmp_path: Path) -> None:
    project_with_samples(tmp_path)
    done = train(tmp_path, "--target-modules", "x_proj")
    assert done.returncode == 1 and "“Which layers learn”" in done.stderr

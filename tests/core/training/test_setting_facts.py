"""What is true of a training setting stands on its field, and nowhere else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from utils.config import Group, SettingFact, TrainingSettings, settings_with

ROOT = Path(__file__).resolve().parents[3]
FIELD = (
    "    sharpness: Annotated[float, Group.LEARNING, MAY_CHANGE, READING, ON_CARD, HELD] = Field(0.25, ge=0, le=1)\n"
)
WORDS = {"de": '"field.sharpness" = "Schärfe"\n', "en": '"field.sharpness" = "Sharpness"\n'}
WHAT_COMES_OF_IT = """
from pathlib import Path
from types import SimpleNamespace

import gradio as gr

from core import hardware_detector, trainer
from core.export import model_card
from core.project_manager import ProjectStore
from core.training import derived_runs, presets, provenance
from ui import tab_training
from ui.cli import command_line
from ui.training import history_words
from ui.texts import text
from utils.config import TrainingSettings

hardware = hardware_detector.detect(Path("."), force_cpu=True)
page = SimpleNamespace(
    language="de", t=lambda key: text(key, "de"), services=SimpleNamespace(hardware=lambda: hardware)
)
with gr.Blocks():
    assert tab_training.setting_fields(page)["sharpness"].label == "Schärfe"
assert command_line.parser().parse_args(["train", "p", "--sharpness", "0.5"]).sharpness == "0.5"
project = ProjectStore(Path("projects")).create("p")
project.set("training", {"sharpness": "0.5"})
own = project.load_config().training
record = {"training": own.model_dump()}
assert [(fact.name, fact.values) for fact in provenance.facts([record]) if fact.values == (0.5,)]
assert history_words.fact_label("training.sharpness", "en") == "Sharpness"
assert derived_runs.changed_settings(own, None, {"sharpness": 0.75}).sharpness == 0.75
assert model_card.settings_shown(record["training"])["sharpness"] == 0.5
project.samples_file.parent.mkdir(exist_ok=True)
project.samples_file.write_text("")
assert trainer.preflight_basis(project.samples_file, project.root, own)["sharpness"] == 0.5
preset = presets.choose("quick", presets.Situation(None, 90, 10, 400, hardware), own)
assert preset.values["sharpness"] == 0.25
filled = TrainingSettings(**{**own.model_dump(), **preset.values})
assert preset.equals(filled) and not preset.equals(filled.model_copy(update={"sharpness": 0.5}))
"""


def test_a_training_setting_is_a_line_in_one_file_and_its_words(tmp_path):
    for name in ("core", "ui", "utils"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file, line, before in (
        ("utils/config.py", FIELD, "    weight_decay:"),
        *((f"ui/texts/{language}/common.toml", words, '"field.weight_decay"') for language, words in WORDS.items()),
    ):
        text = (tmp_path / file).read_text("utf-8")
        assert text.count(before) == 1
        (tmp_path / file).write_text(text.replace(before, line + before), "utf-8")
    done = subprocess.run((sys.executable, "-c", WHAT_COMES_OF_IT), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_each_setting_stands_in_one_place_of_the_form():
    shown = [name for group in Group for name in settings_with(group)]
    assert shown == list(TrainingSettings.model_fields)


@pytest.mark.parametrize("fact", SettingFact)
def test_each_fact_is_true_of_some_settings_and_not_of_all(fact):
    assert 0 < len(settings_with(fact)) < len(TrainingSettings.model_fields)

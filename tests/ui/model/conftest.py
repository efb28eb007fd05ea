"""A machine with memory for small models, and nothing of Hugging Face or Ollama on it."""

import pytest

from core.estimates import run_time
from ui.model import hub_panel, ollama_panel, recommended_panel
from utils.config import BaseChoice


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    for name in ("HF_HUB_CACHE", "CUSTOM_AI_CACHE", "OLLAMA_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setattr("core.estimates.memory.free_gib", lambda hardware, processes=1: 18.0)
    monkeypatch.setattr(run_time, "_core_speed", lambda: 8e10)
    monkeypatch.setattr(run_time.hardware_detector, "cores_for_work", lambda: 2)
    for remembered in (hub_panel.LISTS, hub_panel.FITS, ollama_panel.LISTS, recommended_panel.FOUND):
        remembered.forget()


@pytest.fixture
def store(tmp_path):
    """Where Ollama keeps its models."""
    return tmp_path / "ollama_models"


@pytest.fixture
def choose(project):
    """`choose("hf", "vendor/model")`: it is written down as the project's choice, and nothing else is done."""

    def write_down(source: str, name: str) -> None:
        base = BaseChoice(source=source, name=name)
        project.save_config(project.load_config().model_copy(update={"base": base}))

    return write_down

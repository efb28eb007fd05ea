"""Whether a training fits here: the light, what each process has to itself, and what would save memory."""

from pathlib import Path

import pytest

from core.hardware_detector import Hardware
from core.training import memory_outlook
from tests.core.training.machine_material import machine, write_model
from utils.config import TrainingSettings


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "config"))


def test_the_light_says_whether_it_fits(tmp_path: Path) -> None:
    write_model(tmp_path, all=[60_000])
    settings = TrainingSettings(batch_size=4)

    def light(hardware: Hardware) -> str:
        found = memory_outlook.outlook(tmp_path, tmp_path / "none", settings, hardware, 512)
        assert found is not None
        return found.light

    found = memory_outlook.outlook(tmp_path, tmp_path / "none", settings, machine("cpu", 8.0), 512)
    assert found is not None
    total = found.estimate.total_gib
    lights = [light(machine("cpu", free)) for free in (2 * total, 1.1 * total, 0.9 * total)]
    assert lights == ["green", "amber", "red"]
    assert light(machine("cuda", None)) == "unknown"
    assert [way.saved_gib for way in found.savings] == sorted((way.saved_gib for way in found.savings), reverse=True)
    assert {"batch_size", "max_length", "gradient_checkpointing"} <= {way.name for way in found.savings}


def test_processes_on_one_machine_share_its_memory_and_on_gpus_each_has_its_own(tmp_path: Path) -> None:
    write_model(tmp_path, all=[60_000])

    def free(kind: str) -> float | None:
        settings = TrainingSettings(processes=4)
        found = memory_outlook.outlook(tmp_path, tmp_path / "none", settings, machine(kind, 8.0), 512)
        return found and found.free_gib

    assert (free("cpu"), free("cuda")) == (2.0, 8.0)

"""Whether a training fits here: the light, what each process has to itself, and what would save memory."""

import json
from pathlib import Path

import pytest

from core.hardware_detector import Accelerator, Hardware
from core.training import memory_outlook
from tests.core.training.machine_material import CONFIG, weights_file
from utils.config import TrainingSettings


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "config"))


def machine(kind: str = "cpu", free_gib: float | None = 8.0) -> Hardware:
    return Hardware(
        accelerator=Accelerator(kind, "x", None if kind == "cpu" else 8.0, None if kind == "cpu" else free_gib),
        cpu_name="x",
        cores=2,
        ram_gib=16.0,
        free_ram_gib=free_gib or 0.0,
        free_disk_gib=100.0,
        bf16=True,
        unsloth_installed=False,
        torch_sees_gpu_kind="cpu",
    )


def test_the_light_says_whether_it_fits(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    weights_file(tmp_path, all=[60_000])
    settings = TrainingSettings(batch_size=4)

    def light(hardware: Hardware) -> str:
        found = memory_outlook.outlook(tmp_path, tmp_path / "none", settings, hardware, 512)
        assert found is not None
        return found.light

    found = memory_outlook.outlook(tmp_path, tmp_path / "none", settings, machine(), 512)
    assert found is not None
    total = found.estimate.total_gib
    lights = [light(machine(free_gib=free)) for free in (2 * total, 1.1 * total, 0.9 * total)]
    assert lights == ["green", "amber", "red"]
    assert light(machine("cuda", None)) == "unknown"
    assert [way.saved_gib for way in found.savings] == sorted((way.saved_gib for way in found.savings), reverse=True)
    assert {"batch_size", "max_length", "gradient_checkpointing"} <= {way.name for way in found.savings}


def test_processes_on_one_machine_share_its_memory_and_on_gpus_each_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    weights_file(tmp_path, all=[60_000])

    def free(kind: str) -> float | None:
        settings = TrainingSettings(processes=4)
        found = memory_outlook.outlook(tmp_path, tmp_path / "none", settings, machine(kind), 512)
        return found and found.free_gib

    assert (free("cpu"), free("cuda")) == (2.0, 8.0)

"""Hardware: what the vendors' tools print, what to warn of, which settings follow."""

from dataclasses import replace
from pathlib import Path

import pytest

from core import hardware_detector
from core.hardware_detector import Accelerator, Hardware

LAPTOP = Hardware(
    accelerator=Accelerator("cpu", "CPU"),
    cpu_name="CPU",
    cores=4,
    ram_gib=32,
    free_ram_gib=20,
    free_disk_gib=100,
    bf16=False,
    unsloth_installed=False,
    torch_sees_gpu_kind="cpu",
)
RTX = replace(LAPTOP, accelerator=Accelerator("cuda", "RTX 4070", 12, 11), torch_sees_gpu_kind="cuda")


READY = replace(RTX, unsloth_installed=True)


def test_this_machine_is_described():
    hardware = hardware_detector.detect(Path("."))
    assert min(hardware.ram_gib, hardware.cores, hardware.free_disk_gib) > 0


@pytest.mark.parametrize(
    ("hardware", "warnings", "engine"),
    [
        (LAPTOP, ["cpu_only"], "trl"),
        (replace(LAPTOP, ram_gib=15.5), ["cpu_only", "low_ram"], "trl"),
        (replace(LAPTOP, ram_gib=16), ["cpu_only"], "trl"),
        (RTX, ["unsloth_missing"], "trl"),
        (READY, [], "unsloth"),
        (replace(READY, accelerator=Accelerator("mps", "M2", 12)), [], "trl"),  # Apple's is none for Unsloth
    ],
)
def test_what_a_machine_lacks_is_warned_of_and_decides_about_the_engine(hardware, warnings, engine):
    found = hardware_detector.warnings(hardware)
    assert [message.key for message in found] == [f"hardware.{name}" for name in warnings]
    assert hardware.engine == engine
    if "unsloth_missing" in warnings:
        assert found[0].params == {"name": "RTX 4070", "command": "python3 start.py gpu"}


def test_batch_sizes_on_offer_follow_the_memory():
    for hardware, largest in ((LAPTOP, 4), (RTX, 8), (replace(RTX, accelerator=Accelerator("cuda", "H", 80)), 16)):
        assert hardware_detector.batch_size_choices(hardware)[-1] == largest


def test_the_larger_of_two_nvidia_gpus_is_taken(monkeypatch):
    answer = "NVIDIA GeForce GTX 1050, 4096, 3000\nNVIDIA GeForce RTX 4090, 24564, 24000\n"
    monkeypatch.setattr(hardware_detector, "output_of", lambda command: answer)
    gpu = hardware_detector.nvidia()
    assert gpu is not None and gpu.count == 2
    assert gpu.name == "NVIDIA GeForce RTX 4090"
    assert gpu.memory_gib == pytest.approx(24, abs=0.1)


@pytest.mark.parametrize("answer", [None, "", "No devices were found", "a, [N/A], [N/A]"])
def test_an_nvidia_tool_without_a_usable_answer_means_no_gpu(monkeypatch, answer):
    monkeypatch.setattr(hardware_detector, "output_of", lambda command: answer)
    assert hardware_detector.nvidia() is None


def test_forcing_the_cpu_hides_the_gpu(monkeypatch):
    monkeypatch.setattr(hardware_detector, "find_accelerator", lambda: RTX.accelerator)
    assert hardware_detector.detect(Path("."), force_cpu=True).accelerator.kind == "cpu"
    assert hardware_detector.detect(Path(".")).accelerator.kind == "cuda"

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


def keys(hardware):
    return [message.key for message in hardware_detector.warnings(hardware)]


def test_this_machine_is_described():
    hardware = hardware_detector.detect(Path("."))
    assert hardware.ram_gib > 0
    assert hardware.cores >= 1
    assert hardware.free_disk_gib > 0


def test_a_processor_alone_is_warned_of():
    assert keys(LAPTOP) == ["hardware.cpu_only"]


def test_below_16_gib_of_memory_is_warned_of():
    assert "hardware.low_ram" in keys(replace(LAPTOP, ram_gib=15.5))
    assert "hardware.low_ram" not in keys(replace(LAPTOP, ram_gib=16))


def test_a_gpu_without_unsloth_names_the_command_that_adds_it():
    message = hardware_detector.warnings(RTX)[0]
    assert message.key == "hardware.unsloth_missing"
    assert message.params == {"name": "RTX 4070", "command": "python3 start.py gpu"}
    assert RTX.engine == "trl"


def test_a_gpu_with_unsloth_uses_it_and_warns_of_nothing():
    ready = replace(RTX, unsloth_installed=True)
    assert ready.engine == "unsloth"
    assert keys(ready) == []


def test_apple_trains_with_plain_trl_even_where_unsloth_is_installed():
    assert replace(LAPTOP, accelerator=Accelerator("mps", "M2", 12), unsloth_installed=True).engine == "trl"


def test_batch_sizes_on_offer_follow_the_memory():
    assert hardware_detector.batch_size_choices(LAPTOP) == [1, 2, 4]
    assert hardware_detector.batch_size_choices(RTX) == [1, 2, 4, 8]
    assert hardware_detector.batch_size_choices(replace(RTX, accelerator=Accelerator("cuda", "H", 80))) == [
        1,
        2,
        4,
        8,
        16,
    ]


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

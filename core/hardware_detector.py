"""What this machine has: accelerator, memory, disk; what to warn of; which settings suit it. Imports no torch."""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import psutil

from utils.errors import Message
from utils.files import free_disk_gib, parse_json

ENOUGH_RAM_GIB = 16
ENOUGH_DISK_GIB = 20
GPU_COMMAND = "python3 start.py gpu"
PROBE_TIMEOUT_SECONDS = 10
GIB = 2**30


@dataclass(frozen=True)
class Accelerator:
    """The device that would train. `kind` is cuda, rocm, xpu, mps or cpu; memory is in GiB, None where unknown.

    `count` is how many devices of its vendor there are.
    """

    kind: str
    name: str
    memory_gib: float | None = None
    free_memory_gib: float | None = None
    count: int = 1


@dataclass(frozen=True)
class Hardware:
    """This machine at one moment."""

    accelerator: Accelerator
    cpu_name: str
    cores: int
    ram_gib: float
    free_ram_gib: float
    free_disk_gib: float
    bf16: bool
    unsloth_installed: bool
    torch_sees_gpu_kind: str

    @property
    def has_gpu(self) -> bool:
        return self.accelerator.kind != "cpu"

    @property
    def engine(self) -> str:
        """Which training engine fits: Unsloth needs its package and a GPU that is not Apple's."""
        return "unsloth" if self.unsloth_installed and self.accelerator.kind in {"cuda", "rocm", "xpu"} else "trl"


def detect(folder: Path, *, force_cpu: bool = False) -> Hardware:
    """Look at the machine; `folder` tells which disk counts. Takes some 10 ms, or as long as a GPU tool takes."""
    memory = psutil.virtual_memory()
    accelerator = Accelerator("cpu", cpu_name()) if force_cpu else find_accelerator()
    return Hardware(
        accelerator=accelerator,
        cpu_name=cpu_name(),
        cores=usable_cores(),
        ram_gib=memory.total / GIB,
        free_ram_gib=memory.available / GIB,
        free_disk_gib=free_disk_gib(folder),
        bf16=accelerator.kind in {"cuda", "rocm", "xpu"} or cpu_has_bf16(),
        unsloth_installed=find_spec("unsloth") is not None,
        torch_sees_gpu_kind=torch_build(),
    )


def usable_cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def cores_for_work() -> int:
    """The cores for a long computation: all, but where there are many one is left to the app."""
    cores = usable_cores()
    return cores - 1 if cores > 4 else cores


def find_accelerator() -> Accelerator:
    """The best device of this machine, as the operating system and the vendors' tools tell it."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        # Apple's GPU shares the main memory; about three quarters of it may be used.
        return Accelerator("mps", cpu_name(), psutil.virtual_memory().total * 0.75 / GIB)
    return nvidia() or amd() or intel() or Accelerator("cpu", cpu_name())


def nvidia() -> Accelerator | None:
    """The NVIDIA GPU with the most memory, or None."""
    query = ["nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    found = []
    for line in (output_of(query) or "").splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
            found.append(Accelerator("cuda", parts[0], int(parts[1]) / 1024, int(parts[2]) / 1024))
    return _strongest(found)


def _strongest(found: list[Accelerator]) -> Accelerator | None:
    """The one with the most memory of a vendor's devices."""
    strongest = max(found, key=lambda gpu: gpu.memory_gib or 0, default=None)
    return replace(strongest, count=len(found)) if strongest else None


def amd() -> Accelerator | None:
    """The AMD GPU with the most memory as the Linux driver tells it, or None. Small ones are parts of a CPU."""
    found = []
    for device in Path("/sys/class/drm").glob("card*/device"):
        total, used = device / "mem_info_vram_total", device / "mem_info_vram_used"
        if total.is_file() and used.is_file():
            total_bytes, used_bytes = int(total.read_text()), int(used.read_text())
            if total_bytes >= 4 * GIB:
                found.append(Accelerator("rocm", "AMD GPU", total_bytes / GIB, (total_bytes - used_bytes) / GIB))
    return _strongest(found)


def intel() -> Accelerator | None:
    """An Intel data-centre or Arc GPU as xpu-smi tells it, or None."""
    answer = output_of(["xpu-smi", "discovery", "-j"])
    try:
        devices = parse_json(answer or "{}")["device_list"]
        return Accelerator("xpu", str(devices[0].get("device_name", "Intel GPU")), count=len(devices))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def output_of(command: list[str]) -> str | None:
    """What a vendor's tool prints; None where it is missing, fails or hangs."""
    if not shutil.which(command[0]):
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


@cache
def cpu_name() -> str:
    """The processor's name for people."""
    if sys.platform == "linux":
        for line in cpu_facts():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        return (output_of(["sysctl", "-n", "machdep.cpu.brand_string"]) or "Apple").strip()
    return platform.processor() or platform.machine()


@cache
def cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16 itself; without that, bf16 training is slower than fp32."""
    flags = next((line for line in cpu_facts() if line.startswith(("flags", "Features"))), "")
    return any(flag in flags.split() for flag in ("avx512_bf16", "amx_bf16", "bf16"))


@cache
def cpu_facts() -> tuple[str, ...]:
    """The lines of /proc/cpuinfo, where there is one."""
    path = Path("/proc/cpuinfo")
    return tuple(path.read_text(errors="replace").splitlines()) if path.is_file() else ()


def torch_build() -> str:
    """What the installed torch was built for: cpu, cuda, rocm or xpu; "" where torch is missing or does not say."""
    try:
        local = version("torch").partition("+")[2]
    except PackageNotFoundError:
        return ""
    if local.startswith("cu"):
        return "cuda"
    return next((kind for kind in ("cpu", "rocm", "xpu") if local.startswith(kind)), "")


def warnings(hardware: Hardware) -> list[Message]:
    """What a person should know before they start, most important first."""
    found = []
    gpu = hardware.accelerator
    if gpu.kind == "cpu":
        found.append(Message("hardware.cpu_only"))
    elif gpu.kind != "mps" and (not hardware.unsloth_installed or hardware.torch_sees_gpu_kind == "cpu"):
        found.append(Message("hardware.unsloth_missing", {"name": gpu.name, "command": GPU_COMMAND}))
    if hardware.ram_gib < ENOUGH_RAM_GIB:
        found.append(Message("hardware.low_ram", {"ram_gib": round(hardware.ram_gib)}))
    if hardware.free_disk_gib < ENOUGH_DISK_GIB:
        found.append(Message("hardware.low_disk", {"disk_gib": round(hardware.free_disk_gib, 1)}))
    return found


def batch_size_choices(hardware: Hardware) -> list[int]:
    """Batch sizes worth offering here: memory bounds them on a GPU, patience on a CPU."""
    memory_gib = hardware.accelerator.memory_gib or hardware.ram_gib
    largest = 4 if hardware.accelerator.kind == "cpu" else 4 if memory_gib < 8 else 8 if memory_gib < 20 else 16
    return [size for size in (1, 2, 4, 8, 16) if size <= largest]


def suggested_training(hardware: Hardware) -> dict[str, object]:
    """Values of TrainingSettings that suit this machine better than the general defaults."""
    memory_gib = hardware.accelerator.memory_gib or 0
    if hardware.accelerator.kind not in {"cuda", "rocm", "xpu"}:
        return {"batch_size": 2, "four_bit": False, "gradient_checkpointing": False}
    return {
        "batch_size": 2 if memory_gib < 12 else 4,
        "four_bit": memory_gib < 16,
        "gradient_checkpointing": memory_gib < 24,
    }

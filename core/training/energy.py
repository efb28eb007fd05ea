"""How much power a training draws, as a rough range: from what tools and the kernel tell, else by rule of thumb.

Nothing is measured at the plug: main board, fans and the power supply's own loss are only in the upper end.
"""

from dataclasses import dataclass
from pathlib import Path

from core import hardware_detector
from core.hardware_detector import Hardware

POWERCAP = Path("/sys/class/powercap")
WATTS_PER_CORE = (2.0, 12.0)  # a laptop's saving core, a workstation's at full clock
WATTS_AROUND = (3.0, 40.0)  # memory, board and losses that the training causes
WATTS_OF_GPU = {"cuda": (60.0, 450.0), "rocm": (60.0, 350.0), "xpu": (60.0, 300.0), "mps": (5.0, 40.0)}
GPU_SHARE = (0.35, 1.0)
"""Of its power limit, which a GPU reaches only with large models and batches."""
FEEDING_CORES = 1  # beside a GPU the CPU only feeds it


@dataclass(frozen=True)
class Power:
    """Watts while a training runs; `told` says whether a tool or the kernel told a limit."""

    low: float
    high: float
    told: bool


def power_of(hardware: Hardware, cores: int, devices: int = 1) -> Power:
    """The power of a training that keeps `cores` of the CPU busy, or so many `devices` of the accelerator."""
    kind = hardware.accelerator.kind
    busy = cores if kind == "cpu" else FEEDING_CORES
    (cpu_low, cpu_high), told = _cpu_watts(busy, hardware.cores)
    low, high = cpu_low + WATTS_AROUND[0], cpu_high + WATTS_AROUND[1]
    if kind != "cpu":
        limit = gpu_limit_watts() if kind == "cuda" else None
        told = limit is not None
        of_gpu = tuple(share * limit for share in GPU_SHARE) if limit else WATTS_OF_GPU[kind]
        low, high = low + devices * of_gpu[0], high + devices * of_gpu[1]
    return Power(low, high, told)


def _cpu_watts(busy: int, cores: int) -> tuple[tuple[float, float], bool]:
    limit = cpu_limit_watts()
    low, high = (busy * watts for watts in WATTS_PER_CORE)
    if limit is None:
        return (low, high), False
    share = busy / max(1, cores)
    # One busy core of many draws more than its share: the others' clocks and caches are up too.
    return (0.3 * share * limit, min(1.0, 2 * share) * limit), True


def cpu_limit_watts(folder: Path = POWERCAP) -> float | None:
    """What the processor may draw for long, as RAPL's driver tells it; None where it does not."""
    found = 0.0
    for package in folder.glob("intel-rapl:?"):  # AMD's are there under the same name
        try:
            found += int((package / "constraint_0_power_limit_uw").read_text()) / 1e6
        except (OSError, ValueError):
            continue
    return found or None


def gpu_limit_watts() -> float | None:
    """The power limit of the strongest NVIDIA GPU; None where no tool tells."""
    query = ["nvidia-smi", "--query-gpu=power.limit", "--format=csv,noheader,nounits"]
    limits = []
    for line in (hardware_detector.output_of(query) or "").splitlines():
        try:
            limits.append(float(line))
        except ValueError:
            continue  # "[N/A]"
    return max(limits, default=None)

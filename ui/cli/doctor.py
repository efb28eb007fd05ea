"""`doctor`: what this machine can do, in words, and the one command that would make it faster."""

import platform
from typing import Any

from core import hardware_detector
from core.jobs.services import Services
from core.trainer import installed_versions
from ui import texts


def examine(services: Services, language: str) -> dict[str, Any]:
    """Facts for scripts, and under "report" the same for people."""
    hardware = services.hardware()
    gpu = hardware.accelerator
    facts: dict[str, Any] = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpu": hardware.cpu_name,
        "cores": hardware.cores,
        "ram_gib": round(hardware.ram_gib, 1),
        "free_ram_gib": round(hardware.free_ram_gib, 1),
        "free_disk_gib": round(hardware.free_disk_gib, 1),
        "accelerator": gpu.kind,
        "accelerator_name": gpu.name,
        "accelerator_memory_gib": gpu.memory_gib and round(gpu.memory_gib, 1),
        "engine": hardware.engine,
        "bf16": hardware.bf16,
        "versions": installed_versions(),
    }
    warnings = [
        texts.text(message.key, language, **message.params) for message in hardware_detector.warnings(hardware)
    ]
    lines = [
        f"{texts.text(f'doctor.{name}', language)}: {_shown(value)}"
        for name, value in facts.items()
        if value not in (None, "") and name != "accelerator"
    ]
    return {**facts, "warnings": warnings, "report": "\n".join([*lines, *(f"⚠ {warning}" for warning in warnings)])}


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return {True: "✓", False: "–"}.get(value, str(value)) if isinstance(value, bool) else str(value)

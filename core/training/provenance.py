"""What decides about a run's result beside its settings: versions, machine, the app itself, the model's revision.

Loads no torch.
"""

import hashlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.hardware_detector import Hardware
from core.models import hub_cache, unpacked
from core.project_manager import Project
from utils.config import BaseChoice

VERSIONS_NOTED = (
    *("torch", "transformers", "tokenizers", "trl", "peft", "datasets", "accelerate", "numpy"),
    *("bitsandbytes", "unsloth", "unsloth_zoo"),
)
APP_FOLDER = Path(__file__).resolve().parents[2]
SECTIONS = ("base", "training", "versions", "machine", "app")
SINGLE_FACTS = ("engine", "force_cpu", "processes", "samples_sha256")
# Where a model lay says nothing about what it is, and a commit, as early versions noted it, nothing beside its hash.
LEFT_OUT = {"base.folder", "app.commit"}


@dataclass(frozen=True)
class Fact:
    """One thing that was noted of several runs: its name, such as `training.epochs`, and its value in each of them.

    A run that did not note it has None.
    """

    name: str
    values: tuple[Any, ...]

    @property
    def differs(self) -> bool:
        return any(value != self.values[0] for value in self.values)


def facts(requests: Sequence[Mapping[str, Any]]) -> list[Fact]:
    """All that these frozen requests note, side by side, in the order of the first one that notes it."""
    noted = [dict(_flattened(request)) for request in requests]
    names = dict.fromkeys(name for one in noted for name in one)
    return [Fact(name, tuple(one.get(name) for one in noted)) for name in names]


def environment_differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Fact]:
    """In which versions and in what of the machine two requests differ."""
    environment = ("versions.", "machine.", "app.")
    return [fact for fact in facts([then, now]) if fact.differs and fact.name.startswith(environment)]


def portable_path(project: Project, path: Path) -> str:
    """A path inside the project relative to it, so that it survives a rename; any other one as it is."""
    return str(path.relative_to(project.root)) if path.is_relative_to(project.root) else str(path)


def base_facts(project: Project, choice: BaseChoice, folder: Path, fingerprint: str) -> dict[str, str]:
    """What a request notes of the model in `folder`, with this fingerprint, that a training starts from."""
    where = {"folder": portable_path(project, folder), "revision": revision_of(folder)}
    return choice.model_dump() | where | {"fingerprint": fingerprint}


def revision_of(folder: Path) -> str:
    """Which version of a model lies in `folder`: the commit of a Hugging Face snapshot, the digest of an Ollama
    model; "" where only its fingerprint tells."""
    if commit := hub_cache.revision_of(folder):
        return commit
    note = unpacked.read_note(folder)
    return f"sha256:{note.digest}" if note else ""


def installed_versions() -> dict[str, str]:
    """The versions of the packages that a training run depends on."""
    found = {}
    for name in VERSIONS_NOTED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine_facts(hardware: Hardware) -> dict[str, object]:
    """Where a run computed, as far as it can decide about its result or its pace."""
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpu": hardware.cpu_name,
        "cores": hardware.cores,
        "ram_gib": round(hardware.ram_gib, 1),
        "accelerator": hardware.accelerator.name,
    }


@cache
def app_facts() -> dict[str, str]:
    """Which state of this app computed: a hash of its core's source."""
    digest = hashlib.sha256()
    for path in sorted((APP_FOLDER / "core").rglob("*.py")):
        digest.update(path.relative_to(APP_FOLDER).as_posix().encode() + b"\0" + path.read_bytes())
    return {"source_sha256": digest.hexdigest()}


def _flattened(request: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values of what decides about a result; requests of other versions may hold anything."""
    for section in SECTIONS:
        content = request.get(section)
        for name, value in content.items() if isinstance(content, dict) else ():
            if f"{section}.{name}" not in LEFT_OUT:
                yield f"{section}.{name}", value
    for name in SINGLE_FACTS:
        if name in request:
            yield name, request[name]

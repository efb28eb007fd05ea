"""A choice of base model → a local folder that transformers can load. Knows files; downloads nothing.

Loads no torch and no transformers: the app's own process asks here what a model is.
"""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from core import access
from core.jobs.runs import Run
from core.models import hub_cache, ollama_store, unpacked
from core.project_manager import Project
from utils.config import BaseChoice
from utils.errors import AppError, NotAFile
from utils.files import open_file, parse_json, read_json

PRACTICE_LEARNING_RATE = 1e-3
"""A tiny model has to move far to learn anything: the highest rate that the settings allow."""

PRACTICE_TRAINING = {"learning_rate": PRACTICE_LEARNING_RATE, "lora_rank": 64, "lora_alpha": 128, "batch_size": 1}
"""Settings with which three epochs over a hundred samples teach the practice model something one can see."""

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}|[A-Za-z0-9][\w.-]{0,95}")
LONGEST_HEADER_BYTES = 100_000_000
"""Which is the limit of the safetensors library too."""
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json")
FILES_OF_A_MODEL = (
    *("*.safetensors", "*.safetensors.index.json", "config.json", "generation_config.json", "chat_template*"),
    *("tokenizer*", "vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json"),
    *("README.md", "LICENSE*"),
)


@dataclass(frozen=True)
class ModelFacts:
    """What a model folder says of itself. `parameters` counts stored weights; tied ones are stored once."""

    architecture: str
    parameters: int
    size_bytes: int
    licence: str | None
    context_tokens: int | None


def resolve(project: Project, choice: BaseChoice) -> Path:
    """The folder of the chosen model.

    Raises AppError `practice_missing`, `base_missing`, `base_not_a_model`, `base_no_weights`, `base_no_tokenizer`,
    `base_not_text`, `base_name`, `base_not_ready`, `ollama_missing`.
    """
    return require_model(SOURCES[choice.source](project, choice.name))


def is_ready(project: Project, choice: BaseChoice) -> bool:
    """Whether the chosen model lies on this machine, complete."""
    return local_folder(project, choice) is not None


def local_folder(project: Project, choice: BaseChoice) -> Path | None:
    """The folder of the chosen model, where it lies on this machine, complete."""
    try:
        return resolve(project, choice)
    except AppError:
        return None


def check(choice: BaseChoice) -> None:
    """Raise AppError where a choice can never become a model: a folder that holds none, a name that is none, a
    model of Ollama that cannot be trained; or a folder, by a guest."""
    if choice.source == "path":
        require_model(_given_folder(choice.name))
    elif choice.source == "hf" and not REPOSITORY.fullmatch(choice.name):
        raise AppError("base_name", name=choice.name)
    elif choice.source == "ollama":
        model = ollama_store.find_model(choice.name)
        if model is None and unpacked.find_unpacked(choice.name) is None:
            raise AppError("ollama_missing", name=choice.name)
        if model and model.problem:
            raise AppError(model.problem, **model.named)


def describe(folder: Path) -> ModelFacts:
    """What the model in `folder` is, read from its config and the headers of its weight files."""
    config = _config(folder)
    context = language_part(config).get("max_position_embeddings")
    return ModelFacts(
        architecture=_architecture(config),
        parameters=sum(map(_stored_numbers, _weight_files(folder))),
        size_bytes=sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        licence=_licence(folder),
        context_tokens=context if isinstance(context, int) else None,
    )


def language_part(config: dict[str, Any]) -> dict[str, Any]:
    """What a config says of the language model itself: models that also see keep it in a part of its own."""
    inner = config.get("text_config")
    return inner if isinstance(inner, dict) else config


def fingerprint(folder: Path) -> str:
    """A hash that changes with the model: its config, its tokenizer, and of each weight file header and ends.

    Whole weight files would take minutes to read; two trainings of one model differ in every block.
    """
    digest = hashlib.sha256()
    small = [folder / name for name in ("config.json", *TOKENIZER_FILES)]
    for path in (path for path in small if path.is_file()):
        digest.update(path.name.encode() + path.read_bytes())
    for path in _weight_files(folder):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}".encode())
        with open_file(path) as file:
            digest.update(file.read(1 << 20))
            file.seek(max(0, size - (1 << 20)))
            digest.update(file.read())
    return digest.hexdigest()


def base_of(training: Run) -> Path:
    """The base model of a training run, as it was when the run was created.

    An adapter fits only the very weights that it was trained on. Raises AppError `training_base_missing`, or
    `base_changed` where another model, such as a practice model made anew, stands in its place.
    """
    folder = training.base_folder
    if not (folder / "config.json").is_file():
        raise AppError("training_base_missing", folder=str(folder))
    noted = training.request["base"].get("fingerprint")
    if noted and fingerprint(folder) != noted:
        raise AppError("base_changed", folder=str(folder))
    return require_model(folder)


def require_model(folder: Path) -> Path:
    """`folder`, if it holds a text model that can be trained. Raises AppError that says what is missing."""
    config = _config(folder)
    if not _architecture(config).endswith("ForCausalLM"):
        raise AppError("base_not_text", folder=str(folder), architecture=_architecture(config))
    if not _weight_files(folder) or hub_cache.lacks_weights(folder):
        raise AppError("base_no_weights", folder=str(folder))
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise AppError("base_no_tokenizer", folder=str(folder))
    return folder


def _practice_folder(project: Project, name: str) -> Path:
    if not (project.practice_folder / "practice.json").is_file():
        raise AppError("practice_missing")
    return project.practice_folder


def _given_folder(name: str) -> Path:
    # Also where a bundle names it: what stands or does not stand in a folder is nothing for a guest to learn.
    access.require_host("guest_no_files")
    folder = Path(os.path.expanduser(name))
    if not folder.is_dir():
        raise AppError("base_missing", folder=name)
    return folder.resolve()


def _hub_folder(project: Project, name: str) -> Path:
    """The newest version of the model in this machine's Hugging Face cache."""
    if not REPOSITORY.fullmatch(name):
        raise AppError("base_name", name=name)
    folder = hub_cache.snapshot(name)
    if folder is None or not is_whole(folder):
        raise AppError("base_not_ready", name=name)
    return folder


def is_whole(folder: Path) -> bool:
    """Whether a folder holds a model with all its parts, be it one for text or of another kind."""
    return problem_of(folder) in ("", "base_not_text")


def problem_of(folder: Path) -> str:
    """Why a folder cannot be trained, as the code of an AppError; empty where nothing speaks against it."""
    try:
        require_model(folder)
    except AppError as error:
        return error.code
    return ""


def _unpacked_folder(project: Project, name: str) -> Path:
    """What was made of a model in Ollama's store; also of one that has been removed there since."""
    model = ollama_store.find_model(name)
    folder = unpacked.folder_of(model.digest) if model else unpacked.find_unpacked(name)
    if folder is None:
        raise AppError("ollama_missing", name=name)
    if unpacked.read_note(folder) is None:
        raise AppError("base_not_ready", name=name)
    return folder


SOURCES: dict[str, Callable[[Project, str], Path]] = {
    "practice": _practice_folder,
    "path": lambda _, name: _given_folder(name),
    "ollama": _unpacked_folder,
    "hf": _hub_folder,
}
"""Source of a choice → (project, name) → folder."""


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = read_json(folder / "config.json")
    except (OSError, ValueError):
        raise AppError("base_not_a_model", folder=str(folder)) from None
    if not isinstance(config, dict):
        raise AppError("base_not_a_model", folder=str(folder))
    return config


def _architecture(config: dict[str, Any]) -> str:
    named = config.get("architectures")
    return str(named[0]) if isinstance(named, list) and named else "?"


def _weight_files(folder: Path) -> list[Path]:
    """In the cache they are links, some of which may lead nowhere."""
    return sorted(path for path in folder.glob("*.safetensors") if path.is_file())


def _stored_numbers(path: Path) -> int:
    """How many numbers a safetensors file holds, by the table at its start: eight bytes of length, then JSON.

    None of them where the table is damaged: whoever loads the file will say what is wrong.
    """
    with open_file(path) as file:
        length = int.from_bytes(file.read(8), "little")
        try:
            tensors = parse_json(file.read(min(length, LONGEST_HEADER_BYTES)))
            return int(sum(prod(tensor["shape"]) for name, tensor in tensors.items() if name != "__metadata__"))
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
            return 0


def _licence(folder: Path) -> str | None:
    """The licence that the model card names in its head, such as "apache-2.0"."""
    try:
        with open_file(folder / "README.md") as file:
            card = file.read().decode("utf-8", errors="replace")
    except (FileNotFoundError, NotAFile):
        return None
    head = re.match(r"---\n(.*?)\n---", card, re.DOTALL)
    found = re.search(r"^license(?:_name)?:\s*[\"']?([\w.-]+)", head[1], re.MULTILINE) if head else None
    return found[1] if found else None

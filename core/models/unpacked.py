"""What was unpacked from GGUF files: folders in the user's cache, each with a note. Knows files; knows no torch."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from utils.config import cache_folder
from utils.files import read_json, write_json

NOTE = "unpacked.json"
FEW_SAME_CHOICES, LARGE_DIFFERENCE = 0.9, 0.15
"""Below or above these a person is told; both engines round differently, so that some difference is always there."""


@dataclass(frozen=True)
class Agreement:
    """How an unpacked model compares with llama.cpp on the GGUF that it was made of.

    `same_choice` is the share of `positions` at which both prefer the same token, `difference` the mean |Δ log p| in
    nats over them; of `texts` compared, `same_tokens` have the same tokens in both.
    """

    same_choice: float
    difference: float
    positions: int
    same_tokens: int
    texts: int

    @property
    def figures(self) -> dict[str, float]:
        """The same for people, by the names that the sentence about it has for them."""
        figures = {"percent": 100 * self.same_choice, "difference": self.difference, "positions": self.positions}
        return {**figures, "same": self.same_tokens, "texts": self.texts}

    @property
    def is_doubtful(self) -> bool:
        """Whether the comparison showed more than what rounding explains."""
        return (
            self.same_choice < FEW_SAME_CHOICES or self.difference > LARGE_DIFFERENCE or self.same_tokens < self.texts
        )


@dataclass(frozen=True, kw_only=True)
class Note(Agreement):
    """Where a folder comes from, and how it compares with that. `ollama` are the texts that came along from there."""

    name: str
    digest: str
    family: str
    quantization: str
    parameters: int
    ollama: dict[str, str] = field(default_factory=dict)


def folder_of(digest: str) -> Path:
    """Where the model of a GGUF with this SHA-256 lies, or will lie."""
    return cache_folder() / "bases" / f"gguf-{digest}"


def write_note(folder: Path, note: Note) -> None:
    """Put the note into a prepared folder."""
    write_json(folder / NOTE, asdict(note))


def read_note(folder: Path) -> Note | None:
    """The note of a folder; None where there is none, or one of another version."""
    try:
        content: Any = read_json(folder / NOTE)
        return Note(**content)
    except (OSError, ValueError, TypeError):
        return None


def find_unpacked(name: str) -> Path | None:
    """The newest folder that was made of the model of this name, also if it is no longer in its store."""
    notes = sorted((cache_folder() / "bases").glob(f"gguf-*/{NOTE}"), key=lambda path: path.stat().st_mtime)
    for path in reversed(notes):
        note = read_note(path.parent)
        if note and note.name == name:
            return path.parent
    return None

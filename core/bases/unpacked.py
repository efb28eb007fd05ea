"""What was unpacked from GGUF files: folders in the user's cache, each with a note. Knows files; knows no torch."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from utils.config import cache_folder
from utils.files import read_json, write_json

NOTE = "unpacked.json"
FEW_SAME_CHOICES, LARGE_DIFFERENCE = 0.9, 0.1
"""Below or above these a person is told; both engines round differently, so that some difference is always there."""


@dataclass(frozen=True)
class Note:
    """Where a folder comes from, and how it compares with the GGUF that it was made of.

    `same_choice` is the share of positions at which the unpacked model and llama.cpp on the GGUF prefer the same
    token, `difference` the mean |Δ log p| in nats over `positions`; of `texts` compared, `same_tokens` have the same
    tokens in both.
    """

    name: str
    digest: str
    family: str
    quantization: str
    parameters: int
    same_choice: float
    difference: float
    positions: int
    same_tokens: int
    texts: int
    ollama: dict[str, str] = field(default_factory=dict)

    @property
    def is_doubtful(self) -> bool:
        """Whether the comparison showed more than what rounding explains."""
        return (
            self.same_choice < FEW_SAME_CHOICES or self.difference > LARGE_DIFFERENCE or self.same_tokens < self.texts
        )


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

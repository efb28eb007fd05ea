"""What people change in the samples, and how it is taken back. Knows their file; knows no UI.

Each change is one rewriting of the file, under its lock, and then a note of how things were, a file of its own. Of
these notes the newest are kept, also over a restart.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from core.project_manager import Project
from core.samples.store.held_lines import Line
from core.samples.store.sample import STATUSES, Source, hash_of, line_of, parse_fields, sample_of, source_fields
from core.samples.store.sample_file import mend_last_line, write_lines
from core.samples.store.sft_dataset import HELD, require_samples, sample_in
from utils.errors import AppError, Message
from utils.files import read_json, write_text_atomic

MOST_CHANGES = 100
MOST_NOTED_BYTES = 256 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
OF_EARLIER_VERSIONS = ("samples.db", "samples.db-wal", "samples.db-shm")


class _Note(NamedTuple):
    """How one sample was before a change.

    `before` is its line; of a change of status it is that, and None where the line said none. `after` is a hash of
    the line that was written, without its source. A deleted line stood at `place` in the file; `written_id` is the id
    in it, and `left` how many samples had that too.
    """

    id: str
    before: str | None = None
    after: int = 0
    place: int = 0
    written_id: str = ""
    left: int = 0


class Journal:
    """How to take back the newest changes of a project: a file for each, named by its number."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[Path]:
        """The oldest first."""
        try:
            found = [file for file in self.folder.iterdir() if file.suffix == ".json" and file.stem.isdecimal()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(found, key=lambda file: int(file.stem))

    def newest(self) -> dict[str, Any]:
        """Its kind, status, notes, and the size and time of the file that it left; {} if there is none."""
        files = self.files()
        if not files:
            return {}
        try:
            change: dict[str, Any] = read_json(files[-1])
            return {**change, "notes": [_Note(*note) for note in change["notes"]]}
        except (ValueError, TypeError, KeyError):
            self.forget_newest()  # damaged: what it was cannot be told
            return self.newest()

    def note(self, kind: str, status: str, notes: Sequence[_Note], left: list[int]) -> None:
        """Write down how to take a change back, and forget old ones."""
        files = self.files()
        file = self.folder / f"{int(files[-1].stem) + 1 if files else 1:06}.json"
        write_text_atomic(file, json.dumps({"kind": kind, "status": status, "left": left, "notes": notes}))
        total = 0
        for count, old in enumerate(reversed([*files, file]), start=1):
            total += old.stat().st_size
            if count > MOST_CHANGES or (count > 1 and total > MOST_NOTED_BYTES):
                old.unlink()

    def forget_newest(self) -> None:
        self.files()[-1].unlink()


class Changes:
    """Changes to one file of samples. The caller holds the file's lock.

    Raises AppError as `require_lines` does: nothing is mended in what is not understood. What the last change left
    is, also where that was no sample.
    """

    def __init__(self, project: Project) -> None:
        self._data = project.samples_file
        self._journal = Journal(project.undo_folder)
        held = HELD.read_again(self._data)
        if self._journal.newest().get("left") != self._left():
            require_samples(held, self._data.name)
        mend_last_line(self._data)
        self._held = HELD.of(self._data)
        self._places = dict(zip(self._held.ids, self._held.places, strict=True))
        for name in OF_EARLIER_VERSIONS:  # they hold texts that were deleted
            if (old := self._data.with_name(name)).is_file():
                old.unlink()

    def set_status(self, ids: Sequence[str], status: str) -> int:
        """Returns how many samples had another status before."""
        changed, notes = {}, []
        for own in dict.fromkeys(ids):
            place = self._places.get(own)
            if place is not None and self._held.lines[place].status != status:
                old = _fields(self._held.lines[place]).get("status")
                notes.append(_Note(own, old if isinstance(old, str) else None))
                changed[place] = _with_status(self._held.lines[place], status)
        return self._change("status", status, notes, changed)

    def edit(self, sample_id: str, instruction: str, output: str) -> bool:
        """Returns whether that changed anything. Raises AppError `sample_gone`."""
        place = self._places.get(sample_id)
        if place is None:
            raise AppError("sample_gone")
        before = self._held.lines[place]
        sample = sample_in(before)
        if (sample.instruction, sample.output) == (instruction, output):
            return False
        # What was measured belongs to the answer as it was; what was Alpaca's input is in the instruction now.
        rest = {
            key: value
            for key, value in _fields(before).items()
            if key not in {"instruction", "output", "input", "support"}
        }
        line = _line({"instruction": instruction, "output": output, **rest, "id": sample_id, "status": "edited"})
        self._change("edit", "", [_Note(sample_id, _text(before), _hash_without_source(line))], {place: line})
        return True

    def delete(self, ids: Sequence[str]) -> int:
        """Returns how many samples there were."""
        wanted, notes = set(ids), []
        left = Counter(
            line.id for own, line in zip(self._held.ids, self._held.samples, strict=True) if own not in wanted
        )
        for own, place in self._places.items():
            if own in wanted:
                line = self._held.lines[place]
                notes.append(_Note(own, _text(line), 0, place, line.id, left[line.id]))
        return self._change("delete", "", notes, {note.place: None for note in notes})

    def set_sources(self, found: Mapping[str, tuple[Source, Source]]) -> None:
        """Write where samples come from now, by their ids: (what stood there when it was looked up, what is right).

        It is no change that a person would take back.
        """
        changed = {}
        for own, (old, new) in found.items():
            if (place := self._places.get(own)) is None:
                continue
            fields = _fields(self._held.lines[place])
            stands = sample_of(fields).source
            if stands is None or replace(stands, document=old.document) != old:
                continue
            noted = {name: value for name, value in fields["source"].items() if name not in asdict(old)}
            changed[place] = _line({**fields, "source": {**source_fields(new), **noted}})
        self._write(changed)

    def undo(self) -> Message | None:
        """Take back the newest change, except where samples have changed again since. Returns what it was, if any."""
        newest = self._journal.newest()
        if not newest:
            return None
        kind, notes = newest["kind"], newest["notes"]
        match kind:
            case "status":
                count = self._undo_status(notes, newest["status"])
            case "edit":
                count = self._undo_edit(notes)
            case _:
                count = self._undo_delete(notes)
        self._journal.forget_newest()
        skipped = len(notes) - count
        if not count:
            return Message("review.undone_none", {"skipped": skipped})
        return Message(f"review.undone_{kind}{'_partly' if skipped else ''}", {"count": count, "skipped": skipped})

    def _undo_status(self, notes: Sequence[_Note], status: str) -> int:
        places = ((self._places.get(note.id), note.before) for note in notes)
        changed = {
            place: _with_status(self._held.lines[place], before)
            for place, before in places
            if place is not None and self._held.lines[place].status == status
        }
        self._write(changed)
        return len(changed)

    def _undo_edit(self, notes: Sequence[_Note]) -> int:
        changed = {
            place: HELD.parsed((note.before or "").encode())
            for note in notes
            if (place := self._places.get(note.id)) is not None
            and note.after == _hash_without_source(self._held.lines[place])
        }
        self._write(changed)
        return len(changed)

    def _undo_delete(self, notes: Sequence[_Note]) -> int:
        """Deleted lines come back at their places, as far as others have not changed which ones these are."""
        there = Counter(line.id for line in self._held.samples)
        back = [note for note in notes if there[note.written_id] <= note.left]  # unless somebody brought it back
        lines = [*self._held.lines]
        if lines and any(note.place == 0 for note in back):  # behind the first line a byte order mark is none
            lines[0] = lines[0]._replace(data=lines[0].data.removeprefix(BOM))
        for note in back:
            lines.insert(note.place, HELD.parsed((note.before or "").encode()))
        if back:
            self._replace(lines)
        return len(back)

    def _change(self, kind: str, status: str, notes: Sequence[_Note], changed: Mapping[int, Line | None]) -> int:
        if changed:
            self._journal.folder.mkdir(exist_ok=True)
            self._write(changed)
            self._journal.note(kind, status, notes, self._left())
        return len(changed)

    def _write(self, changed: Mapping[int, Line | None]) -> None:
        """Rewrite the file with other lines, or none, at some places."""
        if changed:
            lines = (changed.get(place, line) for place, line in enumerate(self._held.lines))
            self._replace([line for line in lines if line is not None])

    def _replace(self, lines: list[Line]) -> None:
        self._held = HELD.was_written(self._data, lines, write_lines(self._data, (line.data for line in lines)))

    def _left(self) -> list[int]:
        found = self._data.stat()
        return [found.st_size, found.st_mtime_ns]


def _fields(line: Line) -> dict[str, Any]:
    """All that a line says."""
    fields = parse_fields(_text(line))
    assert fields is not None
    return fields


def _with_status(line: Line, status: str | None) -> Line:
    """A line whose sample has another status; None is none at all."""
    fields = _fields(line)
    fields.pop("status", None) if status is None else fields.update(status=status)
    return line._replace(data=f"{line_of(fields)}\n".encode(), status=status if status in STATUSES else "new")


def _text(line: Line) -> str:
    return line.data.removeprefix(BOM).decode()


def _hash_without_source(line: Line) -> int:
    """What tells whether a line is still the one that was written: its source is set anew where chunks change."""
    return hash_of(_line({**_fields(line), "source": None}).data)


def _line(fields: dict[str, Any]) -> Line:
    return HELD.parsed(f"{line_of(fields)}\n".encode())

"""What people change in the samples, and how it is taken back. Knows their file; knows no UI.

Each change is one rewriting of the file, under its lock, and then a note of how things were, a file of its own. Of
these notes the newest are kept, also over a restart.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
    the line that was written, without its source. A deleted line stood `gap` lines, which hold no samples, behind the
    sample with the id `anchor`, or without one behind the beginning; `written_id` is the id in the line, and `left`
    how many samples had that too.
    """

    id: str
    before: str | None = None
    after: int = 0
    number: int = 0
    anchor: str = ""
    gap: int = 0
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
        changed, notes = self._with_status(dict.fromkeys(ids, status))
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
        changed: dict[int, Line | None] = {}
        written = Counter(line.id for line in self._held.samples)
        anchor, behind = "", 0
        for number, (own, place) in enumerate(zip(self._held.ids, self._held.places, strict=True), start=1):
            if own in wanted:
                line = self._held.lines[place]
                written[line.id] -= 1
                changed[place] = None
                notes.append(_Note(own, _text(line), 0, number, anchor, place - behind, line.id))
            anchor, behind = own, place + 1
        notes = [note._replace(left=written[note.written_id]) for note in notes]
        return self._change("delete", "", notes, changed)

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
        undo: Mapping[str, Callable[[], int]] = {
            "status": lambda: self._undo_status(notes, newest["status"]),
            "edit": lambda: self._undo_edit(notes),
            "delete": lambda: self._undo_delete(notes),
        }
        count = undo[kind]()
        self._journal.forget_newest()
        skipped = len(notes) - count
        if not count:
            return Message("review.undone_none", {"skipped": skipped})
        return Message(f"review.undone_{kind}{'_partly' if skipped else ''}", {"count": count, "skipped": skipped})

    def _undo_status(self, notes: Sequence[_Note], status: str) -> int:
        changed, _ = self._with_status({note.id: note.before for note in notes}, only_from=status)
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
        held = self._held
        there = Counter(line.id for line in held.samples)
        after = {own: place + 1 for own, place in self._places.items()}
        inserted: dict[int, list[Line]] = {}
        for note in notes:
            if there[note.written_id] > note.left:
                continue  # somebody brought it back
            if note.anchor and note.anchor not in after:
                number = min(note.number, len(held) + 1)
                place = held.places[number - 1] if number <= len(held) else len(held.lines)
            else:
                place = after.get(note.anchor, 0)
                beside = held.lines[place : place + note.gap]
                place += next((count for count, line in enumerate(beside) if line.id), len(beside))
            after[note.id] = place
            inserted.setdefault(place, []).append(HELD.parsed((note.before or "").encode()))
        self._write({}, inserted)
        return sum(map(len, inserted.values()))

    def _with_status(
        self, wanted: Mapping[str, Any], only_from: str | None = None
    ) -> tuple[dict[int, Line], list[_Note]]:
        """The lines where samples get other statuses; None is none at all. Others stay as they are."""
        changed, notes = {}, []
        for own, new in wanted.items():
            if (place := self._places.get(own)) is None:
                continue
            line = self._held.lines[place]
            if line.status == new != "new" and only_from is None:
                continue
            fields = _fields(line)
            old = fields.get("status")
            if old == new or (new == "new" and old is None) or (only_from is not None and old != only_from):
                continue
            if new is None:
                fields.pop("status")
            else:
                fields["status"] = new
            data = f"{line_of(fields)}\n".encode()
            changed[place] = line._replace(data=data, status=new if new in STATUSES else "new")
            notes.append(_Note(own, old if isinstance(old, str) else None))
        return changed, notes

    def _change(self, kind: str, status: str, notes: Sequence[_Note], changed: Mapping[int, Line | None]) -> int:
        if changed:
            self._journal.folder.mkdir(exist_ok=True)
            self._write(changed)
            self._journal.note(kind, status, notes, self._left())
        return len(changed)

    def _write(self, changed: Mapping[int, Line | None], inserted: Mapping[int, list[Line]] | None = None) -> None:
        """Rewrite the file: other lines, or none, at some places, and further ones before some."""
        more = inserted or {}
        if not changed and not more:
            return
        lines: list[Line] = []
        for place, line in enumerate(self._held.lines):
            lines += more.get(place, [])
            kept = changed.get(place, line)
            if kept is not None:
                lines.append(kept._replace(data=kept.data.removeprefix(BOM)) if place == 0 and lines else kept)
        lines += more.get(len(self._held.lines), [])
        self._held = HELD.was_written(self._data, lines, write_lines(self._data, (line.data for line in lines)))

    def _left(self) -> list[int]:
        found = self._data.stat()
        return [found.st_size, found.st_mtime_ns]


def _fields(line: Line) -> dict[str, Any]:
    """All that a line says."""
    fields = parse_fields(_text(line))
    assert fields is not None
    return fields


def _text(line: Line) -> str:
    return line.data.removeprefix(BOM).decode()


def _hash_without_source(line: Line) -> int:
    """What tells whether a line is still the one that was written: its source is set anew where chunks change."""
    return hash_of(_line({**_fields(line), "source": None}).data)


def _line(fields: dict[str, Any]) -> Line:
    return HELD.parsed(f"{line_of(fields)}\n".encode())

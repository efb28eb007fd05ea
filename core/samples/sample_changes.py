"""What people change in the samples, and how it is taken back. Knows the file and its index; knows no UI.

Each change is one rewriting of the file, under its lock, together with what the index has to know and a note of how
things were. Of these notes the newest are kept, also over a restart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from core.jobs import Message
from core.samples.sample_file import Splice, mend_last_line, rewrite
from core.samples.sample_index import Index
from core.samples.sample_schema import NewLine, Place, Stale
from core.samples.sft_dataset import (
    STATUSES,
    Source,
    decode_line,
    hash_of,
    line_of,
    parse_fields,
    parse_sample,
    require_lines,
    sample_of,
    source_fields,
)
from utils.errors import AppError
from utils.files import open_file

MOST_CHANGES = 100
MOST_NOTED_BYTES = 256 * 1024 * 1024
BOM = b"\xef\xbb\xbf"


class _Note(NamedTuple):
    """How one sample was before a change.

    `before` is its line; of a change of status it is that, and None where the line said none. `after` is a hash of
    the line that was written, without its source. A deleted line stood behind the sample with the id `anchor`, which
    stayed; `gap` bytes that stayed too are between them. Without an anchor these are the first of the file.
    """

    id: str
    number: int
    before: bytes | str | None = None
    after: int | None = None
    anchor: str | None = None
    gap: int = 0


@dataclass(frozen=True)
class _Edit:
    """What becomes of one line: another one, or None. `place.length` 0 makes room for a new one.

    Where there is a `status`, nothing else is new in it.
    """

    place: Place
    line: bytes | None
    status: str | None = None


class Changes:
    """Changes to one file of samples. The caller holds the file's lock and has opened the index for writing.

    Raises AppError as `require_lines` does: nothing is mended in what is not understood. What the last change left
    is, also where that was no sample.
    """

    def __init__(self, index: Index, data: Path) -> None:
        self._index = index
        self._data = data
        newest = index.execute("SELECT generation FROM changes ORDER BY number DESC LIMIT 1").fetchone()
        if newest is None or newest[0] != index.state().generation or not index.is_current():
            require_lines(data)
        mend_last_line(data)
        index.catch_up(None)

    def set_status(self, ids: Sequence[str], status: str) -> int:
        """Returns how many samples had another status before."""
        edits, notes = self._with_status(dict.fromkeys(ids, status))
        if edits:
            self._apply(edits)
            self._note("status", status, notes)
        return len(edits)

    def edit(self, sample_id: str, instruction: str, output: str) -> bool:
        """Returns whether that changed anything. Raises AppError `sample_gone`."""
        places = self._index.places([sample_id])
        if not places:
            raise AppError("sample_gone")
        place = places[0]
        (before,) = self._lines([place])
        sample = parse_sample(_text(before))
        if sample is None:
            raise Stale
        if (sample.instruction, sample.output) == (instruction, output):
            return False
        fields = _fields(before)
        # What was measured belongs to the answer as it was; what was Alpaca's input is in the instruction now.
        rest = {
            key: value for key, value in fields.items() if key not in {"instruction", "output", "input", "support"}
        }
        line = _line({"instruction": instruction, "output": output, **rest, "id": place.id, "status": "edited"})
        self._apply([_Edit(place, line)])
        self._note("edit", "", [_Note(place.id, place.number, before, _hash_without_source(line))])
        return True

    def delete(self, ids: Sequence[str]) -> int:
        """Returns how many samples there were."""
        places = self._index.places(ids)
        notes: list[_Note] = []
        anchor: Place | None = None
        gone_bytes = 0  # since the anchor
        for place, line in zip(places, self._lines(places), strict=True):
            previous = self._index.neighbour(place.number, "<")
            if not (notes and previous and notes[-1].number == previous.number):
                anchor, gone_bytes = previous, 0
            gap = place.offset - gone_bytes - (anchor.offset + anchor.length if anchor else 0)
            notes.append(_Note(place.id, place.number, line, None, anchor.id if anchor else None, gap))
            gone_bytes += place.length
        if places:
            self._apply([_Edit(place, None) for place in places])
            self._note("delete", "", notes)
        return len(places)

    def set_sources(self, found: Mapping[str, tuple[Source, Source]]) -> int:
        """Write where samples come from now, by their ids: (what stood there when it was looked up, what is right).

        Returns how many lines that changed. It is no change that a person would take back.
        """
        places, edits = self._index.places(list(found)), []
        for place, before in zip(places, self._lines(places), strict=True):
            fields, (old, new) = _fields(before), found[place.id]
            stands = sample_of(fields).source
            if stands is None or replace(stands, document=old.document) != old:
                continue
            own = asdict(old).keys()
            noted = {name: value for name, value in fields["source"].items() if name not in own}
            edits.append(_Edit(place, _line({**fields, "source": {**source_fields(new), **noted}})))
        self._apply(edits)
        return len(edits)

    def undo(self) -> Message | None:
        """Take back the newest change, except where samples have changed again since. Returns what it was, if any."""
        newest = self._index.execute(
            "SELECT number, kind, status, generation FROM changes ORDER BY number DESC LIMIT 1"
        ).fetchone()
        if newest is None:
            return None
        number, kind, status, generation = newest
        notes = [
            _Note(*row)
            for row in self._index.execute(
                "SELECT id, number, before, after, anchor, gap FROM changed WHERE change = ? ORDER BY number",
                (number,),
            )
        ]
        undo: Mapping[str, Callable[[], int]] = {
            "status": lambda: self._undo_status(notes, status),
            "edit": lambda: self._undo_edit(notes),
            "delete": lambda: self._undo_delete(notes, generation),
        }
        count = undo[kind]()
        self._forget(number)
        skipped = len(notes) - count
        if not count:
            return Message("review.undone_none", {"skipped": skipped})
        return Message(f"review.undone_{kind}{'_partly' if skipped else ''}", {"count": count, "skipped": skipped})

    def _undo_status(self, notes: Sequence[_Note], status: str) -> int:
        edits, _ = self._with_status({note.id: note.before for note in notes}, only_from=status)
        self._apply(edits)
        return len(edits)

    def _undo_edit(self, notes: Sequence[_Note]) -> int:
        known = {note.id: note for note in notes}
        places = self._index.places(list(known))
        edits = [
            _Edit(place, _noted_line(known[place.id]))
            for place, line in zip(places, self._lines(places), strict=True)
            if known[place.id].after
            in (_hash_without_source(line), hash_of(line))  # earlier versions noted the latter
        ]
        self._apply(edits)
        return len(edits)

    def _undo_delete(self, notes: Sequence[_Note], generation: str) -> int:
        there = {place.id for place in self._index.places([note.id for note in notes])}
        wanted = [note for note in notes if note.id not in there]
        anchors = {place.id: place for place in self._index.places([note.anchor for note in wanted if note.anchor])}
        # Where others wrote the file since, numbers and gaps mean something else.
        is_same_file = self._index.state().generation == generation
        edits = []
        for note in wanted:
            anchor = anchors.get(note.anchor or "")
            if is_same_file and (anchor or not note.anchor):
                offset = note.gap + (anchor.offset + anchor.length if anchor else 0)
            elif anchor:
                offset = anchor.offset + anchor.length
            else:
                following = self._index.neighbour(note.number if is_same_file else 0, ">")
                at_end = following is None or (note.anchor and not is_same_file)
                offset = self._index.state().place if at_end or following is None else following.offset
            edits.append(_Edit(Place(note.number, note.id, offset, 0), _noted_line(note)))
        edits.sort(key=lambda edit: edit.place.offset)
        if is_same_file:
            self._apply(edits)
        elif edits:
            rewrite(self._data, [_splice(edit) for edit in edits])
            self._index.forget()
            self._index.catch_up(None)
        return len(edits)

    def _with_status(
        self, wanted: Mapping[str, Any], only_from: str | None = None
    ) -> tuple[list[_Edit], list[_Note]]:
        """What to write where samples get other statuses; None is none at all. Others stay as they are."""
        places = self._index.places(list(wanted))
        edits, notes = [], []
        for place, before in zip(places, self._lines(places), strict=True):
            fields = _fields(before)
            old, new = fields.get("status"), wanted[place.id]
            if old == new or (new == "new" and old is None) or (only_from is not None and old != only_from):
                continue
            if new is None:
                fields.pop("status")
            else:
                fields["status"] = new
            edits.append(_Edit(place, _line(fields), new if new in STATUSES else "new"))
            notes.append(_Note(place.id, place.number, old if isinstance(old, str) else None))
        return edits, notes

    def _lines(self, places: Sequence[Place]) -> list[bytes]:
        """The lines there, with their ends."""
        lines = []
        with open_file(self._data) as file:
            for place in places:
                file.seek(place.offset)
                lines.append(file.read(place.length).removeprefix(BOM))
        return lines

    def _apply(self, edits: Sequence[_Edit]) -> None:
        """Rewrite the file and have the index follow. The edits are in the order of the file."""
        if not edits:
            return
        splices = [_splice(edit) for edit in edits]
        lines, removed, shift = [], [], 0
        for edit in edits:
            if edit.line is None:
                removed.append(edit.place.number)
            else:
                lines.append(
                    NewLine(edit.place.number, edit.place.id, edit.place.offset + shift, edit.line, edit.status)
                )
            shift += len(edit.line or b"") - edit.place.length
        rewrite(self._data, splices)
        self._index.was_rewritten(splices, removed, lines)

    def _note(self, kind: str, status: str, notes: Sequence[_Note]) -> None:
        """Write down how to take this change back, and forget old ones."""
        size = sum(len(note.before or "") for note in notes)
        number = self._index.execute(
            "INSERT INTO changes (kind, status, generation, size_bytes) VALUES (?, ?, ?, ?)",
            (kind, status, self._index.state().generation, size),
        ).lastrowid
        self._index.execute_many(
            "INSERT INTO changed (change, id, number, before, after, anchor, gap) VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((number, *note) for note in notes),
        )
        kept = total = 0
        for old, size_bytes in self._index.execute(
            "SELECT number, size_bytes FROM changes ORDER BY number DESC"
        ).fetchall():
            kept, total = kept + 1, total + size_bytes
            if kept > MOST_CHANGES or (kept > 1 and total > MOST_NOTED_BYTES):
                self._forget(old)

    def _forget(self, number: int) -> None:
        self._index.execute("DELETE FROM changes WHERE number = ?", (number,))
        self._index.execute("DELETE FROM changed WHERE change = ?", (number,))


def _splice(edit: _Edit) -> Splice:
    return Splice(edit.place.offset, edit.place.length, edit.line or b"")


def _text(line: bytes) -> str:
    return decode_line(line, is_first=False) or ""


def _fields(line: bytes) -> dict[str, Any]:
    """All that a line says. Raises Stale where it holds no sample."""
    fields = parse_fields(_text(line))
    if fields is None:
        raise Stale
    return fields


def _hash_without_source(line: bytes) -> int:
    """What tells whether a line is still the one that was written: its source is set anew where chunks change."""
    return hash_of(_line({**_fields(line), "source": None}))


def _line(fields: dict[str, Any]) -> bytes:
    return f"{line_of(fields)}\n".encode()


def _noted_line(note: _Note) -> bytes:
    """The line of a note that has one."""
    assert isinstance(note.before, bytes)
    return note.before

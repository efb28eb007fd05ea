"""The samples of a project as people look through them: pages, filters, counts, changes, undo. Knows no UI.

It has three more rooms: sample_schema, sample_index, which finds samples without reading the file, sample_changes.
What is true stands in sft_data.jsonl alone, which others may append to and write anew at any time.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from core.documents.chunk_store import ChunkStore
from core.jobs import Message
from core.project_manager import Project
from core.samples.quality_gate import Finding
from core.samples.sample_changes import Changes
from core.samples.sample_file import locked
from core.samples.sample_index import Index, open_index
from core.samples.sample_schema import (
    SampleCounts,
    SamplePage,
    SampleQuery,
    SampleRow,
    Stale,
    is_damaged,
    remove_index,
)
from core.samples.sft_dataset import STATUSES, Sample, Source, require_lines
from core.samples.sources import Links
from utils.errors import AppError

__all__ = ["SampleCounts", "SamplePage", "SampleQuery", "SampleRow", "SampleStore"]

BRIEF_SECONDS = 0.05  # what a page may wait for the index to come nearer to the file
SLICE_SECONDS = 0.3  # how long others wait for the index at most
ROWS_AT_ONCE = 500
MOST_TRIES = 5
MOST_COUNTED = 64

_Result = TypeVar("_Result")


class SampleStore:
    """The samples of one project. Each use opens the index anew, so any thread may call.

    Pages and counts tell at once what is indexed; `refresh` brings the index up to date, and so do all that need the
    whole. Methods raise AppError store_busy, store_disk_full, store_unwritable; those that write also samples_busy,
    and as `Project.held`.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._data = project.samples_file
        self._database = project.samples_index
        self._chunks = ChunkStore(project.database)
        self._handed_out: dict[str, int] = {}  # what the gate was given to check, by its content

    def refresh(self, most_seconds: float = SLICE_SECONDS) -> bool:
        """Take in what is new in the file, for about so long. False: there is more, call again."""
        return self._using(lambda index: self._catch_up(index, most_seconds))

    def counts(self) -> SampleCounts:
        """How many samples there are of each kind, as far as they are indexed."""

        def work(index: Index) -> SampleCounts:
            self._catch_up(index, BRIEF_SECONDS)
            state = index.state()
            key = (str(self._database), state.generation, state.version)
            if key not in _COUNTED:
                while len(_COUNTED) >= MOST_COUNTED:
                    _COUNTED.pop(next(iter(_COUNTED)), None)
                _COUNTED[key] = index.counts()
            return _COUNTED[key]

        return self._using(work)

    def page(self, query: SampleQuery, size: int) -> SamplePage:
        """The next `size` samples behind `query.after`, or the last ones before `query.before`, in order."""

        def work(index: Index) -> SamplePage:
            complete = self._catch_up(index, BRIEF_SECONDS)
            with index.reading() as file:
                return index.page(query, size, file, complete)

        return self._using(work)

    def get(self, sample_id: str) -> SampleRow | None:
        return self._using(lambda index: self._row(index, "samples.id = ?", sample_id))

    def next_unreviewed(self, after: int) -> SampleRow | None:
        """The first sample behind this number that nobody has decided on; from the beginning again at the end."""

        def work(index: Index) -> SampleRow | None:
            behind = self._row(index, "samples.status = 'new' AND samples.number > ?", after)
            return behind or self._row(index, "samples.status = 'new' AND samples.number <= ?", after)

        return self._using(work)

    def ids(self, query: SampleQuery) -> list[str]:
        """The ids of all samples that fit, wherever a page begins."""

        def work(index: Index) -> list[str]:
            self._catch_up(index, None)
            return index.ids(query)

        return self._using(work)

    def samples(self, query: SampleQuery | None = None) -> Iterator[Sample]:
        """All samples that fit, with the ids they have here, for the gate: `set_findings` knows what it was given."""
        wanted = query or SampleQuery()
        while not self.refresh():
            pass

        def work(index: Index) -> tuple[list[SampleRow], dict[str, int]]:
            with index.reading() as file:
                rows = index.page(wanted, ROWS_AT_ONCE, file, complete=True).rows
                return rows, index.contents([row.sample.id for row in rows])

        while True:
            rows, contents = self._using(work)
            if not rows:
                return
            self._handed_out.update(contents)
            yield from (row.sample for row in rows)
            wanted = replace(wanted, after=rows[-1].number)

    def unchecked(self) -> list[str]:
        """The ids of the samples that the gate has not seen as they are now."""

        def work(index: Index) -> list[str]:
            self._catch_up(index, None)
            return index.unchecked()

        return self._using(work)

    def set_status(self, ids: Sequence[str], status: str) -> int:
        """Returns how many samples had another status before."""
        if status not in STATUSES:
            raise ValueError(f"not a status: {status}")
        return self._changing(lambda changes: changes.set_status(ids, status)) if self._any(ids) else 0

    def edit(self, sample_id: str, instruction: str, output: str) -> SampleRow:
        """Change what a sample asks and says; it is then "edited". Raises AppError sample_gone, sample_empty."""
        if not instruction.strip() or not output.strip():
            raise AppError("sample_empty")
        if not self._any([sample_id]):
            raise AppError("sample_gone")
        with self._project.held():
            self._changing(lambda changes: changes.edit(sample_id, instruction, output))
            row = self.get(sample_id)
        if row is None:
            raise AppError("sample_gone")
        return row

    def delete(self, ids: Sequence[str]) -> int:
        """Returns how many samples there were."""
        return self._changing(lambda changes: changes.delete(ids)) if self._any(ids) else 0

    def undo(self) -> Message | None:
        """Take back the newest change, also one of before a restart. Returns what it was; None if there is none."""
        if not self.counts().undoable:
            return None
        done = self._changing(lambda changes: changes.undo())
        if done and not done.key.startswith("review.undone_status"):
            self.relink()  # a line from before may name a chunk that has gone since
        return done

    def relink(self) -> int:
        """Write into each sample which chunk holds its text now. Returns how many have lost theirs with this call.

        Raises AppError as `require_lines` does.
        """
        require_lines(self._data)
        if not self._chunks.path.exists():
            return 0  # samples that came without any documents
        links = Links(self._chunks)
        found: dict[str, tuple[Source, Source]] = {}
        for sample in sorted(self.samples(), key=_chunk_of):  # what is read of a chunk serves all of its samples
            source = links.now(sample)
            if sample.source is not None and source is not None and source != sample.source:
                found[sample.id] = sample.source, source
        if found:
            self._changing(lambda changes: changes.set_sources(found))
        return sum(old.chunk_id is not None and new.chunk_id is None for old, new in found.values())

    def set_findings(self, results: Iterable[tuple[str, list[Finding], float | None]]) -> None:
        """Note what the gate found: a sample's id, its findings, and how far its chunk supports its answer.

        It holds for what `samples` gave the gate. Who edits a sample meanwhile makes it unchecked again.
        """
        batch: list[tuple[str, list[Finding], float | None]] = []
        for result in results:
            batch.append(result)
            if len(batch) >= ROWS_AT_ONCE:
                self._store_findings(batch)
                batch = []
        if batch:
            self._store_findings(batch)

    def _any(self, ids: Sequence[str]) -> bool:
        """Whether there may be such samples; where there is no file yet, no change shall make one."""
        return bool(ids) and self._data.exists()

    def _store_findings(self, results: Sequence[tuple[str, list[Finding], float | None]]) -> None:
        def work(index: Index) -> None:
            self._catch_up(index, None)
            with index.writing():
                contents = index.contents([result[0] for result in results]) | {
                    result[0]: self._handed_out[result[0]] for result in results if result[0] in self._handed_out
                }
                index.set_verdicts(
                    [
                        (sample_id, contents[sample_id], findings, support)
                        for sample_id, findings, support in results
                        if sample_id in contents
                    ]
                )

        self._using(work)

    def _row(self, index: Index, condition: str, value: str | int) -> SampleRow | None:
        """The first sample with this condition; of an index that is behind, only if there is one."""
        complete = self._catch_up(index, BRIEF_SECONDS)
        with index.reading() as file:
            row = index.row(condition, (value,), file)
        if row is None and not complete:
            self._catch_up(index, None)
            with index.reading() as file:
                row = index.row(condition, (value,), file)
        return row

    def _catch_up(self, index: Index, most_seconds: float | None) -> bool:
        """Bring the index up to date, in slices, so that others get at it in between."""
        if index.is_current():
            return True
        with index.writing():
            complete = index.catch_up(SLICE_SECONDS if most_seconds is None else most_seconds)
        while not complete and most_seconds is None:
            with index.writing():
                complete = index.catch_up(SLICE_SECONDS)
        return complete

    def _changing(self, change: Callable[[Changes], _Result]) -> _Result:
        """Do a change while nobody else writes. What takes long, to know the whole file, is done before that."""

        def work(index: Index) -> _Result:
            with index.writing():
                return change(Changes(index, self._data))

        with self._project.held():
            while not self.refresh():
                pass
            with locked(self._data):
                return self._using(work)

    def _using(self, work: Callable[[Index], _Result]) -> _Result:
        """Do something with the index; it is built anew where it is damaged or does not fit what is in the file."""
        tries = 0
        while True:
            tries += 1
            try:
                with open_index(self._data, self._database) as index:
                    if tries > 2:
                        with index.writing():
                            index.forget()
                    return work(index)
            except Stale:
                if tries >= MOST_TRIES:
                    raise AppError("store_busy", file=self._data.name) from None
            except sqlite3.DatabaseError as error:
                if tries >= MOST_TRIES or not is_damaged(error):
                    raise
                remove_index(self._database)


def _chunk_of(sample: Sample) -> tuple[str, int]:
    return (sample.source.document, sample.source.chunk_id or 0) if sample.source else ("", 0)


# Only ever replaced entry by entry, so any thread may look.
_COUNTED: dict[tuple[str, str, int], SampleCounts] = {}

"""The samples of a project as people look through them: pages, filters, counts, changes, undo. Knows no UI.

What is true stands in sft_data.jsonl alone, which others may append to and write anew at any time; `held_lines` has
it in memory as it is at each look.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from core.documents.store.chunk_store import ChunkStore, SourceFile
from core.project_manager import Project
from core.samples.store import findings
from core.samples.store.findings import Findings, Verdict
from core.samples.store.held_lines import Held, Line
from core.samples.store.sample import STATUSES, Source
from core.samples.store.sample_changes import Changes, Journal
from core.samples.store.sample_file import locked
from core.samples.store.sample_query import (
    SampleCounts,
    SamplePage,
    SampleQuery,
    SampleRow,
    counts_of,
    numbers_of,
    presentable_sample,
    row_of,
)
from core.samples.store.sft_dataset import HELD, require_lines, sample_in
from core.samples.store.sources import Links
from utils.errors import AppError, Message

MOST_SETTLED = 4
VERDICTS_AT_ONCE = 500
SAVE_EVERY_SECONDS = 10.0

_Result = TypeVar("_Result")


class SampleStore:
    """The samples of one project. Any thread may call.

    Methods raise NotAFile and OSError; those that write also AppError samples_busy, and as `Project.held` and
    `require_lines` do.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._data = project.samples_file
        self._chunks = ChunkStore(project.database)

    def held(self) -> Held:
        """The file as it is now."""
        return HELD.of(self._data)

    def counts(self) -> SampleCounts:
        """How many samples there are of each kind."""
        held, found = self.held(), self.findings()
        counts = held.once("counts", found, lambda: counts_of(held, found))
        return replace(counts, undoable=len(Journal(self._project.undo_folder).files()))

    def page(self, query: SampleQuery, size: int) -> SamplePage:
        """The next `size` samples behind `query.after`, or the last ones before `query.before`, in order."""
        held, found = self.held(), self.findings()
        numbers = numbers_of(query, held, found)
        if query.before:
            end = bisect_left(numbers, query.before)
            start = max(0, end - size)
        else:
            start = bisect_right(numbers, query.after)
            end = start + size
        rows = [row_of(number, held, found) for number in numbers[start:end]]
        return SamplePage(rows, start > 0, end < len(numbers))

    def get(self, sample_id: str) -> SampleRow | None:
        held = self.held()
        return row_of(held.ids.index(sample_id) + 1, held, self.findings()) if sample_id in held.ids else None

    def next_to_review(self, query: SampleQuery, behind: str = "") -> SampleRow | None:
        """The next new sample that fits, or the first one again: those like another one before those with other
        findings, and then all the rest. `behind` is the id of the sample that was looked at."""
        held, found = self.held(), self.findings()

        def place(number: int) -> tuple[int, int]:
            verdict = found.verdicts.get(held.ids[number - 1])  # an edited sample stays where it was
            findings = verdict.findings if verdict else ()
            return 0 if any(each.of_id for each in findings) else 1 if findings else 2, number

        here = place(held.ids.index(behind) + 1) if behind in held.ids else (0, 0)
        places = [place(number) for number in numbers_of(replace(query, status="new"), held, found)]
        _, number = min([each for each in places if each > here] or places, default=(0, 0))
        return row_of(number, held, found) if number else None

    def ids(self, query: SampleQuery) -> list[str]:
        """The ids of all samples that fit, wherever a page begins."""
        held = self.held()
        return [held.ids[number - 1] for number in numbers_of(query, held, self.findings())]

    def unchecked(self) -> list[str]:
        """The ids of the samples that the checks have not seen as they are now."""
        held, found = self.held(), self.findings()
        return [own for own, line in zip(held.ids, held.samples, strict=True) if not found.of(own, line.content)]

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
        if not self._data.exists() or not Journal(self._project.undo_folder).files():
            return None
        done = self._changing(lambda changes: changes.undo())
        if done and not done.key.startswith("review.undone_status"):
            self.relink()  # a line from before may name a chunk that has gone since
        return done

    def relink(self) -> int:
        """Write into each sample which chunk holds its text now. Returns how many have lost theirs with this call.

        A sample that was in place stays so while its document does. Raises AppError as `require_lines` does.
        """
        require_lines(self._data)
        if not self._chunks.path.exists():
            return 0  # samples that came without any documents
        known, now = _SETTLED.get(self._data), _Settled.of(self._chunks)
        held = self.held()
        wanted = [
            (own, line)
            for own, line in zip(held.ids, held.samples, strict=True)
            if known is None or not known.holds(line, now)
        ]
        links = Links(self._chunks)
        found: dict[str, tuple[Source, Source]] = {}
        in_place = {line.data for line in held.samples} - {line.data for _, line in wanted}
        # What is read of a chunk serves all of its samples.
        for own, line in sorted(wanted, key=lambda each: (each[1].document, each[1].chunk_id or 0)):
            sample = presentable_sample(sample_in(line))
            source = links.now(sample)
            if sample.source is not None and source is not None and source != sample.source:
                found[own] = sample.source, source
            else:
                in_place.add(line.data)
        if found:
            self._changing(lambda changes: changes.set_sources(found))
            written = self.held()
            in_place |= {line.data for own, line in zip(written.ids, written.samples, strict=True) if own in found}
        while len(_SETTLED) >= MOST_SETTLED:
            _SETTLED.pop(next(iter(_SETTLED)), None)
        _SETTLED[self._data] = replace(now, lines=frozenset(in_place))
        return sum(old.chunk_id is not None and new.chunk_id is None for old, new in found.values())

    def findings(self) -> Findings:
        """What the checks found, as far as it has come."""
        return findings.findings_of(self._project.findings_file)

    def set_findings(self, limits: str, results: Iterable[tuple[str, Verdict]]) -> None:
        """Note what the checks found with these limits, by the samples' ids; also where it is stopped.

        Who edits a sample meanwhile makes it unchecked again.
        """
        path, saved = self._project.findings_file, time.monotonic()
        batch: dict[str, Verdict] = {}
        try:
            for own, verdict in results:
                batch[own] = verdict
                if len(batch) >= VERDICTS_AT_ONCE:
                    findings.add(path, limits, batch)
                    batch = {}
                if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                    findings.save(path, self.held().ids)
                    saved = time.monotonic()
        finally:
            findings.add(path, limits, batch)
            findings.save(path, self.held().ids)

    def _any(self, ids: Sequence[str]) -> bool:
        """Whether there may be such samples; where there is no file yet, no change shall make one."""
        return bool(ids) and self._data.exists()

    def _changing(self, change: Callable[[Changes], _Result]) -> _Result:
        """Do a change while nobody else writes."""
        with self._project.held(), locked(self._data):
            return change(Changes(self._project))


@dataclass(frozen=True)
class _Settled:
    """The documents and chunks of a store, and the `lines` of samples that were in place there."""

    inode: int
    documents: dict[str, SourceFile]
    chunk_ids: frozenset[int]
    lines: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, chunks: ChunkStore) -> "_Settled":
        documents = {source.filename: source for source in chunks.documents()}
        return cls(chunks.path.stat().st_ino, documents, frozenset(chunks.chunk_ids()))

    def holds(self, line: Line, now: "_Settled") -> bool:
        """Whether a sample is still in place: its document is the same, and its chunk is there."""
        return (
            line.data in self.lines
            and self.inode == now.inode
            and line.chunk_id in now.chunk_ids
            and self.documents.get(line.document) == now.documents.get(line.document)
        )


# Only ever replaced entry by entry, so any thread may look.
_SETTLED: dict[Path, _Settled] = {}

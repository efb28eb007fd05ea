"""Samples from elsewhere into a project, and out of it for others. Knows projects; knows no UI."""

import csv
import io
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.documents.store.chunk_store import ChunkStore
from core.jobs.job import JobContext
from core.project_manager import Project
from core.samples.exchange.files import BadRecord, read_records
from core.samples.exchange.formats import CSV_COLUMNS, Turns, as_messages, as_row, turns_of
from core.samples.store.sample import (
    Generator,
    Sample,
    Source,
    content_of,
    line_of,
    presentable,
    sample_id,
    sample_of,
)
from core.samples.store.sft_dataset import HELD, append_samples, require_lines, sample_in
from core.samples.store.sources import LEAST_SUPPORT, Links
from utils.errors import AppError
from utils.files import open_file, replacing

SAMPLES_AT_ONCE = 500
MOST_BAD_LINES = 100
MAX_NAME_CHARACTERS = 255
MAX_WORD_CHARACTERS = 40


@dataclass(frozen=True)
class ExportFormat:
    """How samples are written for others: the beginning of the file, then each sample, told also as its line here."""

    suffix: str
    begin: str
    write: Callable[[Sample, str], str]


def import_samples(context: JobContext, project: Project, file: Path, name: str) -> dict[str, Any]:
    """Take over what a file holds and the project has not: {"imported", "duplicates", "bad", "bad_lines"}.

    `name` is what the person calls the file. `bad_lines` are the first hundred, each with the key of the text that
    says why. Stopped, it keeps what came, and called again it goes on. Raises AppError import_empty, import_archive,
    import_not_text, import_no_columns.
    """
    size = max(1, file.stat().st_size)
    imported = duplicates = bad = 0
    bad_lines: list[tuple[int, str]] = []
    batch: list[Sample] = []
    with open_file(file) as opened, closing(read_records(opened, name)) as records:
        arrivals = _Arrivals(project, name, context)
        for count, (line, record) in enumerate(records):
            try:
                if isinstance(record, BadRecord):
                    raise record
                sample = arrivals.sample(record, turns_of(record))
            except BadRecord as problem:
                bad += 1
                if len(bad_lines) < MOST_BAD_LINES:
                    bad_lines.append((line, problem.reason))
            else:
                if sample is None:
                    duplicates += 1
                else:
                    batch.append(sample)
            if count % SAMPLES_AT_ONCE == SAMPLES_AT_ONCE - 1:
                append_samples(project.samples_file, batch)
                imported, batch = imported + len(batch), []
                context.progress(min(1.0, opened.tell() / size), 1.0, "exchange.importing", count=imported)
                context.checkpoint()
    append_samples(project.samples_file, batch)
    imported += len(batch)
    context.progress(1.0, 1.0, "exchange.importing", count=imported)
    context.log("exchange.log_done", imported=imported, duplicates=duplicates, bad=bad)
    return {"imported": imported, "duplicates": duplicates, "bad": bad, "bad_lines": bad_lines}


def export_samples(project: Project, kind: str, target: Path) -> int:
    """Write all samples but the rejected ones in the format EXPORTS[kind], whole or not at all; how many there were.

    Raises AppError `export_no_samples`, and as `require_lines` does.
    """
    require_lines(project.samples_file)
    form = EXPORTS[kind]
    kept = [line for line in HELD.of(project.samples_file).samples if line.status != "rejected"]
    if not kept:
        raise AppError("export_no_samples")
    with replacing(target) as out:
        out.write(form.begin.encode())
        for line in kept:
            out.write(form.write(sample_in(line), line.data.decode("utf-8-sig").strip()).encode())
    return len(kept)


class _Arrivals:
    """What comes in, compared with what is there."""

    def __init__(self, project: Project, name: str, context: JobContext) -> None:
        self._links = Links(ChunkStore(project.database))
        self._generator = Generator("import", presentable(name)[:MAX_NAME_CHARACTERS])
        self._contents: set[int] = set()
        self._ids: set[str] = set()
        for count, line in enumerate(HELD.of(project.samples_file).samples):
            self._contents.add(content_of(sample_in(line)))
            self._ids.add(line.id)
            if count % SAMPLES_AT_ONCE == 0:
                context.checkpoint()

    def sample(self, record: Mapping[str, Any], turns: Turns) -> Sample | None:
        """The sample of a record, or None where the project has it."""
        (asked, said), *later = turns
        told = sample_of({**record, "instruction": asked, "output": said, "input": "", "follow_ups": None})
        if told.support is None:  # whose chunk is named but not measured has to be supported all the same
            told = replace(told, support=LEAST_SUPPORT)
        sample = replace(
            told,
            follow_ups=tuple(later),
            source=self._source(told),
            generator=self._generator,
            language=_short(told.language),
            style=_short(told.style),
            support=None,
        )
        content = content_of(sample)
        if content in self._contents:
            return None
        own_id = told.id
        while own_id in self._ids:
            own_id = sample_id(own_id, f"{asked}\0{said}")
        self._contents.add(content)
        self._ids.add(own_id)
        return replace(sample, id=own_id)

    def _source(self, told: Sample) -> Source | None:
        """Document and page as they were told; the chunk only where this project has that text."""
        if told.source is None or not told.source.document.strip():
            return None
        document = presentable(told.source.document)[:MAX_NAME_CHARACTERS]
        found = self._links.now(replace(told, source=replace(told.source, document=document)))
        if found is not None and found.chunk_id is not None:
            return found
        return Source(document, told.source.page)


def _short(words: str | None) -> str | None:
    """A language or a style, not a novel."""
    return presentable(words)[:MAX_WORD_CHARACTERS] if words else None


def _csv_line(cells: list[str] | tuple[str, ...]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()


# Excel takes a file for UTF-8 only where it begins with a byte order mark. Cells that it would take for a formula get
# an apostrophe, which Excel hides and the import takes away again.
EXPORTS: dict[str, ExportFormat] = {
    "jsonl": ExportFormat("jsonl", "", lambda _, line: f"{line}\n"),
    "messages": ExportFormat("jsonl", "", lambda sample, _: f"{line_of(as_messages(sample))}\n"),
    "csv": ExportFormat("csv", "\ufeff" + _csv_line(CSV_COLUMNS), lambda sample, _: _csv_line(as_row(sample))),
}

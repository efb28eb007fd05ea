"""Documents into the store: take the files in, read their pages, cut them into chunks. Knows no model and no UI."""

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.documents.chunk_state import have_chunks, how_cut
from core.documents.chunking import joined, text_and_chunks
from core.documents.document_intake import Intake, Taken
from core.documents.duplicates import mark_duplicates, prepare_comparing
from core.documents.formats.page_text import Page
from core.documents.languages import language_of
from core.documents.legibility import is_garbled
from core.documents.parsing.pool import ParserPool
from core.documents.readers import read_document
from core.documents.store.chunk_store import ChunkStore, SourceFile, Writer
from core.documents.token_counting import TokenCounter, counter_of
from core.jobs.job import JobContext, StopRequested
from core.jobs.runs import Run
from core.jobs.worker import chunks_at_rest, read_secrets
from core.project_manager import Project
from utils.config import ChunkSettings
from utils.errors import AppError

MAX_PROGRESS_STEPS = 50  # per file: each is written to disk, and a book has thousands of pages
LANGUAGE_SAMPLE_CHARACTERS, LANGUAGE_SAMPLES = 20_000, 10
STATUS_OF_ERROR = {
    "file_unsupported": "unsupported",
    "pdf_not_pdf": "unsupported",
    "docx_not_docx": "unsupported",
    "file_not_text": "unsupported",
    "file_empty": "damaged",
    "pdf_damaged": "damaged",
    "docx_damaged": "damaged",
    "epub_not_epub": "unsupported",
    "epub_protected": "unsupported",  # copy protection: no password opens it
    "epub_damaged": "damaged",
    "pdf_password": "password",
    "pdf_wrong_password": "password",
    "docx_password": "password",
    "pdf_no_text": "no_text",
    "text_garbled": "no_text",
    "file_no_text": "no_text",
}

logger = logging.getLogger(__name__)


@dataclass
class _Reading:
    """One document while it is read: what has been seen of it so far."""

    source: SourceFile
    pages: int = 0
    pages_read: int = 0
    has_text: bool = False
    sample: list[str] = field(default_factory=list)
    sample_characters: int = 0

    def note(self, page: Page) -> None:
        self.has_text = self.has_text or bool(page.text.strip())
        if not page.continues:
            self.pages += 1
            self.pages_read += page.readable
        # From all over the document: a book may begin with twenty pages of contents.
        in_sample = page.number % max(1, page.page_count // LANGUAGE_SAMPLES) == 0
        if in_sample and self.sample_characters < LANGUAGE_SAMPLE_CHARACTERS:
            most = LANGUAGE_SAMPLE_CHARACTERS // (LANGUAGE_SAMPLES if page.page_count > 1 else 1)
            self.sample.append(page.text[:most])
            self.sample_characters += len(self.sample[-1])

    def finished(self, how_cut: dict[str, Any]) -> SourceFile:
        """What the store shall say of the document. Raises AppError text_garbled where no page can be read."""
        if self.pages and not self.has_text and self.pages_read < self.pages:
            raise AppError("text_garbled", file=self.source.original_name)
        counts = {"pages": self.pages, "pages_read": self.pages_read, "language": language_of("\n".join(self.sample))}
        source = replace(self.source, status="done", detail="", params=how_cut, **counts)  # type: ignore[arg-type]
        if self.pages_read < self.pages:
            params = how_cut | {"read": self.pages_read, "pages": self.pages, "file": source.original_name}
            source = replace(source, status="partial", detail="pages_unreadable", params=params)
        return source


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """The stage in its child process. The request holds `files`, absolute paths, or `again`, names in the project."""
    request = run.request
    with ParserPool(context.checkpoint) as parsers:
        if "again" in request:
            passwords = read_secrets().get("passwords", {})
            replaces = have_chunks(run.project, request["again"])
            with chunks_at_rest(context, run.project) if replaces else nullcontext():
                return process_again(context, run.project, request["again"], passwords, parsers)
        files = [Path(name) for name in request["files"]]
        return process_documents(context, run.project, files, run.id, parsers)


def process_documents(
    context: JobContext, project: Project, files: Sequence[Path], batch: str = "", parsers: ParserPool | None = None
) -> dict[str, Any]:
    """Take files into the project: originals to data/documents, chunks to rag.db, one transaction for each file.

    May be stopped at any moment and called again with the same arguments: files that were finished are skipped, as
    `duplicate` or, where `batch` says that they came with this very call, with their result. One bad file never
    stops the others; what became of it is in its status. Without `parsers` files are read in this very process.
    Raises AppError only where nothing can be stored.
    """
    store = ChunkStore(project.database)
    context.progress(0, len(files), "documents.taking_in", count=len(files))
    with store.writer() as writer:
        intake = Intake(project, store, writer, batch)
        taken: list[Taken] = []
        for file in files:
            taken.append(intake.take(file))
            context.checkpoint()
        intake.finish()
        return _process(context, project, writer, taken, parsers)


def process_again(
    context: JobContext,
    project: Project,
    filenames: Sequence[str],
    passwords: Mapping[str, str] | None = None,
    parsers: ParserPool | None = None,
) -> dict[str, Any]:
    """Read documents of the project again, from their originals. One that cannot be read now keeps its chunks."""
    store = ChunkStore(project.database)
    known = {source.filename: source for source in store.documents()}
    sources = [known[filename] for filename in filenames if filename in known]
    opened_with = passwords or {}
    taken = [Taken(source.original_name, source, True, opened_with.get(source.filename)) for source in sources]
    with store.writer() as writer:
        return _process(context, project, writer, taken, parsers)


def _process(
    context: JobContext, project: Project, writer: Writer, files: Sequence[Taken], parsers: ParserPool | None
) -> dict[str, Any]:
    """Read, cut and store what is new of the files; flags of all chunks are brought up to date in the end."""
    work = _Work(context, project, writer, project.load_config().documents, counter_of(project), parsers)
    following = deque(file for file in files if file.is_new)
    store = ChunkStore(project.database)
    results = []
    for number, file in enumerate(files, start=1):
        source = file.source
        if file.is_new:
            following.popleft()
            work.place = (number, len(files))
            source = work.store_document(file, following[0] if following else None)
            if source.chunks:  # now, while the parsers are busy with what follows
                prepare_comparing(context, store, writer, source.filename)
        results.append(_result(file, source))
        _log(context, results[-1])
        context.progress(number, len(files), "documents.file_finished", file=source.original_name)
        context.checkpoint()
    if parsers is not None:
        parsers.close()  # what follows needs memory itself
    if any(file.is_new for file in files):
        context.progress(len(files), len(files), "documents.comparing")
        mark_duplicates(context, store)
    return {"documents": results, "chunks": store.count()}


@dataclass
class _Work:
    """What it takes to read documents and store them; `place` is (number of the file, how many there are)."""

    context: JobContext
    project: Project
    writer: Writer
    settings: ChunkSettings
    counter: TokenCounter
    parsers: ParserPool | None
    place: tuple[int, int] = (1, 1)

    def store_document(self, file: Taken, following: Taken | None) -> SourceFile:
        """Read and cut one file and store what came of it. The `following` one may be begun with meanwhile."""
        source = file.source
        reading = _Reading(source)
        text = joined(self._pages(reading, file, following))
        parts = text_and_chunks(text, self.settings, self.counter, source.sha256)
        made = how_cut(self.settings, self.counter.name)
        try:
            return self.writer.replace(source.filename, parts, lambda: reading.finished(made))
        except StopRequested:
            raise
        except AppError as error:
            if error.code.startswith(("store_", "project_")):
                raise
            return self._refuse(reading, error)
        except OSError:
            raise  # a full disk, most likely: no file's fault
        except Exception as error:
            # Parsers meet files that their authors never saw; such a file must cost only itself.
            logger.exception("cannot read %s", source.filename)
            problem = f"{type(error).__name__}: {error}"[:300]
            return self._refuse(reading, AppError("file_unreadable", problem=problem))

    def _refuse(self, reading: _Reading, error: AppError) -> SourceFile:
        """Note why a document could not be read; what had been read of it before stays."""
        self.context.checkpoint()  # no file is to blame for a stop, nor for a project that was taken away
        source = reading.source
        params = {**error.params, "file": source.original_name}
        status = STATUS_OF_ERROR.get(error.code, "failed")
        refused = replace(source, status=status, detail=error.code, params=params)
        if source.chunks:
            noted = replace(source, detail=error.code, params=source.params | params)
        else:
            noted = refused = replace(refused, pages=reading.pages)
        self.writer.put(noted)
        return refused

    def _pages(self, reading: _Reading, file: Taken, following: Taken | None) -> Iterator[Page]:
        """The pages of a file, while people are told how far it is."""
        number, count = self.place
        path = self._original(file)
        pages = self.parsers.read(path, file.password) if self.parsers else read_document(path, file.password)
        if self.parsers and following:
            self.parsers.prepare(self._original(following), following.password)
        told = -1.0
        for page in pages:
            share = page.number / page.page_count if page.read_share is None else page.read_share
            if share - told >= 1 / MAX_PROGRESS_STEPS:
                told = share
                what = {"page": page.number, "pages": page.page_count, "file": reading.source.original_name}
                done = number - 1 + min(share, 1.0)
                self.context.progress(done, count, "documents.reading", **what, number=number, count=count)
            self.context.checkpoint()
            if is_garbled(page.text):
                page = replace(page, text="", headings=(), readable=False)
            reading.note(page)
            yield page

    def _original(self, file: Taken) -> Path:
        return self.project.documents_folder / file.source.filename


def _result(file: Taken, source: SourceFile) -> dict[str, Any]:
    """One line of the stage's result; `filename` is the name that the file was given under."""
    return {
        "filename": file.given_name,
        "stored_as": source.filename if source.sha256 else "",
        "status": source.status,
        "pages": source.pages,
        "chunks": source.chunks,
        "tokens": source.tokens,
        "detail": source.detail,
        "params": source.params,
    }


def _log(context: JobContext, result: dict[str, Any]) -> None:
    """One log line: counts for a file that was read, else the sentence that its detail names."""
    if result["status"] == "done":
        counts = {name: result[name] for name in ("pages", "chunks", "tokens")}
        context.log("documents.log_done", file=result["filename"], **counts)
    else:
        context.log(f"error.{result['detail']}", **{**result["params"], "file": result["filename"]})

"""Documents into the store: take the files in, read their pages, cut them into chunks. Knows no model and no UI."""

import logging
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from core.chunk_store import ChunkStore, NewChunk, SourceFile
from core.chunking import chunks_of_pages
from core.formats.page_text import Page
from core.jobs import JobContext, StopRequested
from core.parser_process import ParserProcess
from core.project_manager import Project
from core.readers import READERS, read_document
from core.runs import Run
from core.token_counting import TokenCounter, rule_counter, tokenizer_counter
from utils.config import BaseChoice, ChunkSettings
from utils.errors import AppError
from utils.files import sha256_of, sync_folder
from utils.validators import FORBIDDEN_IN_NAMES, RESERVED_NAMES

MAX_STORED_NAME_BYTES = 150
MAX_PROGRESS_STEPS = 50  # per file: each is written to disk, and a book has thousands of pages
FINISHED = ("done", "partial")
Read = Callable[[Path], Iterable[Page]]
STATUS_OF_ERROR = {
    "file_unsupported": "unsupported",
    "pdf_not_pdf": "unsupported",
    "docx_not_docx": "unsupported",
    "file_not_text": "unsupported",
    "file_empty": "damaged",
    "pdf_damaged": "damaged",
    "docx_damaged": "damaged",
    "pdf_password": "password",
    "docx_password": "password",
    "pdf_no_text": "no_text",
    "file_no_text": "no_text",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Intake:
    """A file as it was given: what the store says of it, and whether there is anything left to do."""

    given_name: str
    source: SourceFile
    is_new: bool


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """The stage in its child process. The request holds `files`, absolute paths."""
    files = [Path(name) for name in run.request["files"]]
    with ParserProcess(context.checkpoint) as parser:
        return process_documents(context, run.project, files, batch=run.id, read=parser.read)


def process_documents(
    context: JobContext, project: Project, files: Sequence[Path], batch: str = "", read: Read = read_document
) -> dict[str, Any]:
    """Take files into the project: originals to data/documents, chunks to rag.db, one transaction for each file.

    May be stopped at any moment and called again with the same arguments: files that were finished are skipped, as
    `duplicate` or, where `batch` says that they came with this very call, with their result. One bad file never
    stops the others; what became of it is in its status. Raises AppError only where nothing can be stored.
    """
    store = ChunkStore(project.database)
    settings = project.load_config()
    counter = _counter(settings.base)
    context.progress(0, len(files), "documents.taking_in", count=len(files))
    intakes: list[_Intake] = []
    for file in files:
        intakes.append(_take_in(project, store, file, batch, [intake.source.filename for intake in intakes]))
        context.checkpoint()
    results = []
    for number, intake in enumerate(intakes, start=1):
        source = intake.source
        if intake.is_new:
            pages_of = partial(read, project.documents_folder / source.filename)
            source = _process(context, store, source, pages_of, (settings.documents, counter), (number, len(files)))
        results.append(_result(intake, source))
        _log(context, results[-1])
        context.progress(number, len(files), "documents.file_finished", file=source.original_name)
        context.checkpoint()
    return {"documents": results, "chunks": store.count()}


def _process(
    context: JobContext,
    store: ChunkStore,
    source: SourceFile,
    pages_of: Callable[[], Iterable[Page]],
    cutting: tuple[ChunkSettings, TokenCounter],
    place: tuple[int, int],
) -> SourceFile:
    """Read and cut one file and store what came of it. `place` is (number of the file, how many there are)."""
    number, count = place
    pages = []
    chunks: list[NewChunk] = []
    params: dict[str, object]
    try:
        for page in pages_of():
            if page.number % max(1, page.page_count // MAX_PROGRESS_STEPS) == 0:
                context.progress(
                    number - 1 + page.number / page.page_count,
                    count,
                    "documents.reading",
                    page=page.number,
                    pages=page.page_count,
                    file=source.original_name,
                    number=number,
                    count=count,
                )
            context.checkpoint()
            pages.append(page)
        chunks = chunks_of_pages(pages, cutting[0], cutting[1], source.sha256)
        read = sum(page.readable for page in pages)
        source = replace(source, status="done", pages=len(pages), pages_read=read)
        if read < len(pages):
            counts = {"read": read, "pages": len(pages)}
            source = replace(source, status="partial", detail="pages_unreadable", params=counts)
    except StopRequested:
        raise
    except AppError as error:
        status = STATUS_OF_ERROR.get(error.code, "failed")
        params = {**error.params, "file": source.original_name}
        source = replace(source, status=status, detail=error.code, params=params, pages=len(pages))
    except Exception as error:
        # Parsers meet files that their authors never saw; such a file must cost only itself.
        logger.exception("cannot read %s", source.filename)
        params = {"file": source.original_name, "problem": f"{type(error).__name__}: {error}"[:300]}
        source = replace(source, status="failed", detail="file_unreadable", params=params, pages=len(pages))
    return store.add_document(source, chunks)


def _take_in(project: Project, store: ChunkStore, file: Path, batch: str, taken: Sequence[str]) -> _Intake:
    """Copy a file into the project, or say why there is no need to. `taken` are the names this call has met."""
    refused = SourceFile(file.name, file.name, "", "failed", batch=batch)
    if file.suffix.lower() not in READERS:
        params = {"file": file.name, "formats": ", ".join(READERS)}
        return _Intake(
            file.name, replace(refused, status="unsupported", detail="file_unsupported", params=params), False
        )
    try:
        sha256 = sha256_of(file)
    except OSError:
        # What was uploaded may be gone when the work is called again; the copy in the project is still there.
        for source in store.documents():
            if batch and source.batch == batch and source.original_name == file.name:
                return _Intake(file.name, source, source.status not in FINISHED)
        return _Intake(file.name, replace(refused, detail="file_missing", params={"file": file.name}), False)
    for source in store.with_hash(sha256):
        same_call = bool(batch) and source.batch == batch and source.original_name == file.name
        same_format = Path(source.filename).suffix == file.suffix.lower()
        if (source.filename in taken and same_format) or (source.status in FINISHED and not same_call):
            params = {"file": file.name, "same_as": source.filename}
            twin = replace(source, status="duplicate", detail="file_duplicate", params=params, chunks=0, tokens=0)
            return _Intake(file.name, twin, False)
        if source.status in FINISHED:
            return _Intake(file.name, source, False)
        if same_format and (project.documents_folder / source.filename).is_file():
            again = replace(source, original_name=file.name, batch=batch, status="queued", detail="", params={})
            return _Intake(file.name, again, True)
    name = _place_original(file, project.documents_folder, sha256)
    queued = SourceFile(name, file.name, sha256, "queued", batch=batch)
    return _Intake(file.name, store.add_document(queued, []), True)


def _place_original(file: Path, folder: Path, sha256: str) -> str:
    """Copy a file into the folder under a name that is free there; the name it got. Whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = stored_name(file.name)
    taken = {path.name.casefold() for path in folder.iterdir()}
    stem, suffix = os.path.splitext(wanted)
    number = 1
    name = wanted
    while name.casefold() in taken:
        if (folder / name).is_file() and sha256_of(folder / name) == sha256:
            return name
        number += 1
        name = f"{stem} ({number}){suffix}"
    temporary = folder / f".{sha256[:16]}.tmp"
    try:
        shutil.copyfile(file, temporary)
        os.replace(temporary, folder / name)
    except OSError as error:
        raise AppError("documents_not_writable", file=file.name, problem=error.strerror or str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    return name


def stored_name(name: str) -> str:
    """A file's name as every file system takes it: no separators, control characters, device names; not too long."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    name = "".join(
        "_"
        if character in FORBIDDEN_IN_NAMES or (unicodedata.category(character)[0] in "CZ" and character != " ")
        else character
        for character in name
    )
    stem, dot, suffix = name.rpartition(".")
    stem = stem.strip(" .") or "document"
    if stem.split(".")[0].strip().casefold() in RESERVED_NAMES:
        stem = f"_{stem}"
    room = MAX_STORED_NAME_BYTES - len(suffix.encode()) - 1
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .")
    return f"{stem}{dot}{suffix.lower()}"


def _counter(base: BaseChoice | None) -> TokenCounter:
    """The tokenizer of the project's base model where that is a folder on this machine, else the rule."""
    if base is not None and base.source == "path" and (file := Path(base.name) / "tokenizer.json").is_file():
        return tokenizer_counter(file)
    return rule_counter()


def _result(intake: _Intake, source: SourceFile) -> dict[str, Any]:
    """One line of the stage's result; `filename` is the name that the file was given under."""
    return {
        "filename": intake.given_name,
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

"""What browser and command line both call for step 1, the documents."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import access
from core.documents import chunk_state
from core.documents.chunk_state import require_chunks
from core.documents.duplicates import mark_duplicates
from core.documents.readers import READERS
from core.documents.store.chunk_store import (
    FLAG_BOILERPLATE,
    FLAG_DUPLICATE,
    FLAG_EXCLUDED,
    Chunk,
    ChunkStore,
    Flag,
    Found,
    SourceFile,
)
from core.documents.token_counting import LOCAL_NAME, counter_name
from core.jobs.job import JobSnapshot, SilentContext
from core.jobs.services import MINIMUM_FREE_GIB, Services, require_rest, running, start_child_job
from core.jobs.worker import alone_with, chunks_at_rest
from core.project_manager import Project
from core.samples import overview as overviews
from core.samples.overview import TOKENS_FOR_A_SAMPLE, Overview
from core.samples.store.relinking import samples_follow
from utils.errors import AppError
from utils.files import require_disk

# What callers read of the package's records, beside what stands below.
__all__ = [
    "FLAG_BOILERPLATE",
    "FLAG_DUPLICATE",
    "FLAG_EXCLUDED",
    "LOCAL_NAME",
    "TOKENS_FOR_A_SAMPLE",
    "Chunk",
    "Flag",
    "Overview",
    "SourceFile",
]

LAST_SEARCH_OFFSET = 500  # nobody reads on that far, and each page of hits costs more than the one before


def readable_formats() -> list[str]:
    """The formats that can be read, each by the first of its endings: `PDF`, `DOCX`, …"""
    endings = {module: ending for ending, module in reversed(READERS.items())}
    return [ending.lstrip(".").upper() for ending in reversed(endings.values())]


def start_documents(services: Services, project: Project, files: Iterable[Path]) -> JobSnapshot:
    """Read files into the project. Raises AppError `no_files`, `file_missing`, `guest_no_files`, `disk_full`."""
    paths = [Path(os.path.expanduser(file)).resolve() for file in files]
    if not paths:
        raise AppError("no_files")
    for path in paths:
        access.require_uploaded(path)
        if not path.is_file():
            raise AppError("file_missing", file=path.name)
    require_disk(project.root, MINIMUM_FREE_GIB)
    return start_child_job(services, project, "rag", {"files": [str(path) for path in paths]})


def start_reprocess(
    services: Services, project: Project, filenames: Iterable[str], passwords: Mapping[str, str] | None = None
) -> JobSnapshot:
    """Read documents of the project again, from their originals.

    Raises AppError `no_files`, `disk_full`, and `samples_running` where that would replace chunks. `passwords`, by
    name, are handed to the child in memory and never reach the disk.
    """
    names = list(filenames)
    if not names:
        raise AppError("no_files")
    if chunk_state.have_chunks(project, names):
        require_rest(services, project, ("sft",), "samples_running")
    require_disk(project.root, MINIMUM_FREE_GIB)
    secrets = {"passwords": dict(passwords)} if passwords else None
    return start_child_job(services, project, "rag", {"again": names}, secrets=secrets)


def wanted_cut(project: Project) -> dict[str, Any]:
    """How chunks would be made now, as a document's `params` say how its own were."""
    return chunk_state.how_cut(project.load_config().documents, counter_name(project))


def needs_rechunk(project: Project) -> bool:
    """Whether chunks were made with other settings or another tokenizer than are set now."""
    return bool(chunk_state.outdated(project))


def start_rechunk(services: Services, project: Project) -> JobSnapshot:
    """Cut all documents again, from their stored text. Raises AppError `no_chunks`, `samples_running`.

    Samples that another process writes are waited for.
    """
    require_chunks(project)
    require_rest(services, project, ("sft",), "samples_running")
    return start_child_job(services, project, "rechunk", {})


def rechunk_if_needed(services: Services, project: Project) -> JobSnapshot | None:
    """Count the chunks with the base model that was just chosen. A stage that draws from the chunks is not disturbed:
    then it stays to be done."""
    if not needs_rechunk(project) or running(services, project, ("rag", "rechunk", "sft")):
        return None
    return start_rechunk(services, project)


def remove_documents(services: Services, project: Project, filenames: Iterable[str]) -> int:
    """Take documents out of the project: their chunks and the originals. Returns how many chunks are left.

    Raises AppError `documents_running`, `samples_running`.
    """
    context = SilentContext()
    require_rest(services, project, ("rag", "rechunk"), "documents_running")
    require_rest(services, project, ("sft",), "samples_running")
    with (
        project.held(),
        alone_with(project, "rag", "documents_running"),
        chunks_at_rest(context, project, may_wait=False),
        samples_follow(context, project),
    ):
        store = ChunkStore(project.database)
        with store.writer() as writer:
            for filename in filenames:
                writer.remove(filename)
                (project.documents_folder / Path(filename).name).unlink(missing_ok=True)
        mark_duplicates(context, store)
        return store.count()


def documents(project: Project) -> list[SourceFile]:
    """The project's documents in the order they came."""
    return ChunkStore(project.database).documents()


def main_language(sources: Iterable[SourceFile]) -> str:
    """The language of most of the text in these documents, as a code; "" where none is known."""
    tokens: Counter[str] = Counter()
    for source in sources:
        tokens[source.language] += source.tokens if source.language else 0
    return max(tokens, key=tokens.__getitem__, default="")


def overview(project: Project) -> Overview:
    """What the documents amount to, with the settings as they are now."""
    return overviews.overview(ChunkStore(project.database), project.load_config().documents)


@dataclass(frozen=True)
class ChunkQuery:
    """Which chunks: those that hold `words`, the best first, without the first `offset` ones; else all of a document
    or of a flag that follow the chunk `after` or precede `before`, both ids."""

    words: str = ""
    filename: str = ""
    flag: str = ""
    after: int = 0
    before: int = 0
    offset: int = 0


@dataclass(frozen=True)
class ChunkPage:
    """Some chunks, and whether there are more before and behind them; excerpts are there for hits.

    `flags` are by a chunk's id; `originals`, by theirs, are the chunks that these ones are much like.
    """

    chunks: Sequence[Chunk]
    before: bool
    behind: bool
    flags: Mapping[int, Sequence[Flag]]
    originals: Mapping[int, Chunk]
    excerpts: Sequence[str] = ()


def search(project: Project, words: str, size: int, offset: int = 0) -> list[Found]:
    """The best chunks for some words, each with its excerpt."""
    return ChunkStore(project.database).search(words, size, offset)


def chunk_page(project: Project, query: ChunkQuery, size: int) -> ChunkPage:
    """At most `size` chunks; one more is asked for, to know whether there is more."""
    store, excerpts = ChunkStore(project.database), []
    filename, flag = query.filename or None, query.flag or None
    if query.words:
        hits = search(project, query.words, size + 1, query.offset)
        chunks, excerpts = [hit.chunk for hit in hits[:size]], [hit.excerpt for hit in hits[:size]]
        behind = len(hits) > size and query.offset + size < LAST_SEARCH_OFFSET
        before = query.offset > 0
    elif query.before:
        found = store.chunks(limit=size + 1, filename=filename, flag=flag, before_id=query.before)
        chunks, before, behind = found[-size:], len(found) > size, True
    else:
        found = store.chunks(query.after, size + 1, filename, flag)
        chunks, before, behind = found[:size], bool(query.after), len(found) > size
    flags = store.flags(chunk.id for chunk in chunks)
    like = {flag.of_id for some in flags.values() for flag in some if flag.of_id is not None}
    originals = {number: chunk for number in like if (chunk := store.chunk(number))}
    return ChunkPage(chunks, before, behind, flags, originals, excerpts)


def chunk_counts(project: Project, filename: str) -> dict[str, int]:
    """How many chunks a document, or for "" all of them, have with each flag; under "" altogether."""
    store = ChunkStore(project.database)
    flags = (None, FLAG_DUPLICATE, FLAG_BOILERPLATE, FLAG_EXCLUDED)
    return {flag or "": store.count(filename or None, flag) for flag in flags}


def exclude_chunk(project: Project, chunk_id: int, excluded: bool) -> bool:
    """Note that a person wants no training data from this chunk, or wants it again. False where there is none."""
    store = ChunkStore(project.database)
    with project.held():
        if store.chunk(chunk_id) is None:
            return False
        store.exclude([chunk_id], excluded)
    return True


def export_database(project: Project) -> Path:
    """All chunks in one consistent file, also while documents are being read. Raises AppError `no_chunks`."""
    require_chunks(project)
    with project.held():
        return ChunkStore(project.database).export(project.database_export)

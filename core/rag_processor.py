"""What browser and command line both call for step 1, the documents."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core import access
from core.documents import chunk_state
from core.documents.chunk_state import require_chunks
from core.documents.duplicates import mark_duplicates
from core.documents.store.chunk_store import ChunkStore, NewChunk
from core.documents.token_counting import counter_of
from core.jobs.job import JobSnapshot, SilentContext
from core.jobs.services import MINIMUM_FREE_GIB, Services, require_rest, running, start_child_job
from core.jobs.worker import alone_with, chunks_at_rest
from core.project_manager import Project
from core.samples.store.relinking import samples_follow
from utils import config
from utils.errors import AppError
from utils.files import require_disk


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


def remove_documents(services: Services, project: Project, filenames: Iterable[str]) -> None:
    """Take documents out of the project: their chunks and the originals.

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
        with ChunkStore(project.database).writer() as writer:
            for filename in filenames:
                writer.remove(filename)
                (project.documents_folder / Path(filename).name).unlink(missing_ok=True)
        mark_duplicates(context, ChunkStore(project.database))


def exclude_chunk(project: Project, chunk_id: int, excluded: bool) -> None:
    """Note that a person wants no training data from this chunk, or wants it again."""
    with project.held():
        ChunkStore(project.database).exclude([chunk_id], excluded)


def export_database(project: Project) -> Path:
    """All chunks in one consistent file, also while documents are being read. Raises AppError `no_chunks`."""
    require_chunks(project)
    with project.held():
        return ChunkStore(project.database).export(project.database_export)


@dataclass(frozen=True)
class Preview:
    """A chunk as it would be cut; its first `overlap_characters` repeat the end of the one before."""

    text: str
    tokens: int
    overlap_characters: int
    heading: str | None
    page: int


def preview_chunks(
    project: Project, settings: config.ChunkSettings, filename: str | None = None, limit: int = 6
) -> list[Preview]:
    """How a stored document's text would be cut with these settings. Raises AppError `no_chunks`."""
    from core.documents.chunking import text_and_chunks  # LangChain takes half a second to load

    require_chunks(project)
    store = ChunkStore(project.database)
    if filename is None:
        filename = next(source.filename for source in store.documents() if source.chunks)
    previews: list[Preview] = []
    end = 0
    parts = text_and_chunks(store.pages(filename), settings, counter_of(project, forgetful=True), "")
    for chunk in islice((part for part in parts if isinstance(part, NewChunk)), limit):
        start = chunk.metadata["start"]
        overlap = max(0, end - start) if previews else 0
        end = start + len(chunk.text)
        found = chunk.metadata
        previews.append(Preview(chunk.text, found["tokens"], overlap, found.get("heading"), found["page"]))
    return previews

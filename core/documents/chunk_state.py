"""How a document's chunks were made, and whether they would be made otherwise today. Cuts nothing itself."""

from collections.abc import Iterable
from typing import Any

from core.documents.store.chunk_store import ChunkStore, SourceFile
from core.documents.token_counting import counter_name
from core.project_manager import Project
from utils.config import ChunkSettings
from utils.errors import AppError


def how_cut(settings: ChunkSettings, counter: str) -> dict[str, Any]:
    """What a document's record says of how its chunks were made: when this differs, they can be made anew."""
    return {"chunk_tokens": settings.chunk_tokens, "overlap_tokens": settings.overlap_tokens, "tokenizer": counter}


def outdated(project: Project) -> list[SourceFile]:
    """The documents whose chunks were made with other settings or another tokenizer than are set now."""
    if not project.database.is_file():
        return []
    wanted = how_cut(project.load_config().documents, counter_name(project))
    return [
        source
        for source in ChunkStore(project.database).documents()
        if source.chunks and any(source.params.get(name) != value for name, value in wanted.items())
    ]


def have_chunks(project: Project, filenames: Iterable[str]) -> bool:
    """Whether one of these documents has chunks, which reading it again would replace."""
    store = ChunkStore(project.database)
    return any((source := store.document(name)) is not None and source.chunks for name in filenames)


def require_chunks(project: Project) -> None:
    """Raises AppError `no_chunks` where no document has given any text yet."""
    if ChunkStore(project.database).count() == 0:
        raise AppError("no_chunks")

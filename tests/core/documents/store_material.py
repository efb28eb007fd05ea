"""Documents in a store, without reading any file."""

from collections.abc import Iterable

from core.documents.store.chunk_store import ChunkStore, NewChunk, PageText, SourceFile


def add_document(store: ChunkStore, source: SourceFile, parts: Iterable[NewChunk | PageText]) -> SourceFile:
    with store.writer() as writer:
        return writer.replace(source.filename, parts, lambda: source)


def remove_document(store: ChunkStore, filename: str) -> None:
    with store.writer() as writer:
        writer.remove(filename)

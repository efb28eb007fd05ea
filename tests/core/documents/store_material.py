"""Documents in a store, without reading any file."""

from collections.abc import Iterable

from core.documents.store.chunk_store import ChunkStore, NewChunk, PageText, SourceFile


def add_document(store: ChunkStore, source: SourceFile, parts: Iterable[NewChunk | PageText]) -> SourceFile:
    with store.writer() as writer:
        return writer.replace(source.filename, parts, lambda: source)


def remove_document(store: ChunkStore, filename: str) -> None:
    with store.writer() as writer:
        writer.remove(filename)


def add_pumps(store: ChunkStore, count: int) -> None:
    """A document about pumps and balls, each chunk with two sentences that no other one has."""
    chunks = [
        NewChunk(
            f"Die Pumpe Nummer {n} ist ein Teil der Anlage und fördert {n}7 Liter Wasser in der Minute. "
            f"Die Kugel Nummer {n} wiegt mit allen ihren Teilen genau {n}3 Kilogramm und liegt in der Halle.",
            {"page": n, "tokens": 40},
        )
        for n in range(1, count + 1)
    ]
    add_document(store, SourceFile("anlage.pdf", "anlage.pdf", "ab", "done"), chunks)

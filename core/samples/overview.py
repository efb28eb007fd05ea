"""What a project's texts amount to, in figures. Knows the store; knows no UI."""

from dataclasses import dataclass, field

from core.documents.store.chunk_store import ChunkStore
from utils.config import ChunkSettings

TOKENS_FOR_A_SAMPLE = 170


@dataclass(frozen=True)
class Overview:
    """Figures. `coverage` is the share of pages that gave text, `samples_possible` an estimate, see `overview`."""

    documents: int = 0
    pages: int = 0
    pages_read: int = 0
    chunks: int = 0
    tokens: int = 0
    usable: int = 0
    samples_possible: int = 0
    coverage: float = 0.0
    flags: dict[str, int] = field(default_factory=dict)


def overview(store: ChunkStore, settings: ChunkSettings | None = None) -> Overview:
    """The figures of a store, fast at any size: sums are kept for each document, flags are counted.

    `settings` decide which flagged chunks are usable. About how many samples are possible follows from the usable
    chunks: one for every 170 of their tokens on average, so three for a full chunk of 512, and at least one each.
    Helper models can be asked for more, but then begin to ask the same thing again.
    """
    settings = settings or ChunkSettings()
    sources = store.documents()
    chunks, tokens, pages, pages_read = (
        sum(getattr(source, name) for source in sources) for name in ("chunks", "tokens", "pages", "pages_read")
    )
    usable = len(store.usable_ids(settings.skip_duplicates, settings.skip_boilerplate))
    each = max(1, round(tokens / chunks / TOKENS_FOR_A_SAMPLE)) if chunks else 0
    return Overview(
        documents=len(sources),
        pages=pages,
        pages_read=pages_read,
        chunks=chunks,
        tokens=tokens,
        usable=usable,
        samples_possible=usable * each,
        coverage=pages_read / pages if pages else 0.0,
        flags=store.flag_counts(),
    )

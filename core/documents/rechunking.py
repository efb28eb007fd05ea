"""Cut a project's documents anew, after chunk settings or the tokenizer changed, from their stored text. Knows no
document format and no UI."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from core.documents.chunk_state import how_cut, outdated
from core.documents.chunking import joined, text_and_chunks
from core.documents.duplicates import mark_duplicates
from core.documents.parsing.pool import ParserPool
from core.documents.store.chunk_store import ChunkStore, PageText, SourceFile, Writer
from core.documents.token_counting import TokenCounter, counter_of
from core.jobs.job import JobContext
from core.jobs.runs import Run
from core.jobs.worker import chunks_at_rest
from core.project_manager import Project
from utils.config import ChunkSettings
from utils.errors import AppError


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """The stage in its child process. Waits for samples that are being written from the chunks."""
    with chunks_at_rest(context, run.project):
        return rechunk(context, run.project)


def rechunk(context: JobContext, project: Project) -> dict[str, Any]:
    """Bring every document's chunks to the project's settings and tokenizer, one transaction for each document.

    Where only the tokenizer changed and every chunk still fits, its chunks stay and are counted again. May be stopped
    at any moment and called again: documents that are up to date are passed over.
    """
    store = ChunkStore(project.database)
    work = _Work(context, project, store, project.load_config().documents, counter_of(project))
    documents = outdated(project)
    recut = 0
    with store.writer() as writer:
        for number, source in enumerate(documents):
            context.progress(number, len(documents), "documents.cutting_again", file=source.original_name)
            recut += work.bring_up_to_date(source, writer)
    context.progress(len(documents), len(documents))
    if recut:
        mark_duplicates(context, store)
    return {"documents": len(documents), "recut": recut, "chunks": store.count()}


@dataclass
class _Work:
    """What it takes to bring a document up to date."""

    context: JobContext
    project: Project
    store: ChunkStore
    settings: ChunkSettings
    counter: TokenCounter

    def bring_up_to_date(self, source: SourceFile, writer: Writer) -> bool:
        """Whether the document had to be cut again."""
        made = how_cut(self.settings, self.counter.name)
        new = replace(source, params=source.params | made)
        same_cut = all(source.params.get(name) == made[name] for name in ("chunk_tokens", "overlap_tokens"))
        if same_cut and (tokens := self._tokens_if_all_fit(source)):
            writer.set_tokens(source.filename, tokens, self.counter.name)
            writer.put(new)
            return False
        try:
            parts = text_and_chunks(self._text(source), self.settings, self.counter, source.sha256)
            writer.replace(source.filename, parts, lambda: new)
        except AppError as error:
            if error.code.startswith(("store_", "project_")):
                raise
            self.context.log(f"error.{error.code}", **error.params)
            return False
        return True

    def _tokens_if_all_fit(self, source: SourceFile) -> list[tuple[int, int]] | None:
        """(chunk id, tokens) of all chunks; None where one is above the limit now."""
        found: list[tuple[int, int]] = []
        for batch in self.store.batches(source.filename):
            self.context.checkpoint()
            counts = self.counter.exact([chunk.text for chunk in batch])
            if max(counts) > self.settings.chunk_tokens:
                return None
            found += [(chunk.id, tokens) for chunk, tokens in zip(batch, counts, strict=True)]
        return found

    def _text(self, source: SourceFile) -> Iterator[PageText]:
        """The stored text; that of the original where an early version stored none, which ends in its errors."""
        is_stored = False
        for part in self.store.pages(source.filename):
            self.context.checkpoint()
            is_stored = True
            yield part
        if not is_stored:
            with ParserPool(self.context.checkpoint) as parsers:
                yield from joined(parsers.read(self.project.documents_folder / source.filename))

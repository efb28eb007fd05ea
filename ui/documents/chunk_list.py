"""Chunks on the page: a page of all of them, of one document, of one flag, or of what was searched. Only renders."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from core import rag_processor
from core.jobs.kinds import of_tab
from core.project_manager import Project
from core.rag_processor import FLAG_BOILERPLATE, FLAG_DUPLICATE, FLAG_EXCLUDED, Chunk, ChunkQuery, Flag
from ui.page import html
from ui.page.pager import turner
from ui.page.view import Position, View
from ui.texts import KEYS

CHUNKS_SHOWN = 6
FLAGS = (FLAG_DUPLICATE, FLAG_BOILERPLATE, FLAG_EXCLUDED)
FLAG_TONES = {FLAG_DUPLICATE: "info", FLAG_BOILERPLATE: "info", FLAG_EXCLUDED: "warn"}
MARKED = re.compile(r"\[([^\[\]]*)\]")  # the store sets the found words in brackets


@dataclass(frozen=True)
class BrowserPosition(ChunkQuery, Position):
    """What a viewer looks at: which chunks of the project. `version` grows with what this viewer has changed."""

    version: int = 0  # so that a search shows it


def depends(view: View, position: BrowserPosition) -> Hashable:
    """What the page of chunks is made of. Hits stay as they are while documents are being read."""
    job = view.active(of_tab("documents"))
    if position.of(view.project_name).words and job:
        return job.id
    return view.data_stamp


def browser_html(view: View, position: BrowserPosition) -> str:
    """The filter by flag, the chunks, and the way on."""
    position = position.of(view.project_name)
    if view.project is None or not view.documents:
        return ""
    page = rag_processor.chunk_page(view.project, position, CHUNKS_SHOWN)
    cards = "".join(
        chunk_html(view, chunk, page.flags.get(chunk.id, ()), page.originals, excerpt)
        for chunk, excerpt in zip(page.chunks, page.excerpts or [""] * len(page.chunks), strict=True)
    )
    filters = "" if position.words else filter_html(view, view.project, position)
    way_on = turner(view, [chunk.id for chunk in page.chunks], page.before, page.behind)
    shown = f"{filters}{cards or nothing(view, position)}{way_on}"
    return f'<div data-round="{escape(position.project)}">{shown}</div>'


def filter_html(view: View, project: Project, position: BrowserPosition) -> str:
    """One button for each flag that there is, with how many chunks have it."""
    choices = [
        (flag, view.t(f"chunks.flag.{flag}" if flag else "chunks.all"), view.number(count))
        for flag, count in rag_processor.chunk_counts(project, position.filename).items()
        if count or flag in ("", position.flag)
    ]
    return html.chips("flag", choices, position.flag)


def nothing(view: View, position: BrowserPosition) -> str:
    """Why no chunk is shown."""
    if position.words:
        return html.muted(view.t("documents.nothing_found", words=position.words))
    return html.muted(view.t("chunks.none"))


def chunk_html(view: View, chunk: Chunk, flags: Sequence[Flag], originals: Mapping[int, Chunk], excerpt: str) -> str:
    """A chunk with its place, its size, what is known against it, and the button that takes it out or back in."""
    excluded = any(flag.kind == FLAG_EXCLUDED for flag in flags)
    badges = "".join(html.badge(FLAG_TONES[flag.kind], view.t(f"chunks.flag.{flag.kind}")) for flag in flags)
    reasons = "".join(f"<small>{escape(flag_words(view, flag, originals))}</small>" for flag in flags)
    button = html.small_button(
        "include" if excluded else "exclude",
        str(chunk.id),
        view.t("chunks.include" if excluded else "chunks.exclude"),
        about=view.t("chunks.include_about" if excluded else "chunks.exclude_about", number=chunk.id),
    )
    heading = chunk.metadata.get("heading")
    title = f"<h4>{escape(str(heading))}</h4>" if heading else ""
    return (
        f'<article class="chunk{" excluded" if excluded else ""}"><header><cite>{place_html(view, chunk)}</cite>'
        f"{badges}<span>{escape(size_words(view, chunk))}</span></header>{title}{text_html(view, chunk, excerpt)}"
        f"<footer><div>{reasons}</div>{button}</footer></article>"
    )


def text_html(view: View, chunk: Chunk, excerpt: str) -> str:
    """The chunk's text; of a hit the part with the words, and the whole of it on a click."""
    whole = f'<div class="chunk-text" tabindex="0">{escape(chunk.text)}</div>'
    if not excerpt:
        return whole
    marked = MARKED.sub(r"<mark>\1</mark>", escape(excerpt))
    return (
        f'<p class="excerpt">{marked}</p><details data-row="{chunk.id}">'
        f"<summary>{escape(view.t('chunks.whole'))}</summary>{whole}</details>"
    )


def place_html(view: View, chunk: Chunk) -> str:
    return f"{escape(chunk.filename)} · {escape(pages_words(view, chunk))}"


def pages_words(view: View, chunk: Chunk) -> str:
    """`page 3`, or `pages 3–4` where the chunk goes on."""
    last = chunk.metadata.get("page_end")
    if isinstance(last, int) and chunk.page and last > chunk.page:
        return view.t("chunks.pages", first=chunk.page, last=last)
    return view.t("documents.page", page=chunk.page or 1)


def size_words(view: View, chunk: Chunk) -> str:
    return view.t("chunks.size", number=chunk.id, tokens=int(chunk.metadata.get("tokens", 0)))


def flag_words(view: View, flag: Flag, originals: Mapping[int, Chunk]) -> str:
    """Why a chunk has this flag."""
    original = originals.get(flag.of_id) if flag.of_id is not None else None
    if flag.kind == FLAG_DUPLICATE and original is not None:
        return view.t(
            "chunks.why.duplicate_of",
            percent=round((flag.share or 0) * 100),
            number=original.id,
            file=original.filename,
            pages=pages_words(view, original),
        )
    reason = f"chunks.why.{flag.kind}.{flag.reason}"
    return view.t(reason if reason in KEYS else f"chunks.why.{flag.kind}")

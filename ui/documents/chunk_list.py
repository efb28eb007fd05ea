"""Chunks on the page: all of them, of one document, of one flag, or what was searched; some are taken out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape

from core import rag_processor
from core.jobs.kinds import of_tab
from core.rag_processor import FLAG_BOILERPLATE, FLAG_DUPLICATE, FLAG_EXCLUDED, Chunk, ChunkPage, ChunkQuery, Flag
from ui.documents.documents_list import kinds_html
from ui.page import fields, html
from ui.page.fields import Field
from ui.page.pager import turner
from ui.page.parts import Act, Answer, Part
from ui.page.remembered import Remembered
from ui.page.view import Position, View
from ui.texts import optional_text

CHUNKS_SHOWN = 6
FLAG_TONES = {FLAG_DUPLICATE: "info", FLAG_BOILERPLATE: "info", FLAG_EXCLUDED: "warn"}
FLAGS = tuple(FLAG_TONES)
MARKED = re.compile(r"\[([^\[\]]*)\]")  # the store sets the found words in brackets
MAX_CHARACTERS = 500  # of a search
DOCUMENTS_OFFERED = 200  # the list above leads to the chunks of each
PAGES = Remembered(8)


@dataclass(frozen=True)
class BrowserPosition(ChunkQuery, Position):
    """What a viewer looks at: which chunks of the project. `version` grows with what this viewer has changed."""

    version: int = 0  # so that a search shows it


def find_html(view: View) -> str:
    """What is left out, and which chunks are shown: those with some words, of one document or of all."""
    if not view.documents:
        return ""
    t, position = view.t, view.at(BrowserPosition)
    named = [source.filename for source in view.documents if source.chunks][:DOCUMENTS_OFFERED]
    offered = [(name or t("chunks.all_documents"), name) for name in dict.fromkeys(("", *named, position.filename))]
    words = Field("chunks-search", t("documents.search"), kept=False).text(position.words, longest=MAX_CHARACTERS)
    search = html.form(words + html.button("chunks.search", t("chunks.search"), main=True), "line")
    document = Field("chunks-of", t("chunks.document"), action="chunks.of").select(offered, position.filename)
    skip = fields.settings(view, "documents", ("skip_duplicates", "skip_boilerplate"))
    return (
        f'<h2 class="section">{t("documents.section.chunks")}</h2>{html.muted(t("chunks.about"))}'
        f'<div class="fields">{skip}</div><div class="fields">{search}{document}</div>'
    )


def browser_html(view: View) -> str:
    """The filter by flag, the chunks, and the way on."""
    if not view.documents:
        return ""
    position = view.at(BrowserPosition)
    page, counts = found(view, position)
    cards = "".join(
        chunk_html(view, chunk, page.flags.get(chunk.id, ()), page.originals, excerpt)
        for chunk, excerpt in zip(page.chunks, page.excerpts or [""] * len(page.chunks), strict=True)
    )
    way_on = turner(view, "chunks", [chunk.id for chunk in page.chunks], page.before, page.behind)
    filters = kinds_html(view, "chunks.flag", counts, position.flag)
    none = "documents.nothing_found" if position.words else "chunks.none"
    nothing = html.muted(view.t(none, words=position.words))
    return f'<div id="chunks"><div>{filters}</div><div>{cards or nothing}</div>{way_on}</div>'


def found(view: View, position: BrowserPosition) -> tuple[ChunkPage, Mapping[str, int]]:
    """The page of chunks, and how many have each flag. Hits stay as they are while documents are being read."""
    project = view.project
    assert project
    job = view.active(of_tab("documents")) if position.words else None

    def look() -> tuple[ChunkPage, Mapping[str, int]]:
        counts = {} if position.words else rag_processor.chunk_counts(project, position.filename)
        return rag_processor.chunk_page(project, position, CHUNKS_SHOWN), counts

    return PAGES.get((position, job.id if job else view.data_stamp), look)


def chunk_html(view: View, chunk: Chunk, flags: Sequence[Flag], originals: Mapping[int, Chunk], excerpt: str) -> str:
    """A chunk with its place, its size, what is known against it, and the button that takes it out or back in."""
    excluded = any(flag.kind == FLAG_EXCLUDED for flag in flags)
    kind = "chunk excluded" if excluded else "chunk"
    badges = "".join(html.badge(FLAG_TONES[flag.kind], view.t(f"chunks.flag.{flag.kind}")) for flag in flags)
    reasons = "".join(html.small(flag_words(view, flag, originals)) for flag in flags)
    do = "chunks.include" if excluded else "chunks.exclude"
    about = "chunks.include_about" if excluded else "chunks.exclude_about"
    button = html.small_button(do, str(chunk.id), view.t(do), about=view.t(about, number=chunk.id))
    heading = chunk.metadata.get("heading")
    title = f"<h3>{escape(str(heading))}</h3>" if heading else ""
    place = escape(f"{chunk.filename} · {pages_words(view, chunk)}")
    size = view.t("chunks.size", number=chunk.id, tokens=int(chunk.metadata.get("tokens", 0)))
    return (
        f'<article class="{kind}" data-key="{chunk.id}"><header><cite>{place}</cite>{badges}'
        f"<span>{size}</span></header>{title}{text_html(view, chunk, excerpt)}"
        f"<footer><div>{reasons}</div>{button}</footer></article>"
    )


def text_html(view: View, chunk: Chunk, excerpt: str) -> str:
    """The chunk's text; of a hit the part with the words, and the whole of it on a click."""
    whole = f'<div class="chunk-text" tabindex="0">{escape(chunk.text)}</div>'
    if not excerpt:
        return whole
    marked = MARKED.sub(r"<mark>\1</mark>", escape(excerpt))
    return f'<p class="excerpt">{marked}</p>{html.more(view.t("chunks.whole"), whole)}'


def pages_words(view: View, chunk: Chunk) -> str:
    """`page 3`, or `pages 3–4` where the chunk goes on."""
    last = chunk.metadata.get("page_end")
    if isinstance(last, int) and chunk.page and last > chunk.page:
        return view.t("chunks.pages", first=chunk.page, last=last)
    return view.t("documents.page", page=chunk.page or 1)


def flag_words(view: View, flag: Flag, originals: Mapping[int, Chunk]) -> str:
    """Why a chunk has this flag."""
    if original := originals.get(flag.of_id or 0):
        share, pages = round((flag.share or 0) * 100), pages_words(view, original)
        words = {"percent": share, "number": original.id, "file": original.filename, "pages": pages}
        return view.t("chunks.why.duplicate_of", **words)
    why = f"chunks.why.{flag.kind}"
    return optional_text(f"{why}.{flag.reason}", view.language) or view.t(why)


def search(act: Act) -> None:
    """Shows the best chunks for some words, from all documents; without words, all chunks again."""
    words = act.text("chunks-search").strip()[:MAX_CHARACTERS]
    act.move(BrowserPosition(act.project_name, words, version=act.at(BrowserPosition).version))


def show_document(act: Act) -> Answer:
    """Shows the chunks of a document, or of all, from the beginning: chosen in the field, or in the list above."""
    filename = (act.text("value") if "value" in act.values else act.of)[:MAX_CHARACTERS]
    act.move(replace(act.at(BrowserPosition), words="", filename=filename, after=0, before=0, offset=0))
    return Answer(empty=("chunks-search",), focus="#field-chunks-of")


def choose_flag(act: Act) -> None:
    flag = act.of if act.of in FLAGS else ""
    act.move(replace(act.at(BrowserPosition), flag=flag, after=0, before=0))


def turn(direction: str, act: Act) -> None:
    """One page on or back. Hits are counted off, chunks go by the id of the page's first or last one."""
    position = act.at(BrowserPosition)
    if position.words:
        step = CHUNKS_SHOWN if direction == "onward" else -CHUNKS_SHOWN
        act.move(replace(position, offset=min(max(0, position.offset + step), rag_processor.LAST_SEARCH_OFFSET)))
    else:
        act.move(position.turned(direction, act.number))


def exclude(excluded: bool, act: Act) -> None:
    if rag_processor.exclude_chunk(act.project, act.number, excluded):
        position = act.at(BrowserPosition)
        act.move(replace(position, version=position.version + 1))


PART = Part(
    {"chunks.find": find_html, "chunks": browser_html},
    {
        "chunks.search": search,
        "chunks.of": show_document,
        "chunks.flag": choose_flag,
        "chunks.back": partial(turn, "back"),
        "chunks.onward": partial(turn, "onward"),
        "chunks.exclude": partial(exclude, True),
        "chunks.include": partial(exclude, False),
    },
)

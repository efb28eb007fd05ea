"""The table of a project's documents: what became of each file, in words. Only renders."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from core.jobs.job import JobState
from core.jobs.kinds import of_tab
from core.rag_processor import SourceFile
from ui.page import clickable, html
from ui.page.figures import size_words
from ui.page.view import Position, View
from ui.texts import KEYS, error_text

ROWS_SHOWN = 12
STATUSES = ("done", "partial", "queued", "password", "no_text", "damaged", "unsupported", "failed", "duplicate")
STATUS_TONES = {
    "queued": "info",
    "done": "good",
    "partial": "warn",
    "password": "warn",
    "duplicate": "info",
}  # every other status is a failure
COLUMNS = ("tick", "name", "status", "pages", "chunks", "tokens")
SCAN = "pdf_no_text"
NOT_KEPT = ("duplicate", "unsupported")


@dataclass(frozen=True)
class ListPosition(Position):
    """Which part of the list a viewer looks at. `round` grows when what is ticked has been dealt with."""

    status: str = ""
    page: int = 0
    round: int = 0


@dataclass(frozen=True)
class Row:
    """A line of the table: a document of the project, or a file that was given and not taken in."""

    source: SourceFile
    kept: bool = True


def depends(view: View, _: ListPosition) -> Hashable:
    """What the list is made of."""
    job = view.job(of_tab("documents"))
    return view.data_stamp, (job.id, job.state, repr(job.message)) if job else None


def rows_of(view: View) -> list[Row]:
    """All lines: documents first, then what the last call was given and did not keep."""
    known = {source.filename for source in view.documents}
    return [*(Row(source) for source in view.documents), *refused_rows(view, known)]


def refused_rows(view: View, known: set[str]) -> list[Row]:
    """Files of the newest call that are no documents of the project, because it has them or cannot read them."""
    job = view.job(("rag",))
    if job is None or job.state != JobState.DONE or not job.result:
        return []
    return [
        Row(
            SourceFile(
                result["filename"], result["filename"], "", result["status"], result["detail"], result["params"]
            ),
            kept=False,
        )
        for result in job.result.get("documents", ())
        if result["status"] in NOT_KEPT and (result["status"] == "duplicate" or result["filename"] not in known)
    ]


def list_html(view: View, position: ListPosition) -> str:
    """The filter, the buttons for what is ticked, one page of the table, and the way to its other pages."""
    position = position.of(view.project_name)
    rows = rows_of(view)
    if not rows:
        return html.muted(view.t("documents.none"))
    shown = matching(rows, position.status)
    pages = max(1, -(-len(shown) // ROWS_SHOWN))
    page = min(position.page, pages - 1)
    part = shown[page * ROWS_SHOWN : (page + 1) * ROWS_SHOWN]
    reading = now_reading(view)
    heads = [view.t(f"documents.head_{name}") for name in COLUMNS]
    table = html.table(heads, (row_cells(view, row, reading) for row in part), "", "documents")
    return (
        f'<div data-round="{escape(f"{position.project}/{position.round}")}">'
        + filter_html(view, rows, position.status)
        + ticked_html(view, sum(row.kept for row in shown))
        + table
        + pager_html(view, page, pages, len(shown))
        + "</div>"
    )


def matching(rows: Sequence[Row], status: str) -> Sequence[Row]:
    return [row for row in rows if row.source.status == status] if status else rows


def filter_html(view: View, rows: Sequence[Row], chosen: str) -> str:
    """One button for each status that there is, with how many documents have it."""
    counts = Counter(row.source.status for row in rows)
    there = [status for status in STATUSES if counts[status]]
    if len(there) < 2 and not chosen:
        return ""
    choices = [("", view.t("documents.all"), len(rows))]
    choices += [(status, view.t(f"document.status.{status}"), counts[status]) for status in there]
    return html.chips("status", [(name, words, view.number(count)) for name, words, count in choices], chosen)


def ticked_html(view: View, count: int) -> str:
    """What can be done with the ticked documents; nothing while documents are being worked on."""
    if not count:
        return ""
    if busy(view):
        return html.muted(view.t("documents.wait"))
    every = html.tick_every(view.t("documents.tick_all", count=count))
    words = escape(view.t("documents.ticked", count="#"))
    again = html.small_button("again", "", view.t("documents.again"), needs_tick=True)
    remove = html.small_button("remove", "", view.t("documents.remove"), needs_tick=True, tone="stop")
    return f'<div class="ticked">{every}<span data-count="{words}" data-all="{count}"></span>{again}{remove}</div>'


def pager_html(view: View, page: int, pages: int, count: int) -> str:
    """`26–50 of 1,500` with a way back and on; nothing where all of it is shown."""
    first, last = page * ROWS_SHOWN + 1, min((page + 1) * ROWS_SHOWN, count)
    return clickable.pages(view, page, pages, view.t("documents.place", first=first, last=last, count=count))


def row_cells(view: View, row: Row, reading: dict[str, Any]) -> list[str]:
    source = row.source
    name = escape(source.filename)
    tick = html.tick(source.filename, view.t("documents.tick", file=source.filename)) if row.kept else ""
    size = size_words(source.size_bytes, view.language) if source.size_bytes else ""
    about = " · ".join(part for part in (language_words(view, source.language), size) if part)
    title = f'<span class="file">{name}</span>' + (f"<small>{escape(about)}</small>" if about else "")
    browse = view.t("documents.show_chunks", file=source.filename)
    chunks = html.small_button("chunks", source.filename, view.number(source.chunks), tone="link", about=browse)
    return [
        tick,
        title,
        status_html(view, source, reading if row.kept else {}),
        pages_words(view, source),
        chunks if source.chunks else "",
        view.number(source.tokens) if source.tokens else "",
    ]


def pages_words(view: View, source: SourceFile) -> str:
    """How many pages were read, and of how many where some are missing."""
    if not source.pages:
        return ""
    if source.status == "partial" and source.pages_read < source.pages:
        return escape(view.t("documents.pages_of", read=source.pages_read, pages=source.pages))
    return view.number(source.pages)


def status_html(view: View, source: SourceFile, reading: dict[str, Any]) -> str:
    """The status in a word, why it is so, and what to do about it."""
    if reading and source.status not in ("done", "partial") and reading.get("file") == source.original_name:
        words = view.t("documents.reading_page", page=reading["page"], pages=reading["pages"])
        share = reading["page"] / reading["pages"] if reading["pages"] else None
        return html.badge("info", words) + html.bar(share, words)
    if source.status == "queued" and not reading and not view.active(["rag"]):
        return html.badge("warn", view.t("document.status.not_read_yet")) + hint(view.t("documents.not_read_hint"))
    word = "scan" if source.detail == SCAN else source.status
    found = html.badge(STATUS_TONES.get(source.status, "bad"), view.t(f"document.status.{word}"))
    if not source.detail:
        return found
    happened, what_to_do = error_text(source.detail, view.language, source.params)
    return found + hint(f"{happened} {what_to_do}")


def hint(words: str) -> str:
    return f'<small class="reason">{escape(words)}</small>'


def busy(view: View) -> str:
    """Why no document can be worked on now; empty if one can."""
    return view.t("error.documents_running") if view.active(of_tab("documents")) else ""


def now_reading(view: View) -> dict[str, Any]:
    """Which file is being read, and how far: the parameters of the job's message; empty while none is."""
    job = view.active(["rag"])
    if job is None or job.message is None or job.message.key != "documents.reading":
        return {}
    params = job.message.params
    return params if isinstance(params.get("page"), int) and isinstance(params.get("pages"), int) else {}


def language_words(view: View, code: str) -> str:
    """A language's name; one without a text is shown as its code."""
    if not code:
        return ""
    key = f"language.name.{code}"
    return view.t(key) if key in KEYS else code

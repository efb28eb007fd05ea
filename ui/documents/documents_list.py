"""The project's documents: what became of each file, in words; read them again, remove them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from core import rag_processor
from core.jobs.job import JobState
from core.jobs.kinds import of_tab
from core.rag_processor import SourceFile
from ui.page import html
from ui.page.figures import size_words
from ui.page.pager import paged
from ui.page.parts import Act, Answer, Part, good
from ui.page.view import Position, View
from ui.texts import error_text

ROWS_SHOWN = 12
NAMES_IN_QUESTION = 5
# A status without a tone is a failure.
STATUS_TONES = {"queued": "info", "done": "good", "partial": "warn", "password": "warn", "duplicate": "info"}
STATUSES = ("done", "partial", "queued", "password", "no_text", "damaged", "unsupported", "failed", "duplicate")
COLUMNS = ("tick", "name", "status", "pages", "chunks", "tokens")
SCAN = "pdf_no_text"
NOT_KEPT = ("duplicate", "unsupported")


@dataclass(frozen=True)
class ListPosition(Position):
    """Which part of the list a viewer looks at, and which documents they were asked about. `round` grows when what is
    ticked has been dealt with."""

    status: str = ""
    page: int = 0
    round: int = 0
    asked: tuple[str, ...] = ()


def list_html(view: View) -> str:
    """The filter, the buttons for what is ticked, one page of the table, and the way to its other pages."""
    rows = rows_of(view)
    if not rows:
        return ""
    position = view.at(ListPosition)
    shown = matching(rows, position.status)
    part, pager = paged(view, "documents", shown, position.page, ROWS_SHOWN)
    counts = Counter(source.status for source in rows)
    counted = {"": len(rows), **{status: counts[status] for status in STATUSES}}
    kinds = kinds_html(view, "documents.status", counted, position.status)
    heads = [view.t(f"documents.head_{name}") for name in COLUMNS]
    return (
        f'<h2 class="section">{view.html("documents.section.list")}</h2>'
        f'<div id="documents-list" data-list="documents" data-round="{escape(position.project)}/{position.round}">'
        f"<div>{kinds}</div>"
        f"<div>{ticked_html(view, len(tickable(shown)))}{question_html(view, position.asked)}</div>"
        f"{html.table(heads, (row_cells(view, source) for source in part), '', 'documents')}{pager}</div>"
    )


def rows_of(view: View) -> list[SourceFile]:
    """All lines: documents first, then what the last call was given and did not keep, without a content's hash."""
    known = {source.filename for source in view.documents}
    job = view.job(["rag"])
    given = job.result.get("documents", ()) if job and job.state == JobState.DONE and job.result else ()
    refused = [
        SourceFile(one["filename"], one["filename"], "", one["status"], one["detail"], one["params"])
        for one in given
        if one["status"] in NOT_KEPT and (one["status"] == "duplicate" or one["filename"] not in known)
    ]
    return [*view.documents, *refused]


def matching(rows: Sequence[SourceFile], status: str) -> Sequence[SourceFile]:
    return [source for source in rows if source.status == status] if status else rows


def tickable(rows: Sequence[SourceFile]) -> list[str]:
    """The names of those that are documents of the project."""
    return [source.filename for source in rows if source.sha256]


def kinds_html(view: View, do: str, counts: Mapping[str, int], chosen: str) -> str:
    """A filter: one button for each kind that there is, with how many have it, and under "" for all of them; nothing
    where it would change nothing."""
    there = {kind: count for kind, count in counts.items() if count or kind in ("", chosen)}
    if len(set(there.values())) < 2 and not chosen:
        return ""
    choices = [
        (kind, view.t(f"{do}.{kind}" if kind else "documents.all"), view.number(count))
        for kind, count in there.items()
    ]
    return html.chips(do, choices, chosen)


def ticked_html(view: View, count: int) -> str:
    """What can be done with the ticked documents; nothing while documents are being worked on."""
    if not count:
        return ""
    if busy(view):
        return html.muted(view.t("documents.wait"))
    every = html.tick_every(view.t("documents.tick_all", count=count))
    words = view.html("documents.ticked", count="#")
    again = html.small_button("documents.again", "", view.t("documents.again"), needs_tick=True)
    remove = html.small_button("documents.remove", "", view.t("documents.remove"), needs_tick=True, tone="stop")
    return f'<div class="ticked">{every}<span data-count="{words}" data-all="{count}"></span>{again}{remove}</div>'


def question_html(view: View, names: Sequence[str]) -> str:
    """Asks before anything is gone: nothing brings a document back."""
    if not names:
        return ""
    shown = ", ".join(names[:NAMES_IN_QUESTION]) + (" …" if len(names) > NAMES_IN_QUESTION else "")
    question = html.box("warn", view.t("documents.remove_question", count=len(names)), shown)
    remove = html.button("documents.remove_now", view.t("documents.remove_now"), tone="stop")
    cancel = html.button("documents.cancel", view.t("app.cancel"), key="remove-cancel")
    return f'{question}<div class="buttons">{remove}{cancel}</div>'


def row_cells(view: View, source: SourceFile) -> list[str]:
    name = source.filename
    language = view.language_name(source.language)
    size = size_words(source.size_bytes, view.language) if source.size_bytes else ""
    about = " · ".join(filter(None, (language, size)))
    browse = view.t("documents.show_chunks", file=name)
    chunks = html.small_button("chunks.of", name, view.number(source.chunks), tone="link", about=browse)
    return [
        html.tick(name, view.t("documents.tick", file=name)) if source.sha256 else "",
        f'<span class="file">{escape(name)}</span>{html.small(about)}',
        status_html(view, source),
        pages_words(view, source),
        chunks if source.chunks else "",
        view.number(source.tokens) if source.tokens else "",
    ]


def pages_words(view: View, source: SourceFile) -> str:
    """How many pages were read, and of how many where some are missing."""
    if source.status == "partial" and source.pages_read < source.pages:
        return view.html("documents.pages_of", read=source.pages_read, pages=source.pages)
    return view.number(source.pages) if source.pages else ""


def status_html(view: View, source: SourceFile) -> str:
    """The status in a word, why it is so, and what to do about it."""
    if source.status == "queued" and not view.active(["rag"]):
        hint = html.small(view.t("documents.not_read_hint"))
        return html.badge("warn", view.t("documents.status.not_read_yet")) + hint
    word = "scan" if source.detail == SCAN else source.status
    why = " ".join(error_text(source.detail, view.language, source.params)) if source.detail else ""
    return html.badge(STATUS_TONES.get(source.status, "bad"), view.t(f"documents.status.{word}")) + html.small(why)


def busy(view: View) -> str:
    """Why no document can be worked on now; empty if one can."""
    return view.t("error.documents_running") if view.active(of_tab("documents")) else ""


def choose_status(act: Act) -> None:
    position, status = act.at(ListPosition), act.of if act.of in STATUSES else ""
    act.move(replace(position, status=status, page=0, round=position.round + 1, asked=()))


def turn_page(act: Act) -> None:
    act.move(replace(act.at(ListPosition), page=act.number))


def ticked_names(act: Act) -> list[str]:
    """The documents that are meant, of those that the list shows on all of its pages."""
    return act.chosen(tickable(matching(rows_of(act.view), act.at(ListPosition).status)))


def read_again(act: Act) -> None:
    """Raises AppError `no_files` where nothing is ticked, and what `start_reprocess` raises."""
    rag_processor.start_reprocess(act.services, act.project, ticked_names(act))
    dealt_with(act)


def ask_remove(act: Act) -> Answer:
    """Nothing is removed before the question is answered."""
    act.move(replace(act.at(ListPosition), asked=tuple(ticked_names(act))))
    return Answer(focus="#remove-cancel")


def cancel_remove(act: Act) -> Answer:
    act.move(replace(act.at(ListPosition), asked=()))
    return Answer(focus='[data-do="documents.remove"]')


def remove(act: Act) -> Answer:
    """Removes what the question named; one that was asked in another project counts for nothing."""
    names = act.at(ListPosition).asked
    rag_processor.remove_documents(act.services, act.project, names)
    dealt_with(act)
    return replace(good(act, "documents.removed", count=len(names)), focus="#documents-list [data-every]")


def dealt_with(act: Act) -> None:
    """What was ticked is so no longer."""
    position = act.at(ListPosition)
    act.move(replace(position, round=position.round + 1, asked=()))


PART = Part(
    {"documents.list": list_html},
    {
        "documents.status": choose_status,
        "documents.back": turn_page,
        "documents.onward": turn_page,
        "documents.again": read_again,
        "documents.remove": ask_remove,
        "documents.cancel": cancel_remove,
        "documents.remove_now": remove,
    },
)

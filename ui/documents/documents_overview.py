"""What the documents amount to: figures, and how much can be taught. Only renders."""

from html import escape

from core import rag_processor
from core.rag_processor import TOKENS_FOR_A_SAMPLE, Overview
from ui.page import html
from ui.page.remembered import Remembered, moment
from ui.page.view import View

# While documents come in, the whole picture may be so old: for a large project it takes a tenth of a second to make.
LASTS_SECONDS = 5
OVERVIEWS = Remembered(8)


def overview_html(view: View) -> str:
    """The whole picture, or what will be here once there are documents."""
    if view.project is None or view.config is None or not view.documents:
        return html.muted(view.t("documents.none"))
    found = current(view)
    if not found.chunks:
        return html.muted(view.t("overview.no_text_yet"))
    onward = ""
    if view.status and view.status.next_step == "model" and not view.active(["rag"]):
        onward = f"<div>{html.link('model', view.t('next.model'), 'primary')}</div>"
    return f'<div class="overview">{figures_html(view, found)}{teaching_html(view, found)}{onward}</div>'


def current(view: View) -> Overview:
    """The overview of what is stored now; while documents come in, of a moment ago."""
    assert view.project and view.config
    project = view.project
    known = (project.database, moment(LASTS_SECONDS)) if view.active(["rag"]) else view.data_stamp
    return OVERVIEWS.get((known, repr(view.config.documents)), lambda: rag_processor.overview(project))


def figures_html(view: View, found: Overview) -> str:
    names = ("documents", "pages", "chunks", "tokens")
    return html.tiles((view.t(f"overview.{name}"), view.number(getattr(found, name))) for name in names)


def teaching_html(view: View, found: Overview) -> str:
    """How much of the documents is there, and how much of it can be taught."""
    flagged = ", ".join(
        view.t("overview.flagged", count=count, flag=view.t(f"chunks.flag.{kind}"))
        for kind, count in found.flags.items()
        if count
    )
    possible = view.t("overview.possible_about", tokens=TOKENS_FOR_A_SAMPLE)
    lines = [
        fact(view.t("overview.possible", count=found.samples_possible), possible),
        fact(view.t("overview.usable", usable=found.usable, chunks=found.chunks), flagged),
    ]
    if found.pages:
        percent = int(100 * found.coverage)  # only all of it is a hundred
        lines.append(fact(view.t("overview.coverage", percent=percent, read=found.pages_read, pages=found.pages)))
    return f'<ul class="facts">{"".join(lines)}</ul>'


def fact(words: str, more: str = "") -> str:
    return f"<li><strong>{escape(words)}</strong>{html.small(more)}</li>"

"""What the documents amount to: figures, and how much can be taught. Only renders."""

import time
from html import escape

from core import rag_processor
from core.rag_processor import TOKENS_FOR_A_SAMPLE, Overview
from ui.page import html
from ui.page.remembered import Remembered
from ui.page.view import View

# While documents come in, the whole picture may be a little old: it costs at most this share of the time.
SHARE_OF_TIME = 0.02
OVERVIEWS = Remembered(8)
LATEST: dict[str, tuple[float, float, Overview]] = {}


def overview_html(view: View) -> str:
    """The whole picture, or what will be here once there are documents."""
    if view.project is None or view.config is None or not view.documents:
        return html.muted(view.t("documents.none"))
    found = current(view)
    if not found.chunks:
        return html.muted(view.t("overview.no_text_yet"))
    return '<div class="overview">' + figures_html(view, found) + teaching_html(view, found) + "</div>"


def current(view: View) -> Overview:
    """The overview of what is stored now; while documents come in, of a moment ago."""
    assert view.project and view.config
    project, settings = view.project, view.config.documents
    known = LATEST.get(str(project.database))
    if known and view.active(["rag"]) and time.monotonic() - known[0] < known[1] / SHARE_OF_TIME:
        return known[2]

    def make() -> Overview:
        started = time.monotonic()
        made = rag_processor.overview(project)
        LATEST[str(project.database)] = (time.monotonic(), time.monotonic() - started, made)
        return made

    chosen = (settings.skip_duplicates, settings.skip_boilerplate)
    return OVERVIEWS.get((view.data_stamp, chosen), make)


def figures_html(view: View, found: Overview) -> str:
    figures = {"documents": found.documents, "pages": found.pages, "chunks": found.chunks, "tokens": found.tokens}
    return html.tiles((view.t(f"overview.{name}"), view.number(value)) for name, value in figures.items())


def teaching_html(view: View, found: Overview) -> str:
    """How much of the documents is there, and how much of it can be taught."""
    flagged = ", ".join(
        view.t("overview.flagged", count=count, flag=view.t(f"chunks.flag.{kind}"))
        for kind, count in found.flags.items()
        if count
    )
    usable = view.t("overview.usable", usable=found.usable, chunks=found.chunks)
    facts = [
        (
            view.t("overview.possible", count=found.samples_possible),
            view.t("overview.possible_about", tokens=TOKENS_FOR_A_SAMPLE),
        ),
        (usable, flagged),
    ]
    if found.pages:
        counts = {"read": found.pages_read, "pages": found.pages}
        facts.append((view.t("overview.coverage", percent=floor_percent(found.coverage), **counts), ""))
    lines = "".join(
        f"<li><strong>{escape(words)}</strong>{f' <small>{escape(more)}</small>' if more else ''}</li>"
        for words, more in facts
    )
    return f'<ul class="facts">{lines}</ul>'


def floor_percent(share: float) -> int:
    """A share in percent; only all of it is a hundred."""
    return int(100 * share)

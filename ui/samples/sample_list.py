"""The table of samples: filters, one page of rows, and the way on. Only renders."""

from dataclasses import dataclass, replace
from html import escape

from core.sft_generator import (
    FINDINGS,
    STATUSES,
    Sample,
    SampleCounts,
    SampleQuery,
    SampleRow,
    SampleStore,
    require_lines,
)
from ui.page import html
from ui.page.fields import Field
from ui.page.figures import refusal_words
from ui.page.pager import turner
from ui.page.view import Position, View
from ui.texts import optional_text
from utils.errors import AppError

ROWS_SHOWN = 10
LONGEST_WORDS = 500
STATUS_TONES = {"new": "info", "accepted": "good", "edited": "good", "rejected": "bad"}
COLUMNS = ("review.head_number", "samples.head_instruction", "samples.head_output", "samples.head_source")


@dataclass(frozen=True)
class ReviewPosition(SampleQuery, Position):
    """What a viewer looks at: which samples of the project, and the one that is open."""

    open: str = ""
    changed: tuple[str, ...] = ()  # the last samples that this viewer has changed: what undo opens again

    def at_start(self) -> "ReviewPosition":
        """The same on its first page."""
        return replace(self, after=0, before=0)


def has_samples(view: View) -> bool:
    return bool(view.status and view.status.samples)


def refusal(view: View) -> str:
    """Why nothing can be done with the project's file of samples; empty if that is in order."""
    try:
        if view.project is not None:
            require_lines(view.project.samples_file)
    except AppError as error:
        return refusal_words(error.code, error.params, view.language)
    return ""


def counts_of(view: View) -> SampleCounts:
    """How many samples there are of each kind."""
    return SampleStore(view.project).counts() if view.project else SampleCounts()


def list_html(view: View, store: SampleStore) -> str:
    """Filters, a page of the table and its pager."""
    position, counts = view.at(ReviewPosition), store.counts()
    page = store.page(position, ROWS_SHOWN)
    way_on = turner(view, "review", [row.number for row in page.rows], page.before, page.behind)
    rows = (cells(view, row, row.sample.id == position.open) for row in page.rows)
    table = html.table([view.t(key) for key in COLUMNS], rows, view.t("review.nothing"), "samples")
    bad_lines = html.muted(view.t("review.bad_lines", count=counts.bad_lines)) if counts.bad_lines else ""
    return (
        f'<div id="samples-list">{search_html(view, counts, position)}{status_html(view, counts, position)}'
        f"{chosen_html(view, position)}{bad_lines}{table}{way_on}</div>"
    )


def search_html(view: View, counts: SampleCounts, position: ReviewPosition) -> str:
    """Words and document to look for."""
    names = sorted({*counts.by_document, *filter(None, [position.document])})
    choices = [(view.t("review.all_documents"), ""), *((name, name) for name in names)]
    words = Field("review.words", view.t("review.search"), kept=False).text(position.words, longest=LONGEST_WORDS)
    document = Field("review.document", view.t("review.document"), kept=False).select(choices, position.document)
    search = html.button("review.narrow", view.t("review.search_now"), main=True)
    return f'<div class="line">{words}{document if len(choices) > 2 else ""}{search}</div>'


def status_html(view: View, counts: SampleCounts, position: ReviewPosition) -> str:
    """One button for each status that there is, with how many samples have it."""
    choices = [("", view.t("documents.all"), view.number(counts.total))]
    choices += [
        (status, view.t(f"review.status.{status}"), view.number(counts.by_status.get(status, 0)))
        for status in STATUSES
        if counts.by_status.get(status) or status == position.status
    ]
    return html.chips("review.status", choices, position.status)


def chosen_html(view: View, position: ReviewPosition) -> str:
    """What else narrows the table, with a button that lets it go."""
    parts = [finding_words(view, position.finding)] if position.finding else []
    parts += [position.document] if position.document else []
    parts += [view.t("review.words", words=position.words)] if position.words else []
    drop = html.small_button("review.every", "", view.t("review.every"))
    return f'<div class="ticked"><span>{escape(" · ".join(parts))}</span>{drop}</div>' if parts else ""


def finding_words(view: View, kind: str) -> str:
    return optional_text(f"gate.kind.{kind}", view.language, kind)


def finding_about(view: View, kind: str) -> str:
    """What a kind of finding means."""
    return optional_text(f"gate.about.{kind}", view.language)


def cells(view: View, row: SampleRow, is_open: bool) -> list[str]:
    """A row. Its question is a button, which the keyboard reaches; a click counts anywhere in the row."""
    sample = row.sample
    return [
        view.number(row.number),
        html.opener("review.open", sample.id, html.shortened(sample.instruction), is_open),
        f"<div>{html.shortened(sample.output)}</div>",
        f"{source_html(view, sample)}<div>{status_badge(view, sample)}{finding_badges(view, row)}</div>",
    ]


def source_html(view: View, sample: Sample) -> str:
    """The document and the page that a sample comes from."""
    if sample.source is None:
        return "–"
    page = f"<br><small>{view.html('documents.page', page=sample.source.page)}</small>" if sample.source.page else ""
    return f'<span class="file">{escape(sample.source.document)}</span>{page}'


def status_badge(view: View, sample: Sample) -> str:
    return html.badge(STATUS_TONES.get(sample.status, "info"), view.t(f"review.status.{sample.status}"))


def finding_badges(view: View, row: SampleRow) -> str:
    kinds = [kind for kind in FINDINGS if any(finding.kind == kind for finding in row.findings)]
    return "".join(f" {html.badge('warn', finding_words(view, kind))}" for kind in kinds)

"""The table of samples: filters, one page of rows, and the way on. Only renders."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from html import escape
from weakref import WeakKeyDictionary

from core.jobs.kinds import of_step
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
from ui.page.clickable import turner
from ui.page.figures import refusal_words
from ui.page.view import Position, View, file_stamp
from ui.texts import KEYS
from utils.errors import AppError

ROWS_SHOWN = 10
STATUS_TONES = {"new": "info", "accepted": "good", "edited": "good", "rejected": "bad"}
_counted: WeakKeyDictionary[View, SampleCounts] = WeakKeyDictionary()
COLUMNS = ("review.head_number", "samples.head_instruction", "samples.head_output", "samples.head_source")


@dataclass(frozen=True)
class ReviewPosition(SampleQuery, Position):
    """What a viewer looks at: which samples of the project, and the one that is open."""

    open: str = ""
    decided: str = ""  # the sample of the last decision: what undo opens again
    version: int = 0  # grows with what this viewer has changed, so that it is shown

    def at_start(self) -> "ReviewPosition":
        """The same on its first page."""
        return replace(self, after=0, before=0)


def depends(view: View, _: ReviewPosition) -> Hashable:
    """What the list is made of; samples that are being written show at most once a second."""
    if view.project is None:
        return None
    job = view.job((*of_step("samples"), "gate"))
    return file_stamp(view.project.samples_file), (job.id, job.state, job.version) if job else None


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
    """How many samples there are of each kind, asked once for all places of a page."""
    if view not in _counted:
        there = view.project is not None and view.project.samples_file.is_file()
        _counted[view] = SampleStore(view.project).counts() if view.project and there else SampleCounts()
    return _counted[view]


def list_html(view: View, position: ReviewPosition) -> str:
    """Filters, a page of the table and its pager."""
    position = position.of(view.project_name)
    if view.project is None or not view.project.samples_file.is_file():
        return html.muted(view.t("samples.none"))
    page = SampleStore(view.project).page(position, ROWS_SHOWN)
    counts = counts_of(view)
    nothing = html.muted(view.t("review.nothing" if counts.total else "samples.none"))
    rows = rows_html(view, page.rows, position.open) or nothing
    way_on = turner(view, [row.number for row in page.rows], page.before, page.behind)
    return (
        f'<div data-round="{escape(position.project)}">'
        f"{reading_html(view, counts)}{status_html(view, counts, position)}{chosen_html(view, position)}"
        f"{rows}{way_on}</div>"
    )


def reading_html(view: View, counts: SampleCounts) -> str:
    """That some or all of the file's lines hold no sample."""
    if why_not := refusal(view):
        return html.box("bad", why_not)
    return html.muted(view.t("review.bad_lines", count=counts.bad_lines)) if counts.bad_lines else ""


def status_html(view: View, counts: SampleCounts, position: ReviewPosition) -> str:
    """One button for each status that there is, with how many samples have it."""
    choices = [("", view.t("documents.all"), view.number(counts.total))]
    choices += [
        (status, view.t(f"review.status.{status}"), view.number(counts.by_status.get(status, 0)))
        for status in STATUSES
        if counts.by_status.get(status) or status == position.status
    ]
    return html.chips("status", choices, position.status)


def chosen_html(view: View, position: ReviewPosition) -> str:
    """What else narrows the table, with a button that lets it go."""
    if not (position.finding or position.document or position.words):
        return ""
    parts = [finding_words(view, position.finding)] if position.finding else []
    parts += [position.document] if position.document else []
    parts += [view.t("review.words", words=position.words)] if position.words else []
    drop = html.small_button("every", "", view.t("review.every"))
    return f'<div class="ticked"><span>{escape(" · ".join(parts))}</span>{drop}</div>'


def finding_words(view: View, kind: str) -> str:
    key = f"gate.kind.{kind}"
    return view.t(key) if key in KEYS else kind


def finding_about(view: View, kind: str) -> str:
    """What a kind of finding means."""
    key = f"gate.about.{kind}"
    return view.t(key) if key in KEYS else ""


def rows_html(view: View, rows: Sequence[SampleRow], opened: str = "") -> str:
    heads = [view.t(key) for key in COLUMNS]
    return html.table(heads, (cells(view, row, row.sample.id == opened) for row in rows), "", "samples")


def cells(view: View, row: SampleRow, is_open: bool) -> list[str]:
    """A row. Its question is a button, which the keyboard reaches; a click counts anywhere in the row."""
    sample = row.sample
    return [
        view.number(row.number),
        html.opener(sample.id, html.shortened(sample.instruction), is_open),
        f"<div>{html.shortened(sample.output)}</div>",
        f"{source_html(view, sample)}<div>{status_badge(view, sample)}{finding_badges(view, row)}</div>",
    ]


def source_html(view: View, sample: Sample) -> str:
    """The document and the page that a sample comes from."""
    if sample.source is None:
        return "–"
    found = f'<span class="file">{escape(sample.source.document)}</span>'
    if sample.source.page:
        found += f"<br><small>{escape(view.t('documents.page', page=sample.source.page))}</small>"
    return found


def status_badge(view: View, sample: Sample) -> str:
    return html.badge(STATUS_TONES.get(sample.status, "info"), view.t(f"review.status.{sample.status}"))


def finding_badges(view: View, row: SampleRow) -> str:
    kinds = [kind for kind in FINDINGS if any(finding.kind == kind for finding in row.findings)]
    return "".join(f" {html.badge('warn', finding_words(view, kind))}" for kind in kinds)

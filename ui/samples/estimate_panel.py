"""Before: what writing will take, and what leaves the machine. After: what it took, and what left. Only renders."""

import time
from html import escape

from core import sft_generator
from core.sft_generator import Outbound, Range, SamplesEstimate, Taken
from ui.page import html
from ui.page.figures import rounded
from ui.page.job_panel import duration
from ui.page.remembered import Remembered
from ui.page.view import View, file_stamp
from utils.errors import AppError

RUNS_SHOWN = 3
DOCUMENTS_SHOWN = 5
ESTIMATES = Remembered(16)


def before_html(view: View) -> str:
    """The estimate for the samples that are missing; nothing where none can be written."""
    expected = current(view)
    if expected is None or not expected.estimate.samples:
        return ""
    found = expected.estimate
    figures = [(view.t("estimate.requests"), range_words(view, found.requests))]
    if found.prompt_tokens[1]:
        tokens = (found.prompt_tokens[0] + found.answer_tokens[0], found.prompt_tokens[1] + found.answer_tokens[1])
        figures.append((view.t("estimate.tokens"), range_words(view, tokens)))
    figures.append((view.t("estimate.cost"), cost_words(view, found.cost_usd)))
    if found.seconds:
        figures.append((view.t("estimate.time"), time_words(view, found.seconds)))
    title = view.t("estimate.title", count=found.samples)
    basis = view.t("estimate.from_experience" if found.from_experience else "estimate.rough")
    return (
        f'<div class="estimate"><h4>{escape(title)}</h4>{html.tiles(figures)}'
        f"{html.muted(basis) if found.prompt_tokens[1] else ''}{leaving_html(view, expected)}</div>"
    )


def current(view: View) -> SamplesEstimate | None:
    """What the core expects; None while samples are written, and where it could not begin."""
    project, settings = view.project, view.config
    if project is None or settings is None or view.active(["sft"]):
        return None

    def make() -> SamplesEstimate | None:
        try:
            return sft_generator.estimate_samples(project)
        except AppError:
            return None  # why it could not begin stands below the button

    known = sft_generator.known_model(settings.sft)
    stamps = (view.data_stamp, file_stamp(project.samples_file), file_stamp(sft_generator.usage_log(project)))
    return ESTIMATES.get((*stamps, settings.sft.model_dump_json(), settings.documents.model_dump_json(), known), make)


def leaving_html(view: View, expected: SamplesEstimate) -> str:
    """What leaves this machine, and to where."""
    if not expected.leaves_machine:
        return html.box("good", view.t("estimate.stays"))
    what = view.t("estimate.leaves_texts" if expected.has_chunks else "estimate.leaves_topic")
    return html.box("warn", view.t("estimate.leaves", place=expected.place), what)


def range_words(view: View, bounds: Range) -> str:
    """`1,200–1,500`, rounded to what an estimate can know; one figure where both ends are the same."""
    low, high = (round(rounded(round(bound))) for bound in bounds)
    return view.number(low) if low == high else view.t("estimate.range", low=view.number(low), high=view.number(high))


def cost_words(view: View, cost_usd: Range | None) -> str:
    if cost_usd is None:
        return view.t("estimate.cost_unknown")
    # Two digits of each amount, so that the price of a small order is more than 0.00.
    low, high = map(rounded, cost_usd)
    return view.t("estimate.dollars", low=low, high=high) if high else view.t("estimate.free")


def time_words(view: View, seconds: Range) -> str:
    low, high = (duration(view, bound) for bound in seconds)
    return low if low == high else view.t("estimate.range", low=low, high=high)


def after_html(view: View) -> str:
    """What the last runs took, and all that ever left the machine."""
    if view.project is None:
        return ""
    taken, sent = sft_generator.usage(view.project)
    if not taken and not sent:
        return ""
    lines = "".join(f"<li>{taken_html(view, run)}</li>" for run in reversed(taken[-RUNS_SHOWN:]))
    title = f"<h4>{escape(view.t('after.title'))}</h4>"
    return f'<div class="estimate">{title}<ul class="taken">{lines}</ul>{sent_html(view, sent)}</div>'


def taken_html(view: View, run: Taken) -> str:
    """One run: what it brought, and what it took."""
    what = view.t("after.run", samples=run.samples, model=run.model or run.provider, place=run.place)
    figures = [
        view.t("after.requests", requests=run.requests, failed=run.failed),
        view.t("after.tokens", tokens=run.prompt_tokens + run.answer_tokens),
        duration(view, run.seconds),
    ]
    if run.cost_usd is not None and run.cost_usd > 0:
        figures.append(view.t("after.cost", cost=run.cost_usd))
    return f"<strong>{escape(what)}</strong><small>{escape(' · '.join(figures))}</small>"


def sent_html(view: View, sent: list[Outbound]) -> str:
    """What left this machine, by the place that it went to."""
    if not sent:
        return html.box("good", view.t("after.nothing_left"))
    return "".join(place_html(view, place) for place in sent)


def place_html(view: View, place: Outbound) -> str:
    words = view.t(
        "after.sent",
        place=place.place,
        requests=place.requests,
        characters=place.characters,
        first=day(view, place.first),
        last=day(view, place.last),
    )
    documents = [f"{name} ({view.number(count)})" for name, count in place.documents.most_common(DOCUMENTS_SHOWN)]
    more = len(place.documents) - DOCUMENTS_SHOWN
    if more > 0:
        documents.append(view.t("after.more_documents", count=more))
    return html.box("info", words, view.t("after.documents", documents=", ".join(documents)) if documents else "")


def day(view: View, seconds: float) -> str:
    found = time.localtime(seconds)
    return view.t("after.day", day=found.tm_mday, month=found.tm_mon, year=str(found.tm_year))

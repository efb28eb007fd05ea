"""Before: what writing will take, and what leaves the machine. After: what it took, and what left. Only renders."""

import time
from collections.abc import Sequence
from functools import partial
from html import escape

from core import sft_generator
from core.sft_generator import Outbound, SamplesEstimate, Taken
from ui.page import html
from ui.page.figures import cost_words, duration_words, range_words, rounded
from ui.page.parts import Part
from ui.page.remembered import Remembered
from ui.page.view import View
from utils.errors import AppError
from utils.files import file_stamp

RUNS_SHOWN = 3
DOCUMENTS_SHOWN = 5
ESTIMATES = Remembered(16)


def before_html(view: View) -> str:
    """The estimate for the samples that are missing; nothing where none can be written."""
    expected = current(view)
    if expected is None or not expected.estimate.samples:
        return ""
    found = expected.estimate
    figures = [("requests", range_words(found.requests, partial(about, view), view.language))]
    if found.prompt_tokens[1]:
        tokens = (found.prompt_tokens[0] + found.answer_tokens[0], found.prompt_tokens[1] + found.answer_tokens[1])
        figures.append(("tokens", range_words(tokens, partial(about, view), view.language)))
    figures.append(("cost", cost_words(found.cost_usd, view.language)))
    if found.seconds:
        duration = partial(duration_words, language=view.language)
        figures.append(("time", range_words(found.seconds, duration, view.language)))
    tiles = html.tiles((view.t(f"estimate.{name}"), words) for name, words in figures)
    title = view.t("estimate.title", count=found.samples)
    basis = view.t("estimate.from_experience" if found.from_experience else "estimate.rough")
    return (
        f'<div class="estimate"><h2 class="section">{escape(title)}</h2>{tiles}'
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
    return ESTIMATES.get((*stamps, settings.model_dump_json(), known), make)


def leaving_html(view: View, expected: SamplesEstimate) -> str:
    """What leaves this machine, and to where."""
    if not expected.leaves_machine:
        return html.box("good", view.t("estimate.stays"))
    what = view.t("estimate.leaves_texts" if expected.has_chunks else "estimate.leaves_topic")
    return html.box("warn", view.t("estimate.leaves", place=expected.place), what)


def about(view: View, value: float) -> str:
    """A whole number, rounded to what an estimate can know."""
    return view.number(round(rounded(round(value))))


def after_html(view: View) -> str:
    """What the last runs took, and all that ever left the machine."""
    if view.project is None:
        return ""
    taken, sent = sft_generator.usage(view.project)
    if not taken and not sent:
        return ""
    lines = "".join(f"<li>{taken_html(view, run)}</li>" for run in reversed(taken[-RUNS_SHOWN:]))
    left = "".join(place_html(view, place) for place in sent) or html.box("good", view.t("after.nothing_left"))
    title = f'<h2 class="section">{view.html("after.title")}</h2>'
    return f'<div class="estimate">{title}<ul class="taken">{lines}</ul>{left}</div>'


def taken_html(view: View, run: Taken) -> str:
    """One run: what it brought, and what it took."""
    what = view.t("after.run", samples=run.samples, model=run.model or run.provider, place=run.place)
    requests = view.t("after.requests", requests=run.requests, failed=run.failed)
    took = took_words(view, run.prompt_tokens + run.answer_tokens, run.cost_usd)
    figures = " · ".join([requests, *took, duration_words(run.seconds, view.language)])
    return f"<strong>{escape(what)}</strong><small>{escape(figures)}</small>"


def took_words(view: View, tokens: int, cost_usd: float | None) -> list[str]:
    """Tokens and price, as far as there are any."""
    found = [view.t("after.tokens", tokens=tokens)] if tokens else []
    return [*found, view.t("after.cost", cost=cost_usd)] if cost_usd else found


def place_html(view: View, place: Outbound) -> str:
    days = {"first": day(view, place.first), "last": day(view, place.last)}
    words = view.t("after.sent", place=place.place, requests=place.requests, characters=place.characters, **days)
    documents = named(view, place.documents.most_common())
    return html.box("info", words, view.t("after.documents", documents=documents) if documents else "")


def named(view: View, numbers: Sequence[tuple[str, int]]) -> str:
    """The first of some documents, each with a number, and how many more there are."""
    words = [f"{name} ({view.number(count)})" for name, count in numbers[:DOCUMENTS_SHOWN]]
    return ", ".join(words + more_documents(view, len(numbers) - DOCUMENTS_SHOWN))


def more_documents(view: View, count: int) -> list[str]:
    return [view.t("after.more_documents", count=count)] if count > 0 else []


def day(view: View, seconds: float) -> str:
    found = time.localtime(seconds)
    return view.t("after.day", day=found.tm_mday, month=found.tm_mon, year=str(found.tm_year))


PART = Part({"samples.before": before_html, "samples.after": after_html})

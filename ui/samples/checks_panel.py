"""What the checks found: by kind, each a filter of the review; what to do with it; coverage by document."""

from dataclasses import replace
from html import escape

from core import sft_generator
from core.sft_generator import FINDINGS, SampleCounts, minimum_per_document
from ui.page import html
from ui.page.parts import Act, Answer, Part
from ui.page.remembered import Remembered
from ui.page.view import View
from ui.samples.estimate_panel import more_documents, named
from ui.samples.sample_list import ReviewPosition, counts_of, finding_about, finding_words

DOCUMENTS_SHOWN = 30
DRAWN_FROM = Remembered(8)


def checks_html(view: View) -> str:
    """How many were checked, what was found, what can be done about it."""
    counts = counts_of(view)
    if not counts.total:
        return ""
    return f"{checked_html(view, counts)}{findings_html(view, counts)}{coverage_html(view, counts)}"


def checked_html(view: View, counts: SampleCounts) -> str:
    """How far the check is, the button that starts it, and the one that accepts what is in order."""
    t, complete = view.t, counts.checked >= counts.total
    words = t("findings.checked", checked=counts.checked, total=counts.total)
    check = html.small_button(
        "checks.start_checks", "", t("findings.check"), off=bool(view.active(["gate"])) or complete
    )
    off = not counts.checked or not counts.by_status.get("new")
    accept = html.small_button("checks.accept_clean", "", t("findings.accept_clean"), off=off)
    return (
        f'<h2 class="section">{view.html("findings.title")}</h2>'
        f'<div class="ticked"><span>{escape(words)}</span>{check}{accept}</div>'
    )


def findings_html(view: View, counts: SampleCounts) -> str:
    """Each kind of finding filters the review; the chosen one says what it means, and can be rejected as a whole."""
    chosen = view.at(ReviewPosition).finding
    found = [kind for kind in FINDINGS if counts.by_finding.get(kind) or kind == chosen]
    if not found:
        return html.box("good", view.t("findings.nothing")) if counts.checked >= counts.total else ""
    numbers = {kind: counts.by_finding.get(kind, 0) for kind in found}
    chips = [(kind, finding_words(view, kind), view.number(count)) for kind, count in numbers.items()]
    shown = html.chips("checks.choose_finding", chips, chosen)
    if chosen in numbers:
        words = view.t("findings.reject_all", count=numbers[chosen])
        reject = html.small_button("checks.reject_all", chosen, words, off=not numbers[chosen])
        shown += f'<div class="ticked"><span>{escape(finding_about(view, chosen))}</span>{reject}</div>'
    return shown


def coverage_html(view: View, counts: SampleCounts) -> str:
    """Which documents have too few samples, in sight; how many each one has, behind a fold, the fewest first."""
    project, settings = view.project, view.config
    if project is None or settings is None:
        return ""
    key = (view.data_stamp, settings.documents.model_dump_json())
    names = DRAWN_FROM.get(key, lambda: sft_generator.documents_drawn_from(project))
    if not names:
        return ""
    numbers = [(name, counts.of_document.get(name, 0)) for name in names]
    numbers.sort(key=lambda pair: (pair[1], pair[0].casefold()))
    most = max(1, numbers[-1][1])
    rows = "".join(
        f"<li><span>{escape(name)}</span>{html.bar(count / most, name)}<b>{view.number(count)}</b></li>"
        for name, count in numbers[:DOCUMENTS_SHOWN]
    )
    rest = "".join(map(html.muted, more_documents(view, len(numbers) - DOCUMENTS_SHOWN)))
    covered = sum(count > 0 for _, count in numbers)
    title = view.t("findings.coverage", covered=covered, documents=len(numbers))
    minimum = minimum_per_document(settings.sft.samples, len(numbers))
    few = [] if view.active(["sft"]) else [pair for pair in numbers if pair[1] < minimum]
    words = view.t("findings.too_few", minimum=minimum, count=len(few))
    warning = html.box("warn", words, f"{named(view, few)}. {view.t('findings.too_few_hint')}") if few else ""
    return warning + html.more(title, f'<ul class="coverage">{rows}</ul>{rest}')


def choose_finding(act: Act) -> Answer:
    """Filters the review, which may be out of sight; a second click lets it go."""
    position = act.at(ReviewPosition)
    kind = act.of if act.of in FINDINGS and act.of != position.finding else ""
    act.move(replace(position.at_start(), finding=kind))
    return Answer(focus="#samples-list button.open")


def start_checks(act: Act) -> None:
    sft_generator.start_checks(act.services, act.project)


def accept_clean(act: Act) -> Answer:
    return told(act, "findings.accepted", sft_generator.accept_clean(act.project))


def reject_all(act: Act) -> Answer | None:
    return (
        told(act, "findings.rejected", sft_generator.reject_found(act.project, act.of))
        if act.of in FINDINGS
        else None
    )


def told(act: Act, key: str, count: int) -> Answer:
    """Says how many it were; the review's undo takes them back together."""
    words = f"{act.t(key, count=count)} {act.t('findings.undo_hint')}" if count else act.t("findings.none_changed")
    return Answer(html.box("good" if count else "info", words))


ACTIONS = (choose_finding, start_checks, accept_clean, reject_all)
PART = Part({"samples.checks": checks_html}, {f"checks.{work.__name__}": work for work in ACTIONS})

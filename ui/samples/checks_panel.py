"""What the checks found: by kind, each a filter of the table below; what to do with it; coverage by document."""

from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from core import sft_generator
from core.project_manager import Project
from core.sft_generator import FINDINGS, SampleCounts
from ui.page import clickable, html
from ui.page.clickable import Click
from ui.page.frame import Answer, PageFrame
from ui.page.view import View
from ui.samples import sample_list
from ui.samples.sample_list import ReviewPosition, counts_of, finding_about, finding_words

DOCUMENTS_SHOWN = 30
# The table that a finding filters may be out of sight.
SCRIPT = (
    clickable.SCRIPT
    + """
element.addEventListener("click", (event) => {
  if (event.target.closest("[data-do=finding]")) document.querySelector("#samples-list")?.scrollIntoView();
});
"""
)


def build(frame: PageFrame, position: gr.State) -> None:
    """The whole section. Its filter is that of the review."""
    place = gr.HTML(elem_id="gate", js_on_load=SCRIPT)
    notice = gr.HTML()
    frame.live.show_own(place, gate_html, position, depends)
    own = {"position": position}
    frame.act_on_click(place, partial(clicked, frame), notice, own, own)


def depends(view: View, position: ReviewPosition) -> Any:
    return sample_list.depends(view, position), view.data_stamp


def gate_html(view: View, position: ReviewPosition) -> str:
    """How many were checked, what was found, what can be done about it."""
    position = position.of(view.project_name)
    counts = counts_of(view)
    if not counts.total:
        return ""
    found = "".join(
        finding_html(view, kind, counts.by_finding.get(kind, 0), position.finding == kind)
        for kind in FINDINGS
        if counts.by_finding.get(kind) or position.finding == kind
    )
    findings = f'<ul class="findings">{found}</ul>' if found else ""
    if not found and counts.checked >= counts.total:
        findings = html.box("good", view.t("findings.nothing"))
    return f"{checked_html(view, counts)}{findings}{coverage_html(view, counts)}"


def checked_html(view: View, counts: SampleCounts) -> str:
    """How far the check is, the button that starts it, and the one that accepts what is in order."""
    title = f"<h4>{escape(view.t('findings.title'))}</h4>"
    words = view.t("findings.checked", checked=counts.checked, total=counts.total)
    complete = counts.checked >= counts.total
    check = html.small_button("check", "", view.t("findings.check"), off=bool(view.active(["gate"])) or complete)
    accept = html.small_button(
        "accept_clean", "", view.t("findings.accept_clean"), off=not counts.checked or not counts.by_status.get("new")
    )
    return f'{title}<div class="ticked"><span>{escape(words)}</span>{check}{accept}</div>'


def finding_html(view: View, kind: str, count: int, chosen: bool) -> str:
    """A kind of finding: its filter, what it means, and the button that rejects all that have it."""
    chip = (
        f'<button type="button" data-do="finding" data-of="{escape(kind)}" aria-pressed="{str(chosen).lower()}">'
        f"{escape(finding_words(view, kind))} <b>{view.number(count)}</b></button>"
    )
    reject = html.small_button("reject_all", kind, view.t("findings.reject_all", count=count), off=not count)
    return (
        f'<li><div class="chips">{chip}{reject if chosen else ""}</div>'
        f"<span>{escape(finding_about(view, kind))}</span></li>"
    )


def coverage_html(view: View, counts: SampleCounts) -> str:
    """How many samples each document has; documents that have none are named first."""
    if not view.documents:
        return ""
    documents = (source.filename for source in view.documents if source.chunks)
    by_document = {name: counts.by_document.get(name, 0) for name in documents}
    if not by_document:
        return ""
    most = max(1, *by_document.values())
    ranked = sorted(by_document.items(), key=lambda pair: (pair[1], pair[0].casefold()))
    rows = "".join(
        f"<li><span>{escape(name)}</span>{html.bar(count / most, name)}<b>{view.number(count)}</b></li>"
        for name, count in ranked[:DOCUMENTS_SHOWN]
    )
    more = len(ranked) - DOCUMENTS_SHOWN
    rest = html.muted(view.t("after.more_documents", count=more)) if more > 0 else ""
    covered = sum(count > 0 for count in by_document.values())
    title = view.t("findings.coverage", covered=covered, documents=len(by_document))
    return (
        f'<details class="more" data-row="coverage"><summary>{escape(title)}</summary>'
        f'<ul class="coverage">{rows}</ul>{rest}</details>'
    )


def clicked(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Answers a button of the checks."""
    click: Click = values["click"]
    position: ReviewPosition = values["position"].of(project.name)
    if click.do == "finding":
        kind = click.of if click.of in FINDINGS and click.of != position.finding else ""
        return {"position": replace(position.at_start(), finding=kind)}
    if click.do == "check":
        sft_generator.start_checks(frame.services, project)
        return None
    if click.do == "accept_clean":
        return told(frame, position, "findings.accepted", sft_generator.accept_clean(project))
    if click.do == "reject_all" and click.of in FINDINGS:
        return told(frame, position, "findings.rejected", sft_generator.reject_found(project, click.of))
    return None


def told(frame: PageFrame, position: ReviewPosition, key: str, count: int) -> dict[str, Any]:
    """Says how many it were; the review's undo takes them back together."""
    words = (
        f"{frame.t(key, count=count)} {frame.t('findings.undo_hint')}" if count else frame.t("findings.none_changed")
    )
    return {
        "position": replace(position, version=position.version + 1),
        "notice": html.box("good" if count else "info", words),
    }

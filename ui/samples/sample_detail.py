"""One sample opened: its state and buttons, what it comes from with the supporting sentence marked. Only renders."""

from collections.abc import Hashable
from html import escape

from core import sft_generator
from core.sft_generator import Finding, Sample, SampleRow, SampleStore
from ui.documents.chunk_list import pages_words
from ui.page import html
from ui.page.view import View
from ui.samples import sample_list
from ui.samples.sample_list import ReviewPosition, counts_of, finding_about, finding_words, status_badge
from ui.texts import KEYS as TEXT_KEYS

TEXT_AREAS = ("gate.detail.", "language.name.")
KEYS = ("a", "r", "e", "n", "u", "Esc")


def depends(view: View, position: ReviewPosition) -> Hashable:
    """What is shown of a sample: the sample, and its chunk."""
    return sample_list.depends(view, position), view.data_stamp


def opened(view: View, position: ReviewPosition) -> SampleRow | None:
    """The sample that is open; None where there is none, or where it is gone."""
    position = position.of(view.project_name)
    if view.project is None or not position.open or not view.project.samples_file.is_file():
        return None
    return SampleStore(view.project).get(position.open)


def head_html(view: View, position: ReviewPosition) -> str:
    """Which sample it is, how it stands, and what can be done with it."""
    row = opened(view, position)
    if row is None:
        words = view.t("review.gone" if position.of(view.project_name).open else "review.none_open")
        return f"{html.muted(words)}{buttons_html(view, None)}"
    title = view.t("review.sample", number=row.number)
    return (
        f'<div class="sample-head" tabindex="-1" data-open="{escape(row.sample.id)}">'
        f"<strong>{escape(title)}</strong> "
        f"{status_badge(view, row.sample)}<span>{escape(about_words(view, row.sample))}</span></div>"
        f"{buttons_html(view, row)}"
    )


def about_words(view: View, sample: Sample) -> str:
    """Who wrote it, and of which kind it is."""
    parts = []
    if sample.style:
        key = f"choice.styles.{sample.style}"
        parts.append(view.t(key) if key in TEXT_KEYS else sample.style)
    if sample.generator:
        practice = sample.generator.provider == "practice"
        parts.append(view.t("review.practice") if practice else sample.generator.model)
    return " · ".join(parts)


def buttons_html(view: View, row: SampleRow | None) -> str:
    """The decisions; without an open sample only those that need none."""
    t = view.t
    buttons = []
    if row is not None:
        buttons = [
            html.small_button("accept", "", t("review.accept"), tone="good"),
            html.small_button("reject", "", t("review.reject")),
            html.small_button("delete", "", t("review.delete"), tone="stop"),
        ]
    buttons += [
        html.small_button("undo", "", t("review.undo"), off=not counts_of(view).undoable and row is None),
        html.small_button("next", "", t("review.next")),
    ]
    return f'<div class="decisions">{"".join(buttons)}</div>'


def keys_html(view: View) -> str:
    """Which key does what."""
    shown = " ".join(f"<span><kbd>{key}</kbd> {escape(view.t(f'review.key.{key.lower()}'))}</span>" for key in KEYS)
    return f'<p class="keys">{shown}</p>'


def source_html(view: View, position: ReviewPosition) -> str:
    """Further turns, what the checks found, and the chunk with the sentence that supports the answer."""
    row = opened(view, position)
    if row is None or view.project is None:
        return ""
    parts = [turns_html(view, row.sample), findings_html(view, row), chunk_html(view, row.sample)]
    return f'<div class="sample-source">{"".join(parts)}{keys_html(view)}</div>'


def turns_html(view: View, sample: Sample) -> str:
    """The further questions and answers of the same conversation."""
    if not sample.follow_ups:
        return ""
    return f"<section><h4>{escape(view.t('review.follow_ups'))}</h4>{html.turns(sample.follow_ups)}</section>"


def findings_html(view: View, row: SampleRow) -> str:
    if not row.findings:
        return ""
    found = "".join(
        f"<li>{html.badge('warn', finding_words(view, finding.kind))} <span>{finding_html(view, finding)}</span></li>"
        for finding in row.findings
    )
    return f'<ul class="found">{found}</ul>'


def finding_html(view: View, finding: Finding) -> str:
    """What was found, and the sample that this one is like."""
    words = escape(finding_about(view, finding.kind))
    detail = f" <em>{detail_html(view, finding.detail)}</em>" if finding.detail else ""
    percent = f" {escape(view.t('review.alike', percent=round(finding.share * 100)))}" if finding.share else ""
    link = html.small_button("open", finding.of_id, view.t("review.other"), tone="link") if finding.of_id else ""
    return f"{words}{detail}{percent} {link}"


def detail_html(view: View, detail: str) -> str:
    """A detail is the key of a text, a number of tokens, or the very words that were found."""
    if detail.startswith(TEXT_AREAS):
        return escape(view.t(detail) if detail in TEXT_KEYS else detail.rpartition(".")[2])
    if detail.isdecimal():
        return escape(view.t("after.tokens", tokens=int(detail)))
    return f"<q>{escape(detail)}</q>"


def chunk_html(view: View, sample: Sample) -> str:
    """Where the sample comes from. What is marked is what comes closest to the answer."""
    if sample.source is None:
        return html.muted(view.t("review.no_source"))
    source = sft_generator.support_in_source(view.project, sample) if view.project else None
    if source is None:
        return html.chunk(sample.source.document, "", html.muted(view.t("review.no_chunk")))
    chunk, found = source
    start, end = found.start, found.end
    marked = f"<mark>{escape(chunk.text[start:end])}</mark>" if end > start else ""
    text = f"{escape(chunk.text[:start])}{marked}{escape(chunk.text[end:])}"
    support = view.t("review.support", percent=round(found.share * 100))
    place = f"{chunk.filename} · {pages_words(view, chunk)}"
    return html.chunk(place, support, f'<div class="chunk-text" tabindex="0">{text}</div>')

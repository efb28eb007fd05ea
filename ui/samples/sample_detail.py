"""One sample as a card: its text to edit, what to decide, and what speaks for and against it. Only renders."""

import re
from hashlib import sha256
from html import escape

from core import sft_generator
from core.sft_generator import Finding, Sample, SampleRow, SampleStore
from ui.documents.chunk_list import pages_words
from ui.page import html
from ui.page.fields import Field, choice_label
from ui.page.view import View
from ui.samples.sample_list import ReviewPosition, finding_about, finding_words, status_badge
from ui.texts import optional_text

TEXT_AREAS = ("gate.detail.", "language.name.")


def card_html(view: View, store: SampleStore) -> str:
    """The sample that is open, else the next one to look at. Of one that has gone stays what is in its fields."""
    position = view.at(ReviewPosition)
    row = store.get(position.open) if position.open else store.next_to_review(position)
    own = row.sample.id if row else position.open
    by_itself = "" if position.open else " data-by-itself"
    # Another sample's are other fields, so that nothing typed gets into a wrong one.
    key, leave = escape(f"{view.project_name} {own}"), "" if row else " data-own"
    boxes = f'<div data-key="{key}"{leave}>{fields_html(view, row.sample) if row else ""}</div>'
    return (
        f'<section class="card" id="sample" data-open="{escape(own)}"{by_itself}>{head_html(view, store, row)}'
        f"{buttons_html(view, row)}{html.columns(boxes, source_html(view, store, row) if row else '')}</section>"
    )


def head_html(view: View, store: SampleStore, row: SampleRow | None) -> str:
    """Which sample it is, how it stands, and how many of all have been looked at."""
    counts = store.counts()
    if row:
        title = f"<h3>{view.html('review.sample', number=row.number)}</h3> {status_badge(view, row.sample)}"
        title += f"<span>{escape(about_words(view, row.sample))}</span>"
    else:
        title = html.muted(view.t("review.gone" if view.at(ReviewPosition).open else "review.all_done"))
    seen = counts.total - counts.by_status.get("new", 0)
    words = view.t("review.seen", count=seen, total=counts.total)
    bar = html.bar(seen / max(1, counts.total), words)
    return f'<div class="sample-head" tabindex="-1">{title}<span>{escape(words)}</span></div>{bar}'


def about_words(view: View, sample: Sample) -> str:
    """Of which kind it is, and who wrote it."""
    style = choice_label("styles", sample.style, view.language) if sample.style else ""
    by = sample.generator
    writer = "" if by is None else view.t("review.practice") if by.provider == "practice" else by.model
    return " · ".join(filter(None, (style, writer)))


def buttons_html(view: View, row: SampleRow | None) -> str:
    """The decisions; without a sample only those that need none."""
    tones = {"accept": "good", "reject": "", "delete": "stop"} if row else {}
    buttons = (
        html.small_button(f"review.{do}", row.sample.id if row else "", view.t(f"review.{do}"), tone=tone)
        for do, tone in {**tones, "undo": "", "next": ""}.items()
    )
    return f'<div class="decisions">{"".join(buttons)}</div>'


def fields_html(view: View, sample: Sample) -> str:
    """Question and answer to edit, and what they were before."""
    hidden = {"review_sample": sample.id, "review_loaded": mark_of(sample.instruction, sample.output)}
    known = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    question = Field("review.instruction", view.t("samples.head_instruction"), kept=False).text(
        sample.instruction, lines=2
    )
    answer = Field("review.output", view.t("samples.head_output"), kept=False).text(sample.output, lines=5)
    save = html.small_button("review.open", sample.id, view.t("review.save"))
    return f"{known}{question}{answer}{save}{html.muted(view.t('review.keys'))}"


def mark_of(*texts: str) -> str:
    """Another one for other texts, but not for what a text field makes of the same: one end of lines, no zeros."""
    typed = re.sub(r"\r\n?", "\n", "\0".join(text.replace("\0", "\ufffd") for text in texts))
    return sha256(typed.encode(errors="replace")).hexdigest()[:16]


def source_html(view: View, store: SampleStore, row: SampleRow) -> str:
    """What the checks found, the samples that this one is like, its further turns, and the chunk it comes from."""
    twins = "".join(twin_html(view, store.get(finding.of_id)) for finding in row.findings if finding.of_id)
    turns = f"<h4>{view.html('review.follow_ups')}</h4>{html.turns(row.sample.follow_ups)}"
    parts = [findings_html(view, row), twins, turns if row.sample.follow_ups else "", chunk_html(view, row.sample)]
    return f'<div class="sample-source">{"".join(parts)}</div>'


def findings_html(view: View, row: SampleRow) -> str:
    found = "".join(
        f"<li>{html.badge('warn', finding_words(view, finding.kind))} <span>{finding_html(view, finding)}</span></li>"
        for finding in row.findings
    )
    return f'<ul class="found">{found}</ul>' if found else ""


def finding_html(view: View, finding: Finding) -> str:
    """What was found. A detail is the key of a text, a number of tokens, or the very words that were found."""
    words, detail = escape(finding_about(view, finding.kind)), finding.detail
    if detail.startswith(TEXT_AREAS):
        detail = escape(optional_text(detail, view.language, detail.rpartition(".")[2]))
    elif detail.isdecimal():
        detail = view.html("after.tokens", tokens=int(detail))
    elif detail:
        detail = f"<q>{escape(detail)}</q>"
    percent = f" {view.t('review.alike', percent=round(finding.share * 100))}" if finding.share else ""
    return f"{words}{f' <em>{detail}</em>' if detail else ''}{escape(percent)}"


def twin_html(view: View, row: SampleRow | None) -> str:
    """The sample that another one is like, to compare them; nothing where it has gone."""
    if row is None:
        return ""
    opener = html.small_button("review.open", row.sample.id, view.t("review.other"), tone="link")
    status = view.t(f"review.status.{row.sample.status}")
    said = html.turns([(row.sample.instruction, row.sample.output)])
    return html.chunk(view.t("review.sample", number=row.number), status, said + opener)


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
    shown = f'<div class="chunk-text" tabindex="0">{text}</div>'
    return html.chunk(f"{chunk.filename} · {pages_words(view, chunk)}", support, shown)

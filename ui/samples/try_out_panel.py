"""One real request to the helper before many are made: what it is asked, what it answers, what can be used of it."""

from functools import partial
from html import escape
from typing import Any

import gradio as gr

from core import sft_generator
from core.sft_generator import UNUSABLE, UnusableAnswer
from ui.page import html
from ui.page.frame import PageFrame
from ui.page.view import View
from ui.samples.helper_panel import provider
from ui.samples.prompt_panel import message_html, messages_html
from ui.texts import error_text

UNUSABLE_SHOWN = 20


def build(frame: PageFrame) -> gr.Button:
    """The button; what comes of it is shown by `result_html`."""
    with gr.Row(elem_classes="tight", visible=False) as row:
        start = gr.Button(frame.t("tryout.start"), size="sm", min_width=140, elem_id="try-helper")
    frame.live.show(row, lambda view: gr.update(visible=not provider(view).writes_by_rules))
    frame.live.show(start, lambda view: gr.update(interactive=ready(view)))
    return start


def ready(view: View) -> bool:
    """Whether there is a model to ask, and nobody is asking it."""
    return bool(view.config and view.config.sft.model) and not view.active(["sft_test"])


def result_html(view: View) -> str:
    """The newest try: in a line what came of it, and all of it behind that."""
    if view.project is None or provider(view).writes_by_rules:
        return ""
    result = view.result("sft_test")
    if not result:
        return ""
    pairs = "".join(pair_html(pair) for pair in result["pairs"])
    parts = [
        (view.t("tryout.asked"), messages_html(view.t, result["messages"])),
        (view.t("tryout.answered"), f'<div class="message-text" tabindex="0">{escape(result["answer"])}</div>'),
    ]
    folded = "".join(html.more(title, body) for title, body in parts)
    return f'<div class="try-out">{verdict_html(view, result)}{pairs}{folded}</div>'


def unusable_html(view: View) -> str:
    """The last answers that held no sample, each with the reason, behind a fold."""
    answers = sft_generator.unusable_answers(view.project)[:UNUSABLE_SHOWN] if view.project else []
    if not answers:
        return ""
    return html.more(view.t("unusable.title", count=len(answers)), "".join(map(partial(answer_html, view), answers)))


def answer_html(view: View, answer: UnusableAnswer) -> str:
    place = view.t("unusable.place", document=answer.document, page=answer.page) if answer.page else answer.document
    why, _ = error_text(UNUSABLE.get(answer.problem, UNUSABLE["no_samples"]), view.language, {})
    return message_html(" · ".join(filter(None, (place, why))), answer.answer)


def verdict_html(view: View, result: dict[str, Any]) -> str:
    """Whether the answer can be used, and what it took."""
    figures = [view.t("tryout.seconds", seconds=float(result["seconds"]))]
    if result["tokens"]:
        figures.append(view.t("after.tokens", tokens=result["tokens"]))
    if result["cost_usd"]:
        figures.append(view.t("after.cost", cost=result["cost_usd"]))
    taken = " · ".join(figures)
    if result["pairs"]:
        return html.box("good", view.t("tryout.good", count=len(result["pairs"])), taken)
    why, what_to_do = error_text(UNUSABLE.get(result["problem"], UNUSABLE["no_samples"]), view.language, {})
    return html.box("bad", why, f"{what_to_do} ({taken})")


def pair_html(pair: dict[str, Any]) -> str:
    """A sample as it was understood, with the turns that follow."""
    return html.turns([(pair["instruction"], pair["output"]), *pair.get("follow_ups", ())])

"""What the helper is told and what it answers: the prompts, one real request before many, and unusable answers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from core import sft_generator
from core.project_manager import Project
from core.sft_generator import DEFAULT_PROMPTS as DEFAULTS
from core.sft_generator import PROMPT_VARIABLES, UNUSABLE, UnusableAnswer, prompt_problems
from ui.page import html
from ui.page.fields import Field
from ui.page.parts import Act, Part
from ui.page.remembered import Remembered
from ui.page.view import View
from ui.samples.estimate_panel import took_words
from ui.samples.helper_panel import provider, settings_of
from ui.texts import LANGUAGES, error_text
from utils.config import SftSettings
from utils.errors import AppError

LINES = {"system_prompt": 3, "user_template": 8}
UNUSABLE_SHOWN = 20
PREVIEWS = Remembered(8)


def prompts_html(view: View) -> str:
    """The whole section, folded: both prompts, what their variables stand for, and what comes of them."""
    if view.project is None or provider(view).writes_by_rules:
        return ""
    t, settings = view.t, settings_of(view)
    prompts = "".join(
        Field(name, t(f"field.{name}"), action="prompts.keep").text(
            written(name, settings, view.language), lines=lines
        )
        for name, lines in LINES.items()
    )
    problems = "".join(
        html.box("warn", *error_text(each.code, view.language, each.params))
        for each in prompt_problems(settings.system_prompt, settings.user_template)
    )
    reset = html.button("prompts.reset", t("prompts.reset"), key="reset-prompts")
    meanings = [(f"<code>{{{name}}}</code>", view.html(f"prompts.variable.{name}")) for name in PROMPT_VARIABLES]
    about = html.muted(t("prompts.about")) + html.terms(meanings, "variables")
    preview = html.more(t("prompts.preview"), preview_html(view, view.project))
    left = f'{prompts}{problems}<div class="buttons tight">{reset}</div>'
    return html.fold("prompts", t("prompts.title"), html.columns(left, about + preview))


def written(name: str, settings: SftSettings, page_language: str) -> str:
    """The prompt that holds: a person's own, or the default one. Where each document has its own language, that of
    the page."""
    language = page_language if settings.language == "auto" else settings.language
    return getattr(settings, name) or DEFAULTS[name](language)


def own_words(name: str, typed: str) -> str:
    """What is saved: nothing where it is the default, so that that can follow each document's language."""
    words = typed.strip()
    return "" if words in {DEFAULTS[name](language).strip() for language in LANGUAGES} else words


def keep(act: Act) -> None:
    if act.of in LINES:
        act.project.set("sft", {act.of: own_words(act.of, act.text("value"))})


def reset(act: Act) -> None:
    act.project.set("sft", dict.fromkeys(LINES, ""))


def preview_html(view: View, project: Project) -> str:
    """The messages as the helper would get them for one chunk."""
    config = project.load_config()
    key = (view.data_stamp, config.model_dump_json())
    try:
        messages = PREVIEWS.get(key, lambda: sft_generator.prompt_preview(project, config.sft))
    except AppError as error:
        return view.error_box(error)
    return messages_html(view.t, messages)


def messages_html(t: Callable[[str], str], messages: Sequence[Mapping[str, str]]) -> str:
    """Messages with who says them; all of their text comes from documents and people."""
    return "".join(message_html(t(f"prompts.role.{message['role']}"), message["content"]) for message in messages)


def message_html(who: str, words: str) -> str:
    return (
        f'<article class="message"><header>{escape(who)}</header>'
        f'<div class="message-text" tabindex="0">{escape(words)}</div></article>'
    )


def try_button_html(view: View) -> str:
    """The button that asks once, where there is a model to ask."""
    if provider(view).writes_by_rules or not settings_of(view).model:
        return ""
    why_not = view.t("error.job_already_running") if view.active(["sft_test"]) else ""
    return html.button("samples.try", view.t("tryout.start"), why_not=why_not, key="try-helper")


def tried_html(view: View) -> str:
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
    seconds = view.t("tryout.seconds", seconds=float(result["seconds"]))
    taken = " · ".join([seconds, *took_words(view, result["tokens"], result["cost_usd"])])
    if result["pairs"]:
        return html.box("good", view.t("tryout.good", count=len(result["pairs"])), taken)
    why, what_to_do = error_text(UNUSABLE.get(result["problem"], UNUSABLE["no_samples"]), view.language, {})
    return html.box("bad", why, f"{what_to_do} ({taken})")


def pair_html(pair: dict[str, Any]) -> str:
    """A sample as it was understood, with the turns that follow."""
    return html.turns([(pair["instruction"], pair["output"]), *pair.get("follow_ups", ())])


PART = Part(
    {"samples.prompts": prompts_html, "samples.tried": tried_html, "samples.unusable": unusable_html},
    {"prompts.keep": keep, "prompts.reset": reset},
)

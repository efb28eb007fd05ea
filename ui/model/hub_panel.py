"""Models from Hugging Face to choose a base from: what is here, what else there is, what fits. Knows the widgets."""

from html import escape

import gradio as gr

from core import base_models
from core.base_models import Fit, Listed, MemoryEstimate, Shape
from core.project_manager import Project
from ui.page import html
from ui.page.figures import LIGHT_SIGNS, LIGHT_TONES, size_words
from ui.page.frame import Answer, Component, PageFrame
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.page.view import View
from ui.texts import error_text, text
from utils.config import TrainingSettings

LISTS, FITS = Remembered(2), Remembered(64)


def build(frame: PageFrame) -> tuple[gr.Column, Component]:
    """The panel, which is hidden at first, and its field."""
    with gr.Column(visible=False, min_width=0) as panel:
        table = gr.HTML(elem_id="hub-bases")
        gr.HTML(html.muted(frame.t("hub.about_fit", tokens=base_models.USUAL_TOKENS)))
        repository = gr.Dropdown(
            [],
            label=frame.t("field.base_hf"),
            info=frame.t("about.base_hf"),
            allow_custom_value=True,
            elem_id="base-hf",
        )
        refresh = gr.Button(frame.t("ollama_bases.refresh"), size="sm", elem_id="refresh-hub-bases")
        notice = gr.HTML()
    frame.live.show(table, table_html)
    frame.live.show(repository, lambda view: gr.update(choices=choices(view.language)))

    def look_again(project: Project, _values: object) -> Answer:
        LISTS.forget()
        view = View(frame.services, frame.language, project.name)
        return {"table": table_html(view), "repository": gr.update(choices=choices(frame.language))}

    frame.act(refresh.click, look_again, notice, outputs={"table": table, "repository": repository})
    return panel, repository


def models() -> list[Listed]:
    """The list; what has been downloaded since shows up by itself."""
    return LISTS.get(base_models.hub_stamp(), base_models.hub_list)


def choices(language: str) -> list[tuple[str, str]]:
    """What can be trained, with its size; any other name can be typed."""
    return [(f"{one.name} ({size_words(one.size_bytes, language)})", one.name) for one in models() if not one.problem]


def table_html(view: View) -> str:
    """All models with licence, size and what fits; those on this machine first."""
    heads = [view.t("hub.model"), view.t("hub.fit")]
    rows = ([model_html(one, view.language), fit_html(view, one.shape, one.problem)] for one in models())
    return html.table(heads, rows, view.t("hub.none"))


def model_html(one: Listed, language: str) -> str:
    """Its name, and below it what it is: `Apache-2.0 · 1.5 GB · 40,960 tokens · German`."""
    facts = [one.licence or text("hub.licence_unknown", language), size_words(one.size_bytes, language)]
    if one.context_tokens:
        facts.append(text("hub.context", language, tokens=one.context_tokens))
    if one.languages:
        facts.append(text("hub.german" if "de" in one.languages else "hub.english", language))
    badges = html.badge("good", text("hub.here", language)) if one.is_here else ""
    if one.is_gated and not one.is_here:
        badges = html.badge("info", text("hub.gated", language))
    why = ""
    if one.problem:
        happened, _ = error_text(one.problem, language, {"folder": one.name, "architecture": one.architecture})
        why = f"<br>{html.badge('warn', text('ollama_bases.impossible', language))} {escape(happened)}"
    return f"<strong>{escape(one.name)}</strong> {badges}<br><small>{escape(' · '.join(facts))}</small>{why}"


def fit_html(view: View, shape: Shape | None, problem: str = "") -> str:
    """A light for LoRA and one for 4 bits; empty where nothing can be told."""
    if shape is None or problem or view.config is None:
        return ""
    found = fit_of(view, shape, view.config.training)
    four_bit = light_html(view, found.four_bit) if found.four_bit else escape(view.t("hub.no_four_bit"))
    lines = ((view.t("hub.lora"), light_html(view, found.lora)), (view.t("hub.four_bit"), four_bit))
    return "".join(f"<div class='fit'><small>{escape(name)}</small> {light}</div>" for name, light in lines)


def fit_of(view: View, shape: Shape, settings: TrainingSettings) -> Fit:
    now = moment(FREE_LASTS_SECONDS)
    hardware = FITS.get(now, view.services.hardware)
    key = (shape, settings.model_dump_json(), now)
    return FITS.get(key, lambda: base_models.fit(shape, settings, hardware))


def light_html(view: View, needed: MemoryEstimate) -> str:
    """A light in colour, sign and words, with the figure behind it."""
    words = f"{LIGHT_SIGNS[needed.light]} {view.t(f'hub.light.{needed.light}')}"
    figure = view.t("memory.gib", gib=needed.total_gib)
    return f"{html.badge(LIGHT_TONES[needed.light], words)} <small>{escape(figure)}</small>"

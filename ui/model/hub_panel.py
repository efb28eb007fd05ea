"""Models from Hugging Face to choose a base from: what is here, what else there is, what fits. Only renders."""

from html import escape

from core import base_models
from core.base_models import Fit, Listed, MemoryEstimate, Shape
from ui.model.choosing import row_button
from ui.page import html
from ui.page.figures import LIGHT_SIGNS, LIGHT_TONES, size_words
from ui.page.remembered import Remembered
from ui.page.view import View
from ui.texts import error_text, text
from utils.config import TrainingSettings

LISTS, FITS = Remembered(2), Remembered(64)


def models() -> list[Listed]:
    """The list; what has been downloaded since shows up by itself."""
    return LISTS.get(base_models.hub_stamp(), base_models.hub_list)


def table_html(view: View) -> str:
    """All models with licence, size and what fits; those on this machine first."""
    heads = [view.t("hub.model"), view.t("hub.fit"), view.t("hub.choice")]
    rows = (
        [model_html(one, view.language), fit_html(view, one.shape, one.problem), row_button(view, "hf", one)]
        for one in models()
    )
    return html.table(heads, rows, view.t("hub.none"), "models")


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
    four_bit = light_html(view, found.four_bit) if found.four_bit else view.html("hub.no_four_bit")
    lines = ((view.t("hub.lora"), light_html(view, found.lora)), (view.t("hub.four_bit"), four_bit))
    return "".join(f"<div class='fit'><small>{escape(name)}</small> {light}</div>" for name, light in lines)


def fit_of(view: View, shape: Shape, settings: TrainingSettings) -> Fit:
    key = (shape, settings.model_dump_json(), view.hardware)
    return FITS.get(key, lambda: base_models.fit(shape, settings, view.hardware))


def light_html(view: View, needed: MemoryEstimate) -> str:
    """A light in colour, sign and words, with the figure behind it."""
    words = f"{LIGHT_SIGNS[needed.light]} {view.t(f'hub.light.{needed.light}')}"
    figure = view.t("memory.gib", gib=needed.total_gib)
    return f"{html.badge(LIGHT_TONES[needed.light], words)} <small>{escape(figure)}</small>"

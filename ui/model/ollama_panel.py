"""The models in Ollama's store to choose a base from, what fits, and how an unpacked one compares. Only renders."""

from html import escape

from core import access, base_models
from core.base_models import Note, OllamaModel, Original, original_of
from ui.model.choosing import row_button, take_button
from ui.model.hub_panel import fit_html
from ui.page import html
from ui.page.figures import size_words
from ui.page.remembered import Remembered
from ui.page.view import View
from ui.texts import error_text, text

LISTS = Remembered(1)  # as the store was when somebody last looked


def models() -> list[OllamaModel]:
    """The models of the store, as it was when somebody last looked."""
    return LISTS.get("", base_models.list_models)


def table_html(view: View) -> str:
    """All models, with the reason at those that cannot be trained, and what fits of the others."""
    heads = [view.t("hub.model"), view.t("ollama_bases.state"), view.t("hub.choice")]
    rows = (
        [model_html(one, view.language), state_html(view, one), row_button(view, "ollama", one)] for one in models()
    )
    folders = ", ".join(str(folder) for folder in base_models.store_folders())
    none = view.t("ollama_bases.none", folders=folders) if access.asking().is_host else view.t("hub.none")
    return html.table(heads, rows, none, "models")


def model_html(model: OllamaModel, language: str) -> str:
    """Its name, and below it what it is: `qwen3 · 0.6B · Q8_0 · 0.64 GB`."""
    kind = [model.family, model.parameters, model.quantization]
    if model.file:  # one in the cloud has no size here
        kind.append(size_words(model.size_bytes, language))
    return f"<strong>{escape(model.name)}</strong><br><small>{escape(' · '.join(filter(None, kind)))}</small>"


def state_html(view: View, model: OllamaModel) -> str:
    """Whether it can be trained and fits, else why not; and its original weights, where they are known."""
    language = view.language
    if model.problem:
        why, _ = error_text(model.problem, language, model.named)
        state = f"{html.badge('warn', text('ollama_bases.impossible', language))}<br>{escape(why)}"
    else:
        there = base_models.is_unpacked(model)
        state = html.badge("good", text("ollama_bases.unpacked" if there else "ollama_bases.possible", language))
        state += fit_html(view, base_models.shape_of_ollama(model))
    original = original_of(model)
    return state + (original_html(view, original) if original else "")


def original_html(view: View, original: Original) -> str:
    """A button that takes the original weights instead, and what that means."""
    here = base_models.is_downloaded(original.name)
    facts = [original.licence, size_words(original.download_bytes, view.language)]
    facts.append(view.t("hub.here" if here else "ollama_bases.is_download"))
    if original.is_gated and not here:
        facts.append(view.t("hub.gated"))
    about = view.t("ollama_bases.original_about", name=original.name)
    button = take_button(view, "hf", original.name, view.t("ollama_bases.original"), about=about)
    return f"<p>{button}<br><small>{escape(original.name)}: {escape(' · '.join(facts))}</small></p>"


def agreement_html(view: View, note: Note | None) -> str:
    """How the chosen model compares with the file that it was unpacked from."""
    if note is None:
        return ""
    words = view.t("ollama_bases.agreement", **note.figures)
    return html.box("warn", words, view.t("ollama_bases.doubtful")) if note.is_doubtful else html.muted(words)

"""Step 2: which model training starts from, and what it is written as in the end."""

from dataclasses import dataclass, replace
from html import escape

from core import access, base_models
from core.jobs.kinds import of_tab
from ui.model import choosing, hub_panel, ollama_panel, recommended_panel
from ui.page import fields, html
from ui.page.fields import Field, choice_label
from ui.page.figures import model_words
from ui.page.job_panel import job_part
from ui.page.parts import Act, Part
from ui.page.view import Position, View
from utils.config import QUANTIZED, ProjectConfig

PLACES = ("model.chosen", "job.model", "model.cards", "model.every", "model.output")
LISTS = {"hf": hub_panel, "ollama": ollama_panel}
SOURCES = (*LISTS, "path")


@dataclass(frozen=True)
class ModelPosition(Position):
    """Where the models come from that the whole list shows."""

    source: str = "hf"


def layout_html(_language: str) -> str:
    return html.places(*PLACES)


def chosen_html(view: View) -> str:
    """The model that is chosen, whether it is there, and why no other one can be taken now."""
    base = view.config.base if view.config else None
    reason = html.muted(choosing.why_not(view))
    if base is None or view.status is None:
        return html.muted(view.t("model.about")) + reason
    ready, button = view.status.base_ready, ""
    state = html.badge("good" if ready else "warn", view.t("model.ready" if ready else "model.not_ready"))
    if not ready and view.active(of_tab("model")):
        state = html.badge("info", view.t("model.coming"))
    elif not ready and base.source in base_models.MADE_READY_BY:
        button = choosing.take_button(view, base.source, base.name, view.t(f"model.fetch.{base.source}"), tone="good")
    name = model_words(base.source, base.name, view.language)
    folder = view.base_folder if base.source == "ollama" else None
    is_next = view.status.next_step == "samples"
    next_step = html.link("samples", view.t("next.samples"), "primary") if is_next else ""
    agreement = ollama_panel.agreement_html(view, base_models.read_note(folder)) if folder else ""
    return (
        f'<div class="chosen"><small>{view.html("model.current")}</small>'
        f"<div><strong>{escape(name)}</strong> {state} {button}</div>{agreement}</div>{reason}{next_step}"
    )


def every_html(view: View) -> str:
    """The whole list of each source, and a field for what is in none."""
    source = view.at(ModelPosition).source
    offered = SOURCES if access.asking().is_host else SOURCES[:2]
    counts = {name: str(len(panel.models())) for name, panel in LISTS.items()}
    choices = [(name, view.t(f"model.source.{name}"), counts.get(name, "")) for name in offered]
    body = html.chips("model.source", choices, source) + html.muted(view.t(f"model.about.{source}"))
    if source in LISTS:
        body += html.muted(view.t("hub.about_fit", tokens=base_models.USUAL_TOKENS)) + LISTS[source].table_html(view)
        body += f"<p>{html.button('model.refresh', view.t('ollama_bases.refresh'), tone='small')}</p>"
    body += named_html(view, source) if source != "ollama" else ""
    return html.fold("models", view.t("model.every"), body)


def named_html(view: View, source: str) -> str:
    """A repository or a folder by its name."""
    base = view.config.base if view.config else None
    name, why_not = base.name if base and base.source == source else "", choosing.why_not(view)
    field = Field(f"base_{source}", view.t(f"field.base_{source}"), view.t(f"about.base_{source}"), kept=False)
    button = html.button("model.take_named", view.t("model.take"), of=source, why_not=why_not, main=True)
    return html.form(field.text(name) + button)


def output_html(view: View) -> str:
    """What the finished model is written as: a line, which opens to its settings."""
    output = (view.config or ProjectConfig()).output
    words, names = choice_label("format", output.format, view.language), ["format"]
    if output.format in QUANTIZED:
        words, names = f"{words}, {output.quantization}", [*names, "quantization"]
    settings = f'<div class="fields">{fields.settings(view, "output", names)}</div>'
    return html.fold("output", view.t("model.output", output=words), settings)


def look_at(act: Act) -> None:
    """Show the list of another source."""
    if act.of in SOURCES and (act.of != "path" or access.asking().is_host):
        act.move(replace(act.at(ModelPosition), source=act.of))


def refresh(act: Act) -> None:
    """Look again what is there."""
    for panel in LISTS.values():
        panel.LISTS.forget()


PART = (
    Part(
        {
            "model.chosen": chosen_html,
            "model.cards": recommended_panel.cards_html,
            "model.every": every_html,
            "model.output": output_html,
        },
        {"model.source": look_at, "model.refresh": refresh},
    )
    | choosing.PART
    | job_part("model")
)

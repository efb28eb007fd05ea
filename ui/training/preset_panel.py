"""Three presets that suit the training settings to model, data and machine; which of them holds, and why."""

from dataclasses import replace
from html import escape

from core import trainer
from core.sft_generator import MINIMUM_SAMPLES
from core.trainer import PRESETS, Preset
from ui.page import html
from ui.page.parts import Act, Part
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.page.view import View

SITUATIONS = Remembered(16)
CHOSEN = Remembered(16)


def presets_html(view: View) -> str:
    """The choice; nothing where there is too little to choose for."""
    presets = current(view)
    if not presets:
        return ""
    equal = equal_preset(view)
    choices = [(name, view.t(f"preset.{name}"), "") for name in PRESETS]
    return html.chips("training.preset", choices, equal.name if equal else "") + refit_html(view, equal)


def refit_html(view: View, equal: Preset | None) -> str:
    """Whether the preset would be computed otherwise now; while a training takes the memory, that means nothing."""
    told = equal and view.config and not equal.fits(view.config.training) and not view.unfinished("train")
    return html.muted(view.t("preset.refit")) if told else ""


def name_of(view: View) -> str:
    """What the settings are called that hold now."""
    if equal := equal_preset(view):
        return view.t(f"preset.{equal.name}")
    usual = view.config is None or view.config.training == view.services.settings.training
    return view.t("preset.usual" if usual else "preset.own")


def why_html(view: View) -> str:
    """What the preset that holds amounts to, and why."""
    equal = equal_preset(view)
    if equal is None or view.config is None:
        return ""
    words = equal.words if equal.fits(view.config.training) else (equal.plan, *equal.reasons)
    return f'<p class="muted">{escape(" ".join(map(view.message, words)))}</p>'


def equal_preset(view: View) -> Preset | None:
    """The preset that the saved settings equal, if any."""
    settings = view.config.training if view.config else None
    return next((preset for preset in current(view) if settings and preset.equals(settings)), None)


def current(view: View) -> list[Preset]:
    """All presets for the project as it is; none without samples. What is read from disk is read once for all."""
    project, settings = view.project, view.config
    if project is None or settings is None or view.status is None or view.status.samples < MINIMUM_SAMPLES:
        return []
    training = settings.training
    facts = (view.training_data, str(settings.base), training.held_out_share, training.seed)

    def choose() -> list[Preset]:
        situation = SITUATIONS.get(facts, lambda: trainer.situation_of(project, view.hardware))
        now = replace(situation, hardware=view.hardware)
        return [trainer.choose_preset(name, now, training) for name in PRESETS]

    return CHOSEN.get((facts, training.model_dump_json(), moment(FREE_LASTS_SECONDS)), choose)


def apply(act: Act) -> None:
    if act.of in PRESETS:
        trainer.apply_preset(act.project, act.of, act.services.hardware())


PART = Part(actions={"training.preset": apply})

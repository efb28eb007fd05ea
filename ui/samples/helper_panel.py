"""Who writes the samples: the provider, its address and key, and its model. Knows the widgets."""

from functools import partial
from typing import Any

import gradio as gr

from core import keys, sft_generator
from core.addresses import is_this_machine
from core.project_manager import Project
from core.providers import Provider, address_of, place_of, provider_of
from core.sft_generator import fetch_models, known_model
from ui.page import forms, html
from ui.page.frame import Answer, Component, PageFrame
from ui.page.view import View
from ui.samples import helper_models
from utils.config import SftSettings, changed
from utils.errors import AppError, readable

OF_PROVIDER = ("model", "base_url")  # what means nothing to another provider


def build(frame: PageFrame) -> dict[str, Component]:
    """The whole section. What is chosen is saved at once; fields that the provider has no use for are not there.

    Answers the fields by name, for whoever starts with them.
    """
    t = frame.t
    choice = forms.widget(SftSettings, "provider", frame.language)
    about = gr.HTML()
    base_url = gr.Textbox(label=t("field.base_url"), max_lines=1, visible=False, elem_id="helper-address")
    key_field(frame, base_url)
    model = gr.Dropdown(
        [],
        label=t("field.model"),
        info=t("writer.model_about"),
        allow_custom_value=True,
        visible=False,
        elem_id="model",
    )
    with gr.Row(elem_classes="tight", visible=False) as buttons:
        ask = gr.Button(t("writer.refresh"), size="sm", min_width=110, elem_id="ask-models")
        pull = gr.Button(t("writer.pull"), size="sm", min_width=110, elem_id="pull-model")
    known = gr.HTML()
    notice = gr.HTML()

    live = frame.live
    live.show(about, about_html)
    live.show(base_url, address_field)
    live.show(model, model_field)
    live.show(buttons, lambda view: gr.update(visible=provider(view).own_address is not None))
    live.show(pull, pull_button)
    live.show(known, helper_models.about_html)

    kept = gr.State({})
    fields = {"provider": choice, "base_url": base_url, "model": model}
    frame.fill(choice, lambda config: config.sft.provider)
    frame.act(choice.input, choose_provider, notice, {**fields, "kept": kept}, {**fields, "kept": kept})  # type: ignore[attr-defined]
    forms.autosave(frame, "sft", {"base_url": base_url, "model": model}, notice)
    frame.act(ask.click, partial(ask_models, frame), notice, fields, show_progress="minimal")
    frame.act(pull.click, partial(pull_model, frame), notice, fields)
    return fields


def key_field(frame: PageFrame, base_url: Component) -> None:
    """The field for a key. It is always empty: what stands in a component could be read by every other browser."""
    t = frame.t
    with gr.Column(visible=False, min_width=0, elem_classes="card", elem_id="helper-key") as panel:
        status = gr.HTML()
        with gr.Row(elem_classes="password-row"):
            key = gr.Textbox(label=t("writer.key"), type="password", max_lines=1, elem_id="api-key", min_width=180)
            keep = gr.Button(t("writer.keep_key"), variant="secondary", min_width=90, elem_id="keep-key")
        remember = gr.Checkbox(False, label=t("writer.remember"), info=t("writer.remember_about"), container=False)
        with gr.Row(elem_classes="tight"):
            forget = gr.Button(t("writer.forget_key"), size="sm", min_width=110)
        notice = gr.HTML()
    frame.live.show(panel, lambda view: gr.update(visible=provider(view).needs_key))
    frame.live.show(status, key_html)
    frame.live.show(forget, lambda view: gr.update(visible=has_key(view)))
    fields = {"key": key, "remember": remember, "base_url": base_url}
    for trigger in (keep.click, key.submit):
        frame.act(trigger, partial(keep_key, frame), notice, fields, {"key": key})
    frame.act(forget.click, partial(forget_key, frame), notice, {"base_url": base_url})


def chosen(view: View) -> str:
    """The name of the chosen provider."""
    return settings_of(view).provider


def provider(view: View) -> Provider:
    """What is true of the chosen provider."""
    return provider_of(settings_of(view).provider)


def settings_of(view: View) -> SftSettings:
    return view.config.sft if view.config else SftSettings()


def about_html(view: View) -> str:
    """What kind of helper this is, before anything else is asked."""
    if provider(view).writes_by_rules:
        return html.box("info", view.t("samples.practice"), view.t("samples.practice_about"))
    return html.muted(view.t(f"writer.about.{chosen(view)}"))


def address_field(view: View) -> Any:
    own_address = provider(view).own_address
    if own_address is None:
        return gr.update(visible=False)
    about = view.t(f"writer.address_about.{chosen(view)}")
    return gr.update(visible=True, placeholder=own_address(), info=about)


def model_field(view: View) -> Any:
    """The list of models, or of files where the helper is one."""
    found = provider(view)
    label = view.t("writer.file" if found.takes_file else "field.model")
    about = view.t("writer.file_about" if found.takes_file else "writer.model_about")
    return {**helper_models.choices(view), "visible": not found.writes_by_rules, "label": label, "info": about}


def pull_button(view: View) -> Any:
    """Some can fetch a model that they do not have."""
    if view.config is None or not provider(view).fetches:
        return gr.update(visible=False)
    there = known_model(view.config.sft) is not None or helper_models.was_pulled(view)
    can = bool(view.config.sft.model) and not there and not view.active(["pull"])
    return gr.update(visible=True, interactive=can)


def has_key(view: View) -> bool:
    return bool(view.config and keys.has_key(address_of(view.config.sft)))


def key_html(view: View) -> str:
    """Whether there is a key for the address, never which."""
    if view.config is None:
        return ""
    place = place_of(view.config.sft)
    if has_key(view):
        return f"<p>{html.badge('good', view.t('writer.key_set', place=place))}</p>"
    return html.muted(view.t("writer.key_missing", place=place))


def choose_provider(project: Project, values: dict[str, Any]) -> Answer:
    """Saves the provider. Address and model belong to it, so each provider gets back those that it had."""
    before = project.load_config().sft
    kept = {**values["kept"], (project.name, before.provider): {name: getattr(before, name) for name in OF_PROVIDER}}
    mine = kept.get((project.name, values["provider"]), dict.fromkeys(OF_PROVIDER, ""))
    project.set("sft", {"provider": values["provider"], **mine})
    return {"provider": gr.skip(), "kept": kept, **mine}


def keep_address(project: Project, base_url: str | None) -> None:
    """Saves the address. Writing the settings also tells all other viewers that there is something new to see."""
    project.set("sft", {"base_url": base_url or ""})


def keep_key(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Keeps a key for the address that stands in the form. The field is emptied whatever comes of it."""
    try:
        settings = changed(project.load_config().sft, base_url=values["base_url"] or "")
        keys.set_key(address_of(settings), values["key"] or "", bool(values["remember"]))
        keep_address(project, values["base_url"])
    except (AppError, OSError) as error:
        return {"key": "", "notice": frame.error_box(readable(error))}
    address = address_of(settings)
    if address.startswith("http://") and not is_this_machine(address):
        return {"key": "", "notice": html.box("warn", frame.t("writer.key_unencrypted", place=place_of(settings)))}
    return {"key": ""}


def forget_key(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    settings = changed(project.load_config().sft, base_url=values["base_url"] or "")
    keys.forget_key(address_of(settings))
    keep_address(project, values["base_url"])
    return {"notice": html.box("good", frame.t("writer.key_forgotten", place=place_of(settings)))}


def ask_models(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Asks the server for its models; why it does not answer is shown where the list would be."""
    keep_address(project, values["base_url"])
    found = fetch_models(project.load_config().sft)
    keep_address(project, values["base_url"])
    if found.problem:
        return None
    return {"notice": html.box("good", frame.t("writer.models_found", count=len(found.models)))}


def pull_model(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    project.set("sft", {"base_url": values["base_url"] or "", "model": values["model"] or ""})
    sft_generator.start_pull(frame.services, project)
    return None

"""Who writes the samples: the provider, its address and key, and its model."""

from dataclasses import dataclass
from html import escape
from typing import get_args

from core import keys, sft_generator
from core.addresses import is_this_machine
from core.providers import Provider, address_of, place_of, provider_of
from core.sft_generator import fetch_models, known_model
from ui.page import fields, html
from ui.page.fields import Field
from ui.page.parts import Act, Answer, Part, good, reason
from ui.page.view import Position, View
from ui.samples import helper_models
from utils.config import Provider as ProviderName
from utils.config import SftSettings
from utils.errors import AppError


@dataclass(frozen=True)
class HelperPosition(Position):
    """The model and the address that each provider had, which mean nothing to another one."""

    had: tuple[tuple[str, tuple[str, str]], ...] = ()


def settings_of(view: View) -> SftSettings:
    return view.config.sft if view.config else SftSettings()


def provider(view: View) -> Provider:
    """What is true of the chosen provider."""
    return provider_of(settings_of(view).provider)


def has_key(view: View) -> bool:
    return bool(view.config and keys.has_key(address_of(view.config.sft)))


def helper_html(view: View) -> str:
    """The provider and what it is; below, the fields that it has a use for."""
    t, chosen, found = view.t, settings_of(view).provider, provider(view)
    choices = [(fields.choice_label("provider", one, view.language), one) for one in get_args(ProviderName)]
    parts = [Field("provider", t("field.provider"), action="helper.choose_provider").select(choices, chosen)]
    if found.writes_by_rules:
        return parts[0] + html.box("info", t("samples.practice"), t("samples.practice_about"))
    parts.append(html.muted(t(f"writer.about.{chosen}")))
    if found.own_address:
        about = t(f"writer.address_about.{chosen}", own=found.own_address())
        parts.append(fields.setting(view, "sft", "base_url", about=about))
    if found.needs_key:
        parts.append(key_html(view))
    return "".join(parts) + model_html(view)


def key_html(view: View) -> str:
    """Whether there is a key for the address, never which. The field is empty whatever was typed into it."""
    t, settings = view.t, settings_of(view)
    place, page = place_of(settings), provider(view).keys_page
    status = html.muted(t("writer.key_missing", place=place))
    if has_key(view):
        status = f"<p>{html.badge('good', t('writer.key_set', place=place))}</p>"
    elif page and not settings.base_url:
        link = f'<a href="{escape(page)}" target="_blank" rel="noreferrer">{view.html("writer.get_key")}</a>'
        status += f"<p>{link}</p>"
    buttons = html.button("helper.keep_key", t("writer.keep_key"), main=True, key="keep-key")
    if has_key(view):
        buttons += html.button("helper.forget_key", t("writer.forget_key"))
    key = Field("key", t("writer.key"), kept=False).text("", secret=True)
    remember = Field("remember", t("writer.remember"), t("writer.remember_about"), kept=False).checkbox(False)
    return html.form(f'{status}{key}{remember}<div class="buttons tight">{buttons}</div>', "card")


def model_html(view: View) -> str:
    """The model, to choose or to type; a file where the helper is one. What is known of it, and how to get more."""
    found, settings, t = provider(view), settings_of(view), view.t
    label, about = ("writer.file", "writer.file_about") if found.takes_file else ("field.model", "writer.model_about")
    offered = [(helper_models.model_words(view, one), one.name) for one in helper_models.offered(view)]
    field = fields.setting(view, "sft", "model", label=t(label), about=t(about), suggestions=offered)
    buttons = html.button("helper.ask_models", t("writer.refresh"), key="ask-models") if found.own_address else ""
    there = known_model(settings) is not None or helper_models.was_pulled(view)
    if found.fetches and settings.model and not there and not view.active(["pull"]):
        buttons += html.button("helper.pull_model", t("writer.pull"), key="pull-model")
    return f'{field}<div class="buttons tight">{buttons}</div>{helper_models.about_html(view)}'


def choose_provider(act: Act) -> None:
    """Saves the provider. Address and model belong to it, so each provider gets back those that it had."""
    before, now = act.project.load_config().sft, act.text("value")
    had = {**dict(act.at(HelperPosition).had), before.provider: (before.model, before.base_url)}
    model, address = had.get(now, ("", ""))
    act.project.set("sft", {"provider": now, "model": model, "base_url": address})
    act.move(HelperPosition(act.project_name, tuple(had.items())))


def keep_key(act: Act) -> Answer:
    """Keeps a key for the address that is set. The field is emptied whatever comes of it."""
    settings = act.project.load_config().sft
    address, empty = address_of(settings), ("key",)
    try:
        keys.set_key(address, act.text("key"), act.values.get("remember") is True)
        tell_others(act)
    except (AppError, OSError) as error:
        return Answer(act.view.error_box(reason(error)), empty)
    in_the_clear = address.startswith("http://") and not is_this_machine(address)
    warning = html.box("warn", act.t("writer.key_unencrypted", place=place_of(settings))) if in_the_clear else ""
    return Answer(warning, empty)


def forget_key(act: Act) -> Answer:
    settings = act.project.load_config().sft
    keys.forget_key(address_of(settings))
    tell_others(act)
    return good(act, "writer.key_forgotten", place=place_of(settings))


def ask_models(act: Act) -> Answer | None:
    """Asks the server for its models; why it does not answer is shown where the list would be."""
    found = fetch_models(act.project.load_config().sft)
    tell_others(act)
    return None if found.problem else good(act, "writer.models_found", count=len(found.models))


def tell_others(act: Act) -> None:
    """What this app keeps in memory is drawn anew on all pages that show the project, since its settings are."""
    act.project.set("sft", {"base_url": act.project.load_config().sft.base_url})


def pull_model(act: Act) -> None:
    sft_generator.start_pull(act.services, act.project)


ACTIONS = (choose_provider, keep_key, forget_key, ask_models, pull_model)
PART = Part(
    {"samples.helper": helper_html},
    {f"helper.{work.__name__}": work for work in ACTIONS},
    slow=frozenset({"helper.ask_models"}),
)

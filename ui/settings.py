"""Settings of this machine, for all projects. They are the host's; guests do not see them."""

from core import access
from ui.page import html
from ui.page.fields import Field
from ui.page.parts import Act, Answer, Part, good
from ui.page.view import View
from ui.texts import LANGUAGES, text
from utils import config
from utils.errors import AppError

NAMES = ("language", "force_cpu", "guest_addresses", "guest_requests")


def settings_html(view: View) -> str:
    """Language, CPU switch, what guests may do: saved at once. Training settings as start values."""
    if not access.asking().is_host:
        return ""
    t, now = view.t, view.services.settings
    languages = [(t("choice.app_language.auto"), "auto")]
    languages += [(text("app.this_language", name), name) for name in LANGUAGES]

    def field(name: str, words: str) -> Field:
        return Field(
            name, t(f"field.{words}"), t(f"about.{words}") if words != "app_language" else "", action="settings.set"
        )

    body = (
        field("language", "app_language").select(languages, now.language)
        + field("force_cpu", "force_cpu").checkbox(now.force_cpu)
        + field("guest_addresses", "guest_addresses").text("\n".join(now.guest_addresses), lines=2)
        + field("guest_requests", "guest_requests").number(now.guest_requests)
        + (html.button("settings.as_default", t("settings.as_default")) if view.project else "")
    )
    return html.fold("settings", t("settings.title"), body)


def keep(act: Act) -> Answer:
    """Save a machine-wide setting; it holds at once, without a restart. Raises AppError `host_only`."""
    access.require_host()
    if act.of not in NAMES:
        raise AppError("internal", kind="setting")
    config.change_app_settings(**{act.of: act.values.get("value")})
    return good(act, "settings.saved")


def keep_default(act: Act) -> Answer:
    """The project's training settings are those that new projects begin with."""
    access.require_host()
    config.change_app_settings(training=act.project.load_config().training.model_dump())
    return good(act, "settings.default_saved")


PART = Part({"settings": settings_html}, {"settings.set": keep, "settings.as_default": keep_default})

"""Settings of this machine, for all projects. They are the host's; guests do not see them."""

import gradio as gr

from core import access
from core.project_manager import Project
from ui.page import html
from ui.page.frame import QUIET, PageFrame
from ui.texts import LANGUAGES, text
from utils import config
from utils.errors import AppError, readable


def build(frame: PageFrame) -> None:
    """Language, CPU switch, what guests may do: saved at once. Training settings as start values."""
    settings = frame.services.settings
    own_languages = [(text("app.this_language", name), name) for name in LANGUAGES]
    with gr.Accordion(frame.t("settings.title"), open=False, elem_id="settings", visible=False) as panel:
        language = gr.Dropdown(
            [(frame.t("choice.app_language.auto"), "auto"), *own_languages],
            value=settings.language,
            label=frame.t("field.app_language"),
            filterable=False,
        )
        force_cpu = gr.Checkbox(
            settings.force_cpu,
            label=frame.t("field.force_cpu"),
            info=frame.t("about.force_cpu"),
        )
        addresses = gr.Textbox(
            "\n".join(settings.guest_addresses),
            label=frame.t("field.guest_addresses"),
            info=frame.t("about.guest_addresses"),
            lines=2,
            max_lines=6,
        )
        requests = gr.Number(
            settings.guest_requests, label=frame.t("field.guest_requests"), info=frame.t("about.guest_requests")
        )
        as_default = gr.Button(frame.t("settings.as_default"), size="sm")
        notice = gr.HTML()

    frame.live.show(panel, lambda _: gr.update(visible=access.asking().is_host))
    fields = {"language": language, "force_cpu": force_cpu, "guest_addresses": addresses, "guest_requests": requests}

    def keep(*values: object) -> str:
        try:
            keep_settings(frame, **dict(zip(fields, values, strict=True)))
        except (AppError, OSError) as error:
            return frame.error_box(readable(error))
        return html.box("good", frame.t("settings.saved"))

    def keep_default(project: Project, _: object) -> dict[str, str]:
        keep_settings(frame, training=project.load_config().training.model_dump())
        return {"notice": html.box("good", frame.t("settings.default_saved"))}

    events = [language.input, force_cpu.input, addresses.blur, requests.blur]
    gr.on(events, keep, list(fields.values()), [notice], **{**QUIET, "preprocess": False})
    frame.act(as_default.click, keep_default, notice)


def keep_settings(frame: PageFrame, **values: object) -> None:
    """Save machine-wide settings; they hold at once, without a restart. Raises AppError `host_only`."""
    access.require_host()
    config.change_app_settings(**values)

"""Settings of this machine, for all projects."""

import gradio as gr

from core.project_manager import Project
from ui import forms, html
from ui.page_frame import QUIET, PageFrame
from utils import config
from utils.errors import AppError


def build(frame: PageFrame) -> None:
    """Language and CPU switch, saved at once; and this project's training settings as everybody's start values."""
    with gr.Accordion(frame.t("settings.title"), open=False, elem_id="settings"):
        language = gr.Dropdown(
            [(forms.choice_label("app_language", choice, frame.language), choice) for choice in ("auto", "de", "en")],
            value=frame.services.settings.language,
            label=frame.t("field.app_language"),
            filterable=False,
        )
        force_cpu = gr.Checkbox(
            frame.services.settings.force_cpu,
            label=frame.t("field.force_cpu"),
            info=frame.t("about.force_cpu"),
        )
        as_default = gr.Button(frame.t("settings.as_default"), size="sm")
        notice = gr.HTML()

    def keep(language: str, force_cpu: bool) -> str:
        try:
            keep_settings(frame, language=language, force_cpu=force_cpu)
        except AppError as error:
            return frame.error_box(error)
        return html.box("good", frame.t("settings.saved"))

    def keep_default(project: Project, _: object) -> dict[str, str]:
        keep_settings(frame, training=project.load_config().training.model_dump())
        return {"notice": html.box("good", frame.t("settings.default_saved"))}

    gr.on([language.input, force_cpu.input], keep, [language, force_cpu], [notice], **{**QUIET, "preprocess": False})
    frame.act(as_default.click, keep_default, notice)


def keep_settings(frame: PageFrame, **values: object) -> None:
    """Save machine-wide settings; they hold at once, without a restart."""
    frame.services.settings = config.change_app_settings(**values)

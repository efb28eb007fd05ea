"""A field for files, which Gradio brings from the browser to this machine: the one widget of its own on the page."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr

from core.jobs.services import Services
from core.project_manager import Project
from ui.page import html
from ui.page.parts import Act, reason
from ui.texts import error_text

Take = Callable[[Services, Project, list[Path]], object]


def upload(
    services: Services, language: str, name: str, label: str, button: str, take: Take, *, several: bool
) -> None:
    """The field and its button, which hands the uploaded files to `take`; why it could not stands below.

    Every type is taken: Gradio would refuse the others in English, `take` says it in both languages.
    """

    def send(files: list[str] | str | None, project: str) -> tuple[None, str] | tuple[object, str]:
        paths = [Path(path) for path in ([files] if isinstance(files, str) else files or [])]
        try:
            take(services, Act(services, language, project, {}).project, paths)
        except Exception as error:  # noqa: BLE001 - as any other action, see `parts.done`
            why = reason(error)
            return gr.skip(), html.box("bad", *error_text(why.code, language, why.params))
        return None, ""

    files = gr.File(
        file_count="multiple" if several else "single", label=label, height=130, buttons=[], elem_id=f"{name}-files"
    )
    project = gr.Textbox(visible=False)
    start = gr.Button(button, variant="primary", elem_id=name)
    refused = gr.HTML()
    start.click(
        send,
        [files, project],
        [files, refused],
        js="(files, project) => [files, look.project]",
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )

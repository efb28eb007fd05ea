"""Samples from elsewhere, and samples to take along. Knows the widgets and what may be downloaded."""

from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from core import sft_generator
from core.jobs.kinds import of_step
from core.project_manager import Project
from core.sft_generator import EXPORTS, export_samples
from ui.page import downloads, html
from ui.page.downloads import Download
from ui.page.frame import Answer, PageFrame
from ui.page.view import View
from ui.samples.sample_list import has_samples, refusal
from ui.texts import KEYS
from utils.errors import AppError

PATH = "/download/samples"
BAD_LINES_SHOWN = 20


def build(frame: PageFrame) -> None:
    """Both directions, side by side."""
    t = frame.t
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, elem_id="import"):
            gr.HTML(html.muted(t("exchange.import_about")))
            # Every type is taken: Gradio would refuse the others in English, the import says it in both languages.
            file = gr.File(label=t("exchange.file"), height=120, buttons=[])
            start = gr.Button(t("exchange.import"), size="sm", min_width=140, elem_id="import-samples")
            why_not, imported = gr.HTML(), gr.HTML()
            frame.live.show(gr.HTML(), result_html)
        with gr.Column(min_width=280, elem_id="export-samples"):
            gr.HTML(html.muted(t("exchange.export_about")))
            kind = gr.Dropdown(
                [(t(f"exchange.kind.{name}"), name) for name in EXPORTS],
                value=next(iter(EXPORTS)),
                label=t("exchange.kind"),
                filterable=False,
                elem_id="export-kind",
            )
            export = gr.Button(t("exchange.export"), size="sm", min_width=140, elem_id="start-export")
            exported = gr.HTML()

    def bring_in(project: Project, values: dict[str, Any]) -> Answer:
        if not values["file"]:
            raise AppError("no_import_file")
        path = Path(values["file"])
        sft_generator.start_import(frame.services, project, path, path.name)
        return {"file": None}

    frame.allow(start, why_not, blocked)
    frame.act(start.click, bring_in, imported, {"file": file}, {"file": file}, preprocess=True)
    frame.live.show(export, lambda view: gr.update(interactive=has_samples(view)))
    downloads.offer(frame, export, partial(write_export, frame), exported, {"kind": kind})


def blocked(view: View) -> str:
    """Why no samples can be brought in now; empty if they can."""
    if view.project is None:
        return view.t("blocked.no_project")
    return view.t("blocked.samples_running") if view.active(of_step("samples")) else refusal(view)


def result_html(view: View) -> str:
    """What came of the newest import, with the lines that hold no sample and why."""
    result = view.result("import")
    if not result:
        return ""
    counts = view.t("exchange.imported", count=result["imported"])
    if result["duplicates"]:
        counts += " " + view.t("exchange.duplicates", count=result["duplicates"])
    tone = "good" if result["imported"] and not result["bad"] else "warn"
    found = html.box(tone, counts, view.t("exchange.bad", count=result["bad"]) if result["bad"] else "")
    shown = result["bad_lines"][:BAD_LINES_SHOWN]
    lines = "".join(f"<li>{escape(bad_line_words(view, line, reason))}</li>" for line, reason in shown)
    more = result["bad"] - len(shown)
    rest = f"<li>{escape(view.t('exchange.more_bad', count=more))}</li>" if more > 0 else ""
    return f'{found}<ul class="facts bad-lines">{lines}{rest}</ul>' if lines else found


def bad_line_words(view: View, line: int, reason: str) -> str:
    return view.t("exchange.bad_line", line=line, reason=view.t(reason) if reason in KEYS else reason)


def write_export(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Writes the samples in the chosen form."""
    kind = values["kind"] if values["kind"] in EXPORTS else next(iter(EXPORTS))

    def write() -> tuple[Path, str]:
        file = export_file(project, kind)
        return file, frame.t("exchange.exported", count=export_samples(project, kind, file))

    return downloads.take_along(frame, write, download_address(project, kind))


def export_file(project: Project, kind: str) -> Path:
    """Where a project's samples are written for others; the next export of this kind replaces it."""
    return project.samples_file.with_name(f"sft_export_{kind}.{EXPORTS[kind].suffix}")


def download_address(project: Project, kind: str) -> str:
    return downloads.address_of(PATH, project.name, kind=kind)


def samples_of(project: Project, asked: Mapping[str, str]) -> Download | None:
    """A project's exported samples of the kind that is asked for; None where there is no such kind."""
    kind = asked.get("kind", "")
    if kind not in EXPORTS:
        return None
    file = export_file(project, kind)
    return Download(file, f"{project.name}-{kind}{file.suffix}")

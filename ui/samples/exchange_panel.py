"""Samples from elsewhere, and samples to take along. Knows what may be downloaded."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

from core import sft_generator
from core.project_manager import Project
from core.sft_generator import EXPORTS, export_samples
from ui.page import downloads, html
from ui.page.downloads import Download
from ui.page.parts import Act, Answer, Part
from ui.page.view import View
from ui.samples.sample_list import has_samples
from ui.texts import optional_text, text
from utils.errors import AppError

PATH = "/download/samples"
BAD_LINES_SHOWN = 20


def layout_html(language: str) -> str:
    """Both directions, folded, side by side."""
    start = html.button("samples.import", text("exchange.import", language), tone="primary", key="import-samples")
    upload = html.upload("import-samples", text("exchange.file", language), start)
    bring = f'<div id="import">{html.muted(text("exchange.import_about", language))}{upload}'
    columns = html.columns(f"{bring}{html.place('samples.imported')}</div>", html.place("samples.export"))
    return html.fold("exchange", text("exchange.title", language), columns)


def bring_in(act: Act) -> None:
    """Raises AppError `no_import_file`."""
    file = next(iter(act.uploads), None)
    if file is None:
        raise AppError("no_import_file")
    sft_generator.start_import(act.services, act.project, file, file.name)


def export_html(view: View) -> str:
    """A button for each form of the file."""
    if not has_samples(view):
        return html.muted(view.t("samples.none"))
    kinds = ((name, view.t(f"exchange.kind.{name}")) for name in EXPORTS)
    buttons = "".join(html.small_button("samples.export", name, words) for name, words in kinds)
    return f'{html.muted(view.t("exchange.export_about"))}<div class="buttons">{buttons}</div>'


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
    lines = [
        view.t("exchange.bad_line", line=line, reason=optional_text(reason, view.language, reason))
        for line, reason in shown
    ]
    if (more := result["bad"] - len(shown)) > 0:
        lines.append(view.t("exchange.more_bad", count=more))
    return f'{found}<ul class="facts bad-lines">{"".join(f"<li>{escape(words)}</li>" for words in lines)}</ul>'


def write_export(act: Act) -> Answer:
    """Writes the samples in the chosen form."""
    project, kind = act.project, act.of if act.of in EXPORTS else next(iter(EXPORTS))

    def write() -> tuple[Path, str]:
        file = export_file(project, kind)
        return file, act.t("exchange.exported", count=export_samples(project, kind, file))

    return downloads.take_along(act, write, downloads.address_of(PATH, project.name, kind=kind))


def export_file(project: Project, kind: str) -> Path:
    """Where a project's samples are written for others; the next export of this kind replaces it."""
    return project.samples_file.with_name(f"sft_export_{kind}.{EXPORTS[kind].suffix}")


def samples_of(project: Project, asked: Mapping[str, str]) -> Download | None:
    """A project's exported samples of the kind that is asked for; None where there is no such kind."""
    if (kind := asked.get("kind", "")) not in EXPORTS:
        return None
    file = export_file(project, kind)
    return Download(file, f"{project.name}-{kind}{file.suffix}")


PART = Part(
    {"samples.imported": result_html, "samples.export": export_html},
    {"samples.import": bring_in, "samples.export": write_export},
)

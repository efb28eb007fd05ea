"""What a training will need beside what is free; and afterwards, how far that was off. Only renders."""

from html import escape
from pathlib import Path
from typing import Any

from core.jobs import ACTIVE
from core.project_manager import Project
from core.runs import latest_run
from core.training import memory_log, memory_outlook, row_lengths
from core.training.memory_outlook import Outlook
from ui import html
from ui.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.view import View, file_stamp

TONES = {"green": "good", "amber": "warn", "red": "bad", "unknown": "info"}
SIGNS = {"green": "✓", "amber": "!", "red": "✗", "unknown": "?"}
WAYS_SHOWN = 3
NOTICEABLE = 0.01
OUTLOOKS = Remembered(16)
LONGEST = Remembered(16)


def memory_html(view: View) -> str:
    """The estimate for the settings as they are saved, or of the run that is under way, and the last run's error."""
    job = view.job(["train"])
    if job and job.state in ACTIVE:
        return running_html(view)
    found = current(view)
    return (outlook_html(view, found) if found else "") + after_html(view)


def current(view: View) -> Outlook | None:
    """What core expects; None where there is no model on this machine, or one that it cannot tell."""
    project, settings = view.project, view.config
    folder = view.base_folder
    if project is None or settings is None or folder is None:
        return None
    training = settings.training
    tokens = longest_tokens(project, folder, training.max_length)
    learned = file_stamp(memory_log.log_file())
    model = (str(folder), file_stamp(folder / "config.json"))
    key = (
        *model,
        str(project.samples_file),
        tokens,
        training.model_dump_json(),
        learned,
        moment(FREE_LASTS_SECONDS),
    )
    return OUTLOOKS.get(
        key,
        lambda: memory_outlook.outlook(folder, project.samples_file, training, view.services.hardware(), tokens),
    )


def longest_tokens(project: Project, folder: Path, max_length: int) -> int:
    """The tokens of the longest row to train on; for that all samples are read once."""
    file = project.samples_file
    key = (str(folder), file_stamp(folder / "config.json"), str(file), file_stamp(file), max_length)
    return LONGEST.get(key, lambda: row_lengths.longest_tokens(file, folder, max_length))


def outlook_html(view: View, found: Outlook) -> str:
    """A light in colour, sign and words, both figures, and what to change where it is red or tight."""
    light = found.light
    free = view.t("memory.unknown_free") if found.free_gib is None else view.t("memory.gib", gib=found.free_gib)
    figures = (
        (view.t("memory.needed"), view.t("memory.gib", gib=found.estimate.total_gib)),
        (view.t("memory.free"), free),
    )
    ways = ways_words(view, found) if light in ("red", "amber") else ""
    title = f"<h4>{escape(view.t('memory.title'))}</h4>"
    verdict = html.box(TONES[light], f"{SIGNS[light]} {view.t(f'memory.{light}')}", ways)
    return f"{title}{html.tiles(figures)}{verdict}{html.muted(basis_words(view, found))}"


def ways_words(view: View, found: Outlook) -> str:
    """What would save most, with what it saves."""
    ways = [
        view.t(f"memory.way.{way.name}", gib=way.saved_gib, value=way.value)
        for way in found.savings[:WAYS_SHOWN]
        if way.saved_gib >= NOTICEABLE * found.estimate.total_gib
    ]
    return view.t("memory.ways", ways="; ".join(ways)) if ways else ""


def basis_words(view: View, found: Outlook) -> str:
    percent = round(100 * (found.estimate.correction - 1))
    if percent:
        return view.t("memory.basis_corrected", tokens=found.longest_tokens, percent=percent)
    return view.t("memory.basis", tokens=found.longest_tokens)


def running_html(view: View) -> str:
    """While a training holds the memory itself, what is free says nothing about it."""
    run = latest_run(view.project, "train") if view.project else None
    expected = run.request.get("memory") if run else None
    return html.muted(view.t("memory.running", gib=expected["estimated_gib"])) if expected else ""


def after_html(view: View) -> str:
    """How far the newest finished training's estimate was off."""
    result: dict[str, Any] = view.result("train") or {}
    memory = result.get("memory") or {}
    if not {"estimated_gib", "needed_gib"} <= memory.keys():
        return ""
    estimated, needed = memory["estimated_gib"], memory["needed_gib"]
    percent = round(100 * (estimated / needed - 1))
    return html.muted(view.t("memory.after", estimated=estimated, needed=needed, percent=percent))

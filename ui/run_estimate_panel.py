"""What a training will need, memory and time; and afterwards, how far that was off. Only renders."""

from html import escape
from typing import Any

from core.jobs import ACTIVE
from core.runs import latest_run
from core.training import row_lengths, run_estimate, run_log
from core.training.run_estimate import RunEstimate
from core.training.run_time import TimeEstimate
from ui import html
from ui.figures import rounded
from ui.job_panel import duration
from ui.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.view import View, file_stamp

TONES = {"green": "good", "amber": "warn", "red": "bad", "unknown": "info"}
SIGNS = {"green": "✓", "amber": "!", "red": "✗", "unknown": "?"}
SAVINGS_SHOWN = 3
NOTICEABLE = 0.01
ROWS = Remembered(16)
ESTIMATES = Remembered(16)


def current(view: View) -> RunEstimate | None:
    """What core expects; None where there is no model on this machine, or one that it cannot tell."""
    project, settings = view.project, view.config
    folder = view.base_folder
    if project is None or settings is None or folder is None:
        return None
    file, training = project.samples_file, settings.training
    model = (str(folder), file_stamp(folder / "config.json"))
    read = (*model, str(file), file_stamp(file), training.held_out_share, training.seed, training.max_length)
    rows = ROWS.get(read, lambda: row_lengths.read_rows(file, folder, training))
    key = (read, training.model_dump_json(), file_stamp(run_log.log_file()), moment(FREE_LASTS_SECONDS))
    return ESTIMATES.get(key, lambda: run_estimate.estimate(folder, training, view.services.hardware(), rows))


def memory_html(view: View) -> str:
    """The estimate for the settings as they are saved, or of the run that is under way, and the last run's error."""
    job = view.job(["train"])
    if job and job.state in ACTIVE:
        # While a training holds the memory itself, what is free says nothing about it.
        expected = frozen(view, "memory")
        return html.muted(view.t("memory.running", gib=expected["estimated_gib"])) if expected else ""
    found = current(view)
    return (memory_estimate_html(view, found) if found else "") + memory_after_html(view)


def memory_estimate_html(view: View, found: RunEstimate) -> str:
    """A light in colour, sign and words, both figures, and what to change where it is red or tight."""
    needed = found.memory
    free = view.t("memory.unknown_free") if needed.free_gib is None else view.t("memory.gib", gib=needed.free_gib)
    figures = (
        (view.t("memory.needed"), view.t("memory.gib", gib=needed.total_gib)),
        (view.t("memory.free"), free),
    )
    ways = savings_words(view, found) if needed.light in ("red", "amber") else ""
    title = f"<h4>{escape(view.t('memory.title'))}</h4>"
    verdict = html.box(TONES[needed.light], f"{SIGNS[needed.light]} {view.t(f'memory.{needed.light}')}", ways)
    percent = round(100 * (needed.correction - 1))
    basis = view.t(
        "memory.basis_corrected" if percent else "memory.basis", tokens=found.longest_tokens, percent=percent
    )
    return f"{title}{html.tiles(figures)}{verdict}{html.muted(basis)}"


def savings_words(view: View, found: RunEstimate) -> str:
    """What would save most, with what it saves."""
    ways = [
        view.t(f"memory.way.{saving.name}", gib=saving.saved_gib, value=saving.value)
        for saving in found.savings[:SAVINGS_SHOWN]
        if saving.saved_gib >= NOTICEABLE * found.memory.total_gib
    ]
    return view.t("memory.ways", ways="; ".join(ways)) if ways else ""


def memory_after_html(view: View) -> str:
    """How far the newest finished training's estimate was off."""
    memory = (view.result("train") or {}).get("memory") or {}
    if not {"estimated_gib", "needed_gib"} <= memory.keys():
        return ""
    estimated, needed = memory["estimated_gib"], memory["needed_gib"]
    percent = round(100 * (estimated / needed - 1))
    return html.muted(view.t("memory.after", estimated=estimated, needed=needed, percent=percent))


def run_time_html(view: View) -> str:
    """The estimate for the settings as they are saved, or of the run that is under way, and the last run's error."""
    job = view.job(["train"])
    if job and job.state in ACTIVE:
        expected = frozen(view, "time")
        about = expected.get("about_seconds")
        return html.muted(view.t("run_time.running", duration=about_words(view, about))) if about else ""
    found = current(view)
    return (time_estimate_html(view, found.time) if found and found.time else "") + time_after_html(view)


def time_estimate_html(view: View, found: TimeEstimate) -> str:
    """The figure, and what it rests on."""
    about = view.t("run_time.about", duration=about_words(view, found.seconds))
    basis = view.t("run_time.learned" if found.runs_known else "run_time.measured", runs=found.runs_known)
    title = f"<h4>{escape(view.t('run_time.title'))}</h4>"
    return f"{title}{html.tiles(((view.t('run_time.duration'), about),))}{html.muted(basis)}"


def time_after_html(view: View) -> str:
    """What the newest finished training took, and how much of that it computed."""
    taken = (view.result("train") or {}).get("time") or {}
    if "about_seconds" not in taken:
        return ""
    return html.muted(
        view.t(
            "run_time.after",
            estimated=about_words(view, taken["about_seconds"]),
            computed=duration(view, taken["computed_seconds"]),
            taken=duration(view, taken["seconds"]),
        )
    )


def about_words(view: View, seconds: float) -> str:
    """A length of time, no more exact than it is known."""
    return duration(view, rounded(seconds))


def frozen(view: View, name: str) -> dict[str, Any]:
    """An estimate as the newest training was started with it; empty where it had none."""
    run = latest_run(view.project, "train") if view.project else None
    return (run.request.get(name) if run else None) or {}

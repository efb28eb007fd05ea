"""What a training will need, memory and time. Only renders."""

from html import escape

from core import trainer
from core.trainer import RunEstimate
from ui.page import html
from ui.page.figures import LIGHT_SIGNS, LIGHT_TONES, rounded
from ui.page.job_panel import duration
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.page.view import View

ROWS = Remembered(16)
ESTIMATES = Remembered(16)


def current(view: View) -> RunEstimate | None:
    """What core expects; None where there is no model on this machine, or one that it cannot tell."""
    project, settings = view.project, view.config
    folder = view.base_folder
    if project is None or settings is None or folder is None:
        return None
    training = settings.training
    read = (view.training_data, training.held_out_share, training.seed, training.max_length)
    rows = ROWS.get(read, lambda: trainer.read_rows(project.samples_file, folder, training))
    key = (read, training.model_dump_json(), moment(FREE_LASTS_SECONDS))
    return ESTIMATES.get(key, lambda: trainer.estimate(folder, training, view.services.hardware(), rows))


def estimate_html(view: View) -> str:
    """The estimate for the settings as they are saved; while a training holds the memory itself, there is none."""
    found = None if view.active(["train"]) else current(view)
    return needed_html(view, found) if found else ""


def needed_html(view: View, found: RunEstimate) -> str:
    """The figures, a light in colour, sign and words, and the basis."""
    needed, time = found.memory, found.time
    free = view.t("memory.unknown_free") if needed.free_gib is None else view.t("memory.gib", gib=needed.free_gib)
    figures = [
        (view.t("memory.needed"), view.t("memory.gib", gib=needed.total_gib)),
        (view.t("memory.free"), free),
    ]
    percent = round(100 * (needed.correction - 1))
    key = "memory.basis_corrected" if percent else "memory.basis"
    basis = html.muted(view.t(key, tokens=found.longest_tokens, percent=percent))
    if time:
        about = view.t("run_time.about", duration=about_words(view, time.seconds))
        figures.append((view.t("run_time.duration"), about))
        basis += html.muted(
            view.t("run_time.learned" if time.runs_known else "run_time.measured", runs=time.runs_known)
        )
    title = f"<h4>{escape(view.t('memory.title'))}</h4>"
    verdict = html.box(LIGHT_TONES[needed.light], f"{LIGHT_SIGNS[needed.light]} {view.t(f'memory.{needed.light}')}")
    return f"{title}{html.tiles(figures)}{verdict}{basis}"


def about_words(view: View, seconds: float) -> str:
    """A length of time, no more exact than it is known."""
    return duration(view, rounded(seconds))

"""What a training will need, memory and time, and what that figure rests on. Only renders."""

from core import trainer
from core.trainer import RunEstimate
from ui.page import html
from ui.page.figures import about_words
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.page.view import View

ROWS = Remembered(16)
ESTIMATES = Remembered(16)


def current(view: View) -> RunEstimate | None:
    """What core expects; None where there is no model on this machine, or one that it cannot tell, and while a
    training holds the memory itself."""
    project, settings = view.project, view.config
    folder = view.base_folder
    if project is None or settings is None or folder is None or view.active(["train"]):
        return None
    training = settings.training
    read = (view.training_data, training.held_out_share, training.seed, training.max_length)
    rows = ROWS.get(read, lambda: trainer.read_rows(project.samples_file, folder, training))
    key = (read, training.model_dump_json(), moment(FREE_LASTS_SECONDS))
    return ESTIMATES.get(key, lambda: trainer.estimate(folder, training, view.hardware, rows))


def time_words(view: View, found: RunEstimate | None) -> str:
    """How long it will take, no more exact than it is known; empty where nothing is."""
    if found is None or found.time is None:
        return ""
    return about_words(found.time.seconds, found.time.runs_known, view.language)


def basis_html(view: View, found: RunEstimate | None) -> str:
    """What memory and time were computed with, and how sure the time is."""
    if found is None:
        return ""
    percent = round(100 * (found.memory.correction - 1))
    key = "memory.basis_corrected" if percent else "memory.basis"
    basis = html.muted(view.t(key, tokens=found.longest_tokens, percent=percent))
    if found.time:
        key = "run_time.learned" if found.time.runs_known else "run_time.measured"
        basis += html.muted(view.t(key, runs=found.time.runs_known))
    return basis

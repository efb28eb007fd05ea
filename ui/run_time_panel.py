"""How long a training will take, and afterwards, how far that was off. Only renders."""

from html import escape

from core.jobs import ACTIVE
from core.runs import latest_run
from core.training import row_lengths, run_time, speed_log
from core.training.run_time import TimeEstimate
from core.training.speed_log import Range
from ui import html
from ui.remembered import MACHINE_LASTS_SECONDS, Remembered, moment
from ui.view import View, file_stamp

UNITS = (("seconds", 1, 90), ("minutes", 60, 90), ("hours", 3600, 48), ("days", 86400, float("inf")))
"""(name, seconds, up to how many of them it is used)"""
DATA = Remembered(16)
ESTIMATES = Remembered(16)


def run_time_html(view: View) -> str:
    """The range for the settings as they are saved, or of the run that is under way, and the last run's error."""
    job = view.job(["train"])
    if job and job.state in ACTIVE:
        return running_html(view)
    found = current(view)
    return (estimate_html(view, found) if found else "") + after_html(view)


def current(view: View) -> TimeEstimate | None:
    """What core expects; None where there is no model on this machine, or nothing to learn from."""
    project, settings = view.project, view.config
    folder = view.base_folder
    if project is None or settings is None or folder is None:
        return None
    file, training = project.samples_file, settings.training
    model = (str(folder), file_stamp(folder / "config.json"))
    read = (str(file), file_stamp(file), *model, training.held_out_share, training.seed)
    data = DATA.get(read, lambda: row_lengths.read_data(file, folder, training.held_out_share, training.seed))
    if data is None:
        return None
    learned = file_stamp(speed_log.log_file())
    key = (read, training.model_dump_json(), learned, moment(MACHINE_LASTS_SECONDS))
    return ESTIMATES.get(key, lambda: run_time.outlook(folder, file, training, view.services.hardware(), data))


def estimate_html(view: View, found: TimeEstimate) -> str:
    """The range, and what it rests on."""
    figures = ((view.t("run_time.duration"), duration_words(view, found.seconds)),)
    basis = view.t("run_time.learned", runs=found.runs_known) if found.runs_known else view.t("run_time.prior")
    title = f"<h4>{escape(view.t('run_time.title'))}</h4>"
    return f"{title}{html.tiles(figures)}{html.muted(basis)}"


def running_html(view: View) -> str:
    run = latest_run(view.project, "train") if view.project else None
    expected = run.request.get("time") if run else None
    if not expected:
        return ""
    return html.muted(view.t("run_time.running", duration=duration_words(view, Range(*expected["seconds"]))))


def after_html(view: View) -> str:
    """Whether the newest finished training took what was estimated."""
    taken = (view.result("train") or {}).get("time")
    if not taken:
        return ""
    estimated, seconds = Range(*taken["estimated_seconds"]), taken["seconds"]
    words = {"estimated": duration_words(view, estimated), "taken": amount(view, seconds)}
    if seconds in estimated:
        return html.muted(view.t("run_time.within", **words))
    if seconds < estimated.low:
        return html.muted(view.t("run_time.shorter", **words, percent=100 * (1 - seconds / estimated.low)))
    return html.muted(view.t("run_time.longer", **words, percent=100 * (seconds / estimated.high - 1)))


def duration_words(view: View, seconds: Range) -> str:
    """`4 min to 20 min`, no more exact than it is."""
    return view.t("run_time.range", low=amount(view, seconds.low), high=amount(view, seconds.high))


def amount(view: View, seconds: float) -> str:
    """A length of time in its one unit."""
    name, size = next((name, size) for name, size, most in UNITS if seconds < most * size)
    return view.t(f"run_time.{name}", amount=seconds / size)

"""What moves while work runs: bars, figures, log and curve of the jobs, as data that scripts of the page draw.

Nothing of it changes what the page consists of (see `View.stamp`), so it is made once for all who look.
"""

from statistics import fmean
from typing import Any

from core import trainer
from core.jobs.job import ACTIVE, JobSnapshot, JobState
from ui.page.figures import duration_words, rounded
from ui.page.remembered import Remembered
from ui.page.view import View
from utils.errors import Message

LOG_LINES_SHOWN = 200
POINTS_SHOWN = 400
SMOOTHED_POINTS = 10  # one short batch says little about loss and pace
SMALLEST_RATE = 1e-6
ANNOUNCED_PERCENT = 25  # a screen reader is told each quarter, not each step
UNKNOWN = "–"
STEADY, CURVES = Remembered(16), Remembered(4)  # of jobs at work: made once for all who look at one


def moving(view: View, lines: int = LOG_LINES_SHOWN) -> dict[str, Any]:
    """The jobs of the project, of others only how far they are; and the curve of the training that runs. Of logs the
    last `lines`."""
    mine = {job.id for job in view.jobs}
    jobs = {
        job.id: job_data(view, job, lines) if job.id in mine else bar_data(view, job)
        for job in view.all_jobs
        if job.id in mine or job.state in ACTIVE
    }
    job = view.active(["train"])
    curve = CURVES.get((job.id, job.version, view.language), lambda: curve_data(view)) if job else None
    return {"jobs": jobs, "curve": curve}


def bar_data(view: View, job: JobSnapshot) -> dict[str, Any]:
    """How far a job is; nothing of what it does."""
    if job.fraction is None:
        return {"state": job.state}
    percent = round(job.fraction * 100, 1)
    return {
        "state": job.state,
        "percent": percent,
        "percent_words": view.t("job.percent", percent=round(percent)),
    }


def job_data(view: View, job: JobSnapshot, lines: int) -> dict[str, Any]:
    """All that moves of a job: `figures` are those of a training, `ended` is said where nobody looks."""
    name = view.message(Message(f"job.kind.{job.kind}", {}))  # a later version may know other kinds
    found = {**bar_data(view, job), "words": figures(view, job), "doing": ""}
    if job.state not in ACTIVE:
        return {**found, "ended": f"{name}: {view.t(f'job.state.{job.state}')}"}
    key = (job.id, job.version, view.language, lines)
    return found | STEADY.get(key, lambda: steady_data(view, job, name, lines))


def steady_data(view: View, job: JobSnapshot, name: str, lines: int) -> dict[str, Any]:
    """What stays the same until the job at work changes, unlike its clock."""
    first = max(0, len(job.log) - lines)
    log = [(first + number, view.message(line)) for number, line in enumerate(job.log[first:], 1)]
    found: dict[str, Any] = {"doing": view.message(job.message) if job.message else "", "log": log}
    if job.fraction is not None:
        quarter = int(job.fraction * 100) // ANNOUNCED_PERCENT * ANNOUNCED_PERCENT
        found["announce"] = f"{name}: {view.t('job.percent', percent=quarter)}"
    if job.kind == "train":
        found["figures"] = training_figures(view)
        found["sentence"] = sentence(view, job.state, job.message)
    return found


def sentence(view: View, state: JobState, message: Message | None = None) -> str:
    """What the newest training does and how it goes, as anybody understands it; `message` is what it says itself."""
    how = trainer.trend(view.metrics)
    if state == JobState.DONE:
        return view.t(f"trained.{how.key.removeprefix('trend.')}", **how.params)
    if state != JobState.RUNNING or message is None:
        return view.t(f"training.state.{state}")
    if message.key != "training.epoch":  # it loads, or tests
        return view.message(message)
    return view.t("training.learning", **message.params, how=view.message(how))


def figures(view: View, job: JobSnapshot) -> str:
    """`62 % · 42/100 · 3.1/s · 2 min left`, as far as it is known."""
    found = []
    if job.fraction is not None and job.state != JobState.DONE:
        found.append(view.t("job.percent", percent=round(job.fraction * 100)))
    if job.total and job.total > 1:
        found.append(view.t("job.count", done=round(job.done), total=round(job.total)))
    if job.rate and job.total and job.total > 1 and job.state == JobState.RUNNING:
        found.append(view.t("job.rate", rate=job.rate) if job.rate >= 1 else view.t("job.pace", pace=1 / job.rate))
    if job.eta_seconds is not None and job.state == JobState.RUNNING:
        found.append(view.t("job.left", time=duration_words(job.eta_seconds, view.language)))
    if job.seconds >= 1:
        found.append(view.t("job.elapsed", time=duration_words(job.seconds, view.language)))
    return " · ".join(found)


def training_figures(view: View) -> dict[str, str]:
    """Loss now and at best, how far, how fast, how much memory, how long so far and how long still, in words."""
    job = view.job(["train"])
    working = job is not None and job.state in ACTIVE
    seconds = latest(view, "seconds")  # of computing: pauses do not count, and a new app knows them too
    left = job.eta_seconds if job and working else None
    checks = values(view, "eval_loss")
    return {
        "loss_now": shown(view, "loss", loss=recent(view, "loss")),
        "loss_best": shown(view, "loss", loss=min(checks, default=None)),
        "time_label": duration_words(seconds, view.language) if seconds else UNKNOWN,
        "left": duration_words(left, view.language) if left is not None else UNKNOWN,
        "epoch_label": shown(view, "epoch_reached", epoch=latest(view, "epoch")),
        "rate_label": rate_words(view, latest(view, "learning_rate")),
        "pace_label": shown(view, "tokens_per_second", tokens=recent(view, "tokens_per_second")),
        "memory_label": shown(view, "memory_now", gib=latest(view, "memory_gib") if working else None),
    }


def curve_data(view: View) -> dict[str, Any]:
    """The loss over the steps as `draw_curve` of the page takes it."""
    names = ("loss", "eval_loss")
    lines = [
        {"name": view.t(f"training.line_{name}"), "points": thinned(trainer.curve(view.metrics, name))}
        for name in names
    ]
    return {**curve_words(view, "training.loss_title"), "lines": lines}


def curve_words(view: View, title: str) -> dict[str, str]:
    """What a curve over steps is labelled with; `title` is the key of what it shows."""
    keys = {"x": "training.steps", "y": title, "larger": "training.curve_larger", "whole": "training.curve_whole"}
    return {name: view.t(key) for name, key in keys.items()}


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most POINTS_SHOWN points, each the mean of its neighbours; values as exact as a picture can be."""
    step = -(-len(points) // POINTS_SHOWN) or 1
    groups = (points[start : start + step] for start in range(0, len(points), step))
    return [(group[-1][0], float(f"{fmean(y for _, y in group):.5g}")) for group in groups]


def values(view: View, name: str) -> list[float]:
    """A figure at all points of the newest training that have it."""
    return [point[name] for point in view.metrics if name in point]


def latest(view: View, name: str) -> float | None:
    return next((point[name] for point in reversed(view.metrics) if name in point), None)


def recent(view: View, name: str) -> float | None:
    """A figure over the last steps."""
    measured = values(view, name)[-SMOOTHED_POINTS:]
    return fmean(measured) if measured else None


def rate_words(view: View, rate: float | None) -> str:
    """Written out, as the settings are: 0.00007 and not 7e-05. A schedule ends just above zero."""
    if rate is not None and 0 < rate < SMALLEST_RATE:
        return view.t("training.rate_zero")
    return shown(view, "rate_now", rate=rate and rounded(rate))


def shown(view: View, key: str, **figure: float | None) -> str:
    """A figure in words, or a dash where it is not known."""
    return UNKNOWN if None in figure.values() else view.t(f"training.{key}", **figure)

"""A training while it runs, and the newest one after it: its figures and the curve of its loss. Only renders."""

from statistics import fmean

from core.jobs import ACTIVE
from ui import html
from ui.figures import rounded
from ui.job_panel import duration
from ui.plot import line_plot
from ui.view import View

UNKNOWN = "–"
SMALLEST_RATE = 1e-6
SMOOTHED_POINTS = 10  # one short batch says little about the pace


def figures_html(view: View) -> str:
    """Loss now and at best, how far, how fast, how much memory, how long so far and how long still."""
    job = view.job(["train"])
    seconds = latest(view, "seconds")  # of computing: pauses do not count, and a new app knows them too
    left = job.eta_seconds if job and job.state in ACTIVE else None
    held = latest(view, "memory_gib") if job and job.state in ACTIVE else None
    checks = values(view, "eval_loss")
    figures = {
        "loss_now": shown(view, "loss", loss=latest(view, "loss")),
        "loss_best": shown(view, "loss", loss=min(checks, default=None)),
        "time_label": duration(view, seconds) if seconds else UNKNOWN,
        "left": duration(view, left) if left is not None else UNKNOWN,
        "epoch_label": shown(view, "epoch_reached", epoch=latest(view, "epoch")),
        "rate_label": rate_words(view, latest(view, "learning_rate")),
        "pace_label": shown(view, "tokens_per_second", tokens=pace(view)),
        "memory_label": shown(view, "memory_now", gib=held),
    }
    return html.tiles((view.t(f"training.{name}"), figure) for name, figure in figures.items())


def loss_html(view: View) -> str:
    """The loss over the steps: falling means that the model learns."""
    points = view.metrics
    lines = [
        (view.t(f"training.line_{name}"), [(point["step"], point[name]) for point in points if name in point])
        for name in ("loss", "eval_loss")
    ]
    plot = line_plot(lines, view.t("training.steps"), view.t("training.loss_title"))
    return plot or html.muted(view.t("training.no_plot"))


def values(view: View, name: str) -> list[float]:
    """A figure at all points of the newest training that have it."""
    return [point[name] for point in view.metrics if name in point]


def latest(view: View, name: str) -> float | None:
    return next((point[name] for point in reversed(view.metrics) if name in point), None)


def pace(view: View) -> float | None:
    """Tokens per second over the last steps."""
    measured = values(view, "tokens_per_second")[-SMOOTHED_POINTS:]
    return fmean(measured) if measured else None


def rate_words(view: View, rate: float | None) -> str:
    """Written out, as the settings are: 0.00007 and not 7e-05. A schedule ends just above zero."""
    if rate is not None and 0 < rate < SMALLEST_RATE:
        return view.t("training.rate_zero")
    return shown(view, "rate_now", rate=rate and rounded(rate))


def shown(view: View, key: str, **figure: float | None) -> str:
    """A figure in words, or a dash where it is not known."""
    return UNKNOWN if None in figure.values() else view.t(f"training.{key}", **figure)

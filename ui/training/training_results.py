"""How a training looks while it runs, and what came of it: comparison, export, answer. Only renders."""

from html import escape
from pathlib import PurePath
from statistics import fmean
from typing import Any

from core import access, trainer
from core.jobs.job import ACTIVE, JobState
from ui.page import html
from ui.page.figures import duration_words, rounded, size_words
from ui.page.plot import line_plot
from ui.page.view import View

UNKNOWN = "–"
SMALLEST_RATE = 1e-6
SMOOTHED_POINTS = 10  # one short batch says little about the pace
VERDICT_TONES = {"better": "good", "no_better": "warn", "worse": "bad", "too_few": "info"}


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
        "time_label": duration_words(seconds, view.language) if seconds else UNKNOWN,
        "left": duration_words(left, view.language) if left is not None else UNKNOWN,
        "epoch_label": shown(view, "epoch_reached", epoch=latest(view, "epoch")),
        "rate_label": rate_words(view, latest(view, "learning_rate")),
        "pace_label": shown(view, "tokens_per_second", tokens=pace(view)),
        "memory_label": shown(view, "memory_now", gib=held),
    }
    return html.tiles((view.t(f"training.{name}"), figure) for name, figure in figures.items())


def loss_html(view: View) -> str:
    """The loss over the steps: falling means that the model learns."""
    lines = [(view.t(f"training.line_{name}"), trainer.curve(view.metrics, name)) for name in ("loss", "eval_loss")]
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


def evaluation_html(view: View) -> str:
    """The verdict, and the figures it rests on: both losses, their difference with its interval, and n."""
    result = view.result("evaluate")
    if result is None:
        return ""
    verdict = html.box(VERDICT_TONES[result["verdict"]], view.t(f"evaluation.{result['verdict']}"))
    figures = html.tiles(
        (
            (view.t("evaluation.before"), view.t("training.loss", loss=result["base_loss"])),
            (view.t("evaluation.after"), view.t("training.loss", loss=result["tuned_loss"])),
        )
    )
    interval = ""
    if result["verdict"] != "too_few":  # an interval of so little would look surer than it is
        interval = view.t("evaluation.interval", **{name: result[name] for name in ("difference", "low", "high")})
    counts = view.t("evaluation.counts", **{name: result[name] for name in ("samples", "chunks", "wins")})
    words = f"{html.muted(interval)}{html.muted(counts)}"
    return f'<div class="evaluation">{origin_html(view, result)}{verdict}{figures}{words}</div>'


def answers_html(view: View) -> str:
    """Some held-out questions with what was expected and what both models answered."""
    result = view.result("evaluate")
    if result is None or not result["answers"]:
        return ""
    columns = ("question", "expected", "base", "tuned")
    heads = [view.t(f"evaluation.head_{name}") for name in columns]
    rows = [[html.shortened(answer[name]) for name in columns] for answer in result["answers"]]
    title = escape(view.t("evaluation.answers"))
    return f'<div class="answers"><h3>{title}</h3>{html.table(heads, rows, "")}</div>'


def export_html(view: View) -> str:
    """The files with the verdict on each: does the exported file itself answer as the trained model does?"""
    result = view.result("export")
    if result is None:
        return ""
    reports = (result.get("verification") or {}).get("files", [])
    files = "".join(file_html(view, report) for report in reports)
    handed = ollama_html(view, result["ollama"]) if result.get("ollama") else ""
    return f'<div class="export-result">{origin_html(view, result)}{handed}{files}{place_html(view, result)}</div>'


def place_html(view: View, result: dict[str, Any]) -> str:
    """Where the files lie now, also after the project was renamed; nothing for guests, who cannot go there."""
    if view.project is None or not access.asking().is_host:
        return ""
    folder = view.project.final_folder / PurePath(str(result["folder"])).name
    return f"<p class='muted'>{escape(view.t('export.folder'))}<br><code>{escape(str(folder))}</code></p>"


def ollama_html(view: View, outcome: dict[str, Any]) -> str:
    """Whether the model is in Ollama now, and what to do where it is not."""
    state = outcome["state"]
    words = {name: outcome[name] for name in ("name", "command", "problem")}
    tone = {"created": "good", "failed": "bad"}.get(state, "warn")
    return html.box(tone, view.t(f"ollama.{state}", **words), view.t(f"ollama.{state}_about", **words))


def origin_html(view: View, result: dict[str, Any]) -> str:
    """Which run and checkpoint a result is of, with a warning where another one would be taken now."""
    warning = html.box("warn", view.t("result.outdated")) if view.outdated(result) else ""
    known = {"run", "step"} <= result.keys()  # early versions noted no step
    return warning + (html.muted(view.t("result.of_run", run=result["run"], step=result["step"])) if known else "")


def taken_html(view: View) -> str:
    """Which run would be taken now."""
    if view.trained is None:
        return ""
    done = view.trained.read_state().state == JobState.DONE
    return html.muted(view.t("result.takes" if done else "result.takes_unfinished", run=view.trained.id))


TONES = {"good": "export.passed", "warn": "export.amber", "bad": "export.failed"}


def tone_of(checked: dict[str, Any]) -> str:
    """Of a file's report, or of one check in it. Early versions knew no doubt."""
    if not checked["passed"]:
        return "bad"
    return "warn" if checked.get("amber") else "good"


def file_html(view: View, report: dict[str, Any]) -> str:
    """One exported file: its name and size, green, amber or red, and what was checked."""
    tone = tone_of(report)
    badge = html.badge(tone, view.t(TONES[tone]))
    size = f" <small>{escape(size_words(report['bytes'], view.language))}</small>" if "bytes" in report else ""
    folders = {".": "safetensors", "Modelfile": "ollama"}
    name = view.t(f"choice.format.{folders[report['file']]}") if report["file"] in folders else report["file"]
    reasons = "".join(
        html.box(tone_of(check), view.t(f"verify.{check['name']}"), view.t(f"verify.reason.{check['reason']}"))
        for check in report["checks"]
        if tone_of(check) != "good"
    )
    checks = "".join(f"<li>{escape(check_words(view, check))}</li>" for check in report["checks"])
    details = html.more(view.t("export.checks", count=len(report["checks"])), f"<ul class='checks'>{checks}</ul>")
    return f"<div class='file-row'><strong>{escape(name)}</strong>{size} {badge}{reasons}{details}</div>"


def check_words(view: View, check: dict[str, Any]) -> str:
    """`✓ The same answers as in training (9 of 10)`"""
    figures = check["figures"]
    counted = f" ({view.t('export.counted', **figures)})" if {"same", "of"} <= figures.keys() else ""
    if {"perplexity", "low_percent"} <= figures.keys():
        counted = f" ({view.t('export.perplexity', **figures)})"
    mark = {"good": "✓", "warn": "?", "bad": "✗"}[tone_of(check)]
    return f"{mark} {view.t('verify.' + check['name'])}{counted}"


def answer_html(view: View) -> str:
    """The newest answer, and which file gave it."""
    job = view.job(["ask"])
    if job and job.error:
        return html.box("bad", *view.error(job.error))
    result = view.result("ask")
    if result is None:
        return ""
    source = view.t("ask.source", file=result["file"], seconds=result["seconds"])
    if not result["ended"]:
        source += " " + view.t("ask.cut", tokens=result["tokens"])
    words = result["answer"] or view.t("ask.empty")
    of = origin_html(view, result) if "run" in result else ""
    return f'<blockquote class="answer">{escape(words)}</blockquote>{html.muted(source)}{of}'

"""How a comparison, an export and an answer look. Knows the results' shapes; starts nothing."""

from html import escape
from pathlib import PurePath
from typing import Any

from core import access
from core.jobs import JobState
from ui import html
from ui.view import View

VERDICT_TONES = {"better": "good", "no_better": "warn", "worse": "bad", "too_few": "info"}


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


def file_html(view: View, report: dict[str, Any]) -> str:
    """One exported file: its name and size, green or red, and what was checked."""
    passed = report["passed"]
    badge = html.badge("good" if passed else "bad", view.t("export.passed" if passed else "export.failed"))
    size = f" <small>{escape(size_words(view, report['bytes']))}</small>" if "bytes" in report else ""
    folders = {".": "safetensors", "Modelfile": "ollama"}
    name = view.t(f"choice.format.{folders[report['file']]}") if report["file"] in folders else report["file"]
    reasons = "".join(
        html.box("bad", view.t(f"verify.{check['name']}"), view.t(f"verify.reason.{check['reason']}"))
        for check in report["checks"]
        if not check["passed"]
    )
    checks = "".join(f"<li>{escape(check_words(view, check))}</li>" for check in report["checks"])
    details = html.more(view.t("export.checks", count=len(report["checks"])), f"<ul class='checks'>{checks}</ul>")
    return f"<div class='file-row'><strong>{escape(name)}</strong>{size} {badge}{reasons}{details}</div>"


def check_words(view: View, check: dict[str, Any]) -> str:
    """`✓ The same answers as in training (9 of 10)`"""
    figures = check["figures"]
    counted = f" ({view.t('export.counted', **figures)})" if {"same", "of"} <= figures.keys() else ""
    return f"{'✓' if check['passed'] else '✗'} {view.t('verify.' + check['name'])}{counted}"


def size_words(view: View, size_bytes: int) -> str:
    gib = size_bytes / 2**30
    return view.t("export.size_gib", size=gib) if gib >= 1 else view.t("export.size_mib", size=gib * 1024)


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

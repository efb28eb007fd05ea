"""What came of a training: comparison, export, answer. Only renders."""

from collections.abc import Mapping
from html import escape
from pathlib import PurePath
from typing import Any

from core import access
from ui.page import html
from ui.page.downloads import address_of, link_html
from ui.page.figures import size_words
from ui.page.view import View
from ui.training.result_downloads import EXPORT, exported_files

ANSWERS_SHOWN = 3  # the others behind a fold
ANSWER = ("question", "expected", "base", "tuned")
VERDICT_TONES = {"better": "good", "no_better": "warn", "worse": "bad", "too_few": "info"}
TONES = {"good": ("export.passed", "✓"), "warn": ("export.amber", "?"), "bad": ("export.failed", "✗")}
FOLDERS = {".": "safetensors", "Modelfile": "ollama"}  # what is not one file is called by its format


def evaluation_html(view: View) -> str:
    """The verdict, and the figures it rests on: both losses, their difference with its interval, and n."""
    result = view.result("evaluate")
    if result is None:
        return ""
    losses = {"before": result["base_loss"], "after": result["tuned_loss"]}
    parts = [
        origin_html(view, result),
        html.box(VERDICT_TONES[result["verdict"]], view.t(f"evaluation.{result['verdict']}")),
        html.tiles(
            (view.t(f"evaluation.{name}"), view.t("training.loss", loss=loss)) for name, loss in losses.items()
        ),
    ]
    if result["verdict"] != "too_few":  # an interval of so little would look surer than it is
        parts.append(html.muted(view.t("evaluation.interval", **result)))
    return "".join([*parts, html.muted(view.t("evaluation.counts", **result))])


def answers_html(view: View) -> str:
    """Some held-out questions with what was expected and what both models answered."""
    result = view.result("evaluate")
    if result is None or not result["answers"]:
        return ""
    heads = [view.t(f"evaluation.head_{name}") for name in ANSWER]
    rows = [[html.shortened(answer[name]) for name in ANSWER] for answer in result["answers"]]
    first, others = rows[:ANSWERS_SHOWN], rows[ANSWERS_SHOWN:]
    fold = html.more(view.t("evaluation.more_answers", count=len(others)), html.table(heads, others, ""))
    title = f"<h2>{view.html('evaluation.answers')}</h2>"
    return f'<section class="answers">{title}{html.table(heads, first, "")}{fold if others else ""}</section>'


def exported_html(view: View) -> str:
    """The files with the verdict on each: does the exported file itself answer as the trained model does? All that
    was written can be downloaded; where it lies is told to whoever sits at this machine."""
    result = view.result("export")
    if result is None or view.project is None:
        return ""
    links = {
        name: link_html(address_of(EXPORT, view.project.name, file=name), f"↓ {name}")
        + f" <small>{escape(size_words(file.stat().st_size, view.language))}</small>"
        for name, file in exported_files(view.project, result).items()
    }
    folder = view.project.final_folder / PurePath(str(result["folder"])).name
    parts = [origin_html(view, result)]
    if result.get("ollama"):
        parts.append(ollama_html(view, result["ollama"]))
    for report in (result.get("verification") or {}).get("files", []):
        of_one_file = f"{folder.name}/{report['file']}" if report["file"] not in FOLDERS else ""
        parts.append(file_html(view, report, links.pop(of_one_file, "")))
    if links:
        others = "".join(f"<li>{link}</li>" for link in links.values())
        parts.append(html.more(view.t("export.others", count=len(links)), f'<ul class="checks">{others}</ul>'))
    if access.asking().at_machine:
        about = view.html("export.folder")
        parts.append(f'<p class="muted export-folder">{about}<br><code>{escape(str(folder))}</code></p>')
    return "".join(parts)


def ollama_html(view: View, outcome: dict[str, Any]) -> str:
    """Whether the model is in Ollama now, and what to do where it is not."""
    state = outcome["state"]
    tone = {"created": "good", "failed": "bad"}.get(state, "warn")
    return html.box(tone, view.t(f"ollama.{state}", **outcome), view.t(f"ollama.{state}_about", **outcome))


def origin_html(view: View, result: dict[str, Any]) -> str:
    """Which run and checkpoint a result is of, with a warning where another one would be taken now."""
    warning = html.box("warn", view.t("result.outdated")) if view.outdated(result) else ""
    known = {"run", "step"} <= result.keys()  # early versions noted no step
    return warning + (html.muted(view.t("result.of_run", run=result["run"], step=result["step"])) if known else "")


def tone_of(checked: Mapping[str, Any]) -> str:
    """Of a file's report, or of one check in it. Early versions knew no doubt."""
    if not checked["passed"]:
        return "bad"
    return "warn" if checked.get("amber") else "good"


def file_html(view: View, report: Mapping[str, Any], link: str) -> str:
    """One exported model: green, amber or red, why, what was checked, and the link to it where it is one file."""
    name, checks = report["file"], report["checks"]
    words = escape(view.t(f"choice.format.{FOLDERS[name]}") if name in FOLDERS else name)
    badge = html.badge(tone_of(report), view.t(TONES[tone_of(report)][0]))
    reasons = "".join(
        html.box(tone_of(check), view.t(f"verify.{check['name']}"), view.t(f"verify.reason.{check['reason']}"))
        for check in checks
        if tone_of(check) != "good"
    )
    lines = "".join(f"<li>{escape(check_words(view, check))}</li>" for check in checks)
    fold = html.more(view.t("export.checks", count=len(checks)), f'<ul class="checks">{lines}</ul>')
    return f'<div class="file-row"><strong>{link or words}</strong> {badge}{reasons}{fold}</div>'


def check_words(view: View, check: dict[str, Any]) -> str:
    """`✓ The same answers as in training (9 of 10)`"""
    figures = check["figures"]
    counted = f" ({view.t('export.counted', **figures)})" if {"same", "of"} <= figures.keys() else ""
    if {"perplexity", "low_percent"} <= figures.keys():
        counted = f" ({view.t('export.perplexity', **figures)})"
    return f"{TONES[tone_of(check)][1]} {view.t('verify.' + check['name'])}{counted}"


def answer_html(view: View) -> str:
    """The newest answer, and which file gave it."""
    job, result = view.job(["ask"]), view.result("ask")
    if job and job.error:
        return html.box("bad", *view.error(job.error))
    if result is None:
        return ""
    source = view.t("ask.source", **result)
    if not result["ended"]:
        source += " " + view.t("ask.cut", **result)
    words = escape(result["answer"] or view.t("ask.empty"))
    of = origin_html(view, result) if "run" in result else ""
    return f'<blockquote class="answer">{words}</blockquote>{html.muted(source)}{of}'

"""The screen of what came of a training: the verdict, trying it out, the export with its files; all runs below."""

from core import exporter
from ui.page import fields, html
from ui.page.fields import Field
from ui.page.job_panel import job_part
from ui.page.parts import Act, Part, Work, starting
from ui.page.view import View
from ui.training import run_history, run_list, training_results
from utils.config import QUANTIZED

LONGEST_QUESTION = 2000


def layout_html() -> str:
    """What is at work on top, then the three cards, what both models answered, and the runs."""
    tried = html.place("verdict", "card flow") + html.place("try-out", "card flow")
    below = html.places("answers", "runs", "run", "compared-runs")
    return html.place("job.training") + html.columns(tried, html.place("export", "card flow")) + below


def next_step(view: View) -> str:
    """What to do next with a training: compare it, unless that failed, then export it, then ask it."""
    for kind in ("evaluate", "export"):
        job, result = view.job([kind]), view.result(kind)
        failed = kind == "evaluate" and job is not None and job.error is not None
        if not failed and (result is None or view.outdated(result)):
            return kind
    return "ask"


def card_html(view: View, kind: str, body: str, words: str, outcome: str) -> str:
    """One kind of work: what it needs, its button, the primary one where that comes next, and what came of it.
    Nothing before there is a training, or what came of one that is gone."""
    if not (view.trained or view.result("evaluate") or view.result("export")):
        return ""
    lacks = "" if view.trained else "error.not_trained"
    if kind == "ask":
        lacks = "" if view.status and view.status.exported else "error.not_exported"
    why_not = view.blocked(kind) or (view.t(lacks) if lacks else "")
    tone = "primary" if next_step(view) == kind else ""
    mend = "training" if lacks == "error.not_trained" else ""
    button = html.button(kind, view.t(words), why_not=why_not, mend=mend, tone=tone, main=True)
    return f"<h2>{view.html(TITLES[kind])}</h2>{html.form(body + button, 'flow')}{outcome}"


def verdict_html(view: View) -> str:
    """Whether the model is better than before."""
    about = html.muted(view.t("evaluation.about"))
    return card_html(view, "evaluate", about, "evaluation.start", training_results.evaluation_html(view))


def try_out_html(view: View) -> str:
    """A question to the exported model, and its answer."""
    question = Field("question", view.t("ask.question"), kept=False)
    body = html.muted(view.t("ask.about")) + question.text("", lines=2, longest=LONGEST_QUESTION, enter=True)
    return card_html(view, "ask", body, "ask.start", training_results.answer_html(view))


def export_html(view: View) -> str:
    """What will be written, and the files of the newest export."""
    quantized = view.config and view.config.output.format in QUANTIZED
    names = ("format", "quantization") if quantized else ("format",)
    settings = "".join(fields.setting(view, "output", name, key=f"export-{name}") for name in names)
    body = f'<div class="fields">{settings}</div>'
    return card_html(view, "export", body, "export.title", training_results.exported_html(view))


def ask(act: Act) -> None:
    exporter.start_question(act.services, act.project, act.text("question")[:LONGEST_QUESTION])


TITLES = {"evaluate": "evaluation.title", "ask": "ask.title", "export": "export.title"}
ACTIONS: dict[str, Work] = {
    "evaluate": starting(exporter.start_evaluation),
    "export": starting(exporter.start_export),
    "ask": ask,
}
PLACES = {
    "verdict": verdict_html,
    "try-out": try_out_html,
    "export": export_html,
    "answers": training_results.answers_html,
}
PART = Part(PLACES, ACTIONS) | run_list.PART | run_history.PART | job_part("training")

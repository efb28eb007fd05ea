"""The screen of a training at work: how it goes in a sentence, how far it is, its curve; then where to go on. What
moves in it comes from `moving`."""

from collections.abc import Iterable, Mapping
from html import escape

from core import trainer
from core.jobs import runs
from core.jobs.job import ACTIVE, JobSnapshot, JobState
from ui.page import html
from ui.page.job_panel import panel_html, part_of
from ui.page.moving import curve_data, sentence, training_figures
from ui.page.parts import Part, starting
from ui.page.view import View

KINDS = ("train",)
FIGURES = ("loss_now", "loss_best", "left", "pace_label")
MORE_FIGURES = ("time_label", "epoch_label", "rate_label", "memory_label")


def screen_html(view: View) -> str:
    """The newest training, also one that an earlier app or a terminal has done."""
    job = view.job(KINDS)
    run = runs.latest_run(view.project, "train") if view.project and not job else None
    state = job.state if job else run.read_state().state if run else None
    if state is None:
        none = f"<h2>{view.html('training.state.none')}</h2>{html.muted(view.t('training.no_plot'))}"
        return f'<div class="flow">{none}{html.link("training", view.t("training.to_start"), "primary")}</div>'
    figures = training_figures(view)
    title = f'<h2 data-part="sentence">{escape(sentence(view, state, job.message if job else None))}</h2>'
    parts = (
        title,
        panel_html(view, KINDS, "running") if job else "",
        notify_html(view) if state in ACTIVE else "",
        onward_html(view, state, job),
        html.curve("loss-curve", curve_data(view), live=True),
        tiles_html(view, FIGURES, figures),
        html.more(view.t("training.more_figures"), tiles_html(view, MORE_FIGURES, figures)),
    )
    return f'<div class="flow" data-job="{escape(job.id if job else "")}">{"".join(parts)}</div>'


def notify_html(view: View) -> str:
    """Offers to tell when it is done; shown only where the browser can and has not been asked."""
    said = {name: html.box("good", view.t(f"notify.{name}")) for name in ("allowed", "refused")}
    data = "".join(f' data-{name}="{escape(box)}"' for name, box in said.items())
    return f'<p><button type="button" class="small link notify"{data}>{escape(view.t("notify.ask"))}</button></p>'


def onward_html(view: View, state: JobState, job: JobSnapshot | None) -> str:
    """What comes next: the result; what helps a training that broke off, with its reason and what it costs."""
    if state == JobState.DONE:
        return html.link("result", view.t("training.to_result"), "primary")
    if state in ACTIVE or state == JobState.PAUSED:
        return ""
    fix = trainer.suggested_fix(view.project, job) if view.project else None
    if fix is None:
        return html.link("training", view.t("training.to_start"))
    where = view.t("fix.from_step" if fix.step else "fix.from_start", step=fix.step)
    return html.button(
        "training.fix", view.t(f"fix.{fix.name}", **fix.changes), tone="primary", key="suggested-fix"
    ) + html.muted(f"{view.t(f'fix.{fix.name}.why')} {where}")


def tiles_html(view: View, names: Iterable[str], figures: Mapping[str, str]) -> str:
    """Labelled figures that move."""
    labels = {name: view.html(f"training.{name}") for name in names}
    cells = "".join(
        f'<div><dt>{label}</dt><dd data-figure="{name}">{escape(figures[name])}</dd></div>'
        for name, label in labels.items()
    )
    return f'<dl class="tiles">{cells}</dl>'


PART = Part(
    {"running-training": screen_html},
    {"training.fix": starting(trainer.take_fix), **part_of("running", KINDS).actions},
)

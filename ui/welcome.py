"""How an empty app greets: with a sample run that goes by itself and is watched live, or with the first project."""

from html import escape

from core import example
from core.example import STEPS, Example
from ui.page import html
from ui.page.job_panel import progress_html
from ui.page.parts import Act, Answer, Part
from ui.page.view import View
from ui.project_bar import BarPosition


def welcome_html(view: View) -> str:
    """Two ways to begin, where there is no project yet."""
    if view.projects or view.problem:
        return ""
    t = view.t
    named = view.at(BarPosition).purpose == "create"  # then the form's button is the one to press
    ways = (
        html.button("welcome.try", t("welcome.try"), tone="" if named else "primary"),
        html.button("welcome.own", t("welcome.own")),
    )
    cells = "".join(
        f"<div>{button}{html.muted(t(about))}</div>"
        for button, about in zip(ways, ("welcome.try_about", "welcome.own_about"), strict=True)
    )
    head = f"<h2>{view.html('welcome.title')}</h2>"
    return f'<section class="card welcome" id="welcome">{head}{cells}</section>'


def example_html(view: View) -> str:
    """The sample run while it goes, and what came of it."""
    taken = example.of(view.project) if view.project else None
    if taken is None:
        return ""
    rows = "".join(step_html(view, taken, number) for number in range(len(STEPS)))
    rest = end_html(view, taken) if taken.ended else doing_html(view, taken)
    head = f"<h2>{view.html('example.title')}</h2>"
    return f'<section class="card" id="example">{head}<ol class="checklist">{rows}</ol>{rest}</section>'


def step_html(view: View, taken: Example, number: int) -> str:
    """One step: done, under way, or still to come."""
    name, at = STEPS[number], STEPS.index(taken.step)
    done = number < at or (taken.ended and number == at and is_done(view, taken))
    sign = "✓" if done else "▸" if number == at else "·"
    return f'<li class="{"ok" if done else ""}"><span>{sign}</span><span>{view.html(f"example.{name}")}</span></li>'


def is_done(view: View, taken: Example) -> bool:
    """Whether the last step brought what it should."""
    return taken.error is None and taken.step == STEPS[-1] and view.result("export") is not None


def doing_html(view: View, taken: Example) -> str:
    job = next((job for job in view.jobs if job.id == taken.job), None)
    return f'<div class="job" data-job="{escape(job.id)}">{progress_html(view, job)}</div>' if job else ""


def end_html(view: View, taken: Example) -> str:
    """What is true of a practice model, and the two ways on; or why it did not go on."""
    if not is_done(view, taken):
        why = view.error_box(taken.error) if taken.error else html.box("warn", view.t("example.stopped"))
        return why + html.button("example.aside", view.t("example.go_on"))
    said = html.box("good", view.t("example.done"), view.t("example.done_about"))
    own = html.button("welcome.own", view.t("example.own"), tone="primary")
    look = html.button("example.aside", view.t("example.look"))
    return f'{said}<div class="buttons">{own}{look}</div>'


def begin(act: Act) -> Answer:
    made = example.start(act.services, act.t("example.project"))
    return Answer(project=made.name)


def own(act: Act) -> Answer:
    """Opens the form for a new project, with the field in focus: Enter creates it."""
    act.move(BarPosition(act.project_name, "create"))
    return Answer(focus="#field-name")


def aside(act: Act) -> Answer:
    example.put_aside(act.project)
    return Answer(tab="result")


PART = Part(
    {"welcome": welcome_html, "example": example_html},
    {"welcome.try": begin, "welcome.own": own, "example.aside": aside},
)

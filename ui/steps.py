"""The four steps on top of each screen: which are done, which one is open. Only renders."""

from html import escape

from ui.page.parts import Part
from ui.page.view import View

STEPS = ("documents", "model", "samples", "training")
VIEWS = {"training": "training", "running": "training", "result": "training"}  # the screens of a step with several


def steps_html(view: View) -> str:
    """A link for each step; the one that is open is marked, those that are done are quiet."""
    links = "".join(link_html(view, number, step) for number, step in enumerate(STEPS, 1))
    return f'<nav class="steps" aria-label="{view.html("page.steps")}">{links}</nav>'


def link_html(view: View, number: int, step: str) -> str:
    is_open = VIEWS.get(view.tab, view.tab) == step
    done = step in done_steps(view)
    state = view.t("page.step_done") if done else ""
    return (
        f'<a href="?tab={step}" data-tab="{step}" id="step-{step}" class="{"done" if done else ""}"'
        f"{' aria-current=step' if is_open else ''}><b aria-hidden='true'>{'✓' if done else number}</b> "
        f"{view.html(f'tab.{step}')}<span class='unseen'> {escape(state)}</span></a>"
    )


def done_steps(view: View) -> set[str]:
    """The steps that have brought what the next one needs."""
    status = view.status
    if status is None:
        return set()
    found = {
        "documents": status.chunks,
        "model": status.base_ready,
        "samples": status.samples,
        "training": status.exported,
    }
    return {name for name, there in found.items() if there}


PART = Part({"steps": steps_html})

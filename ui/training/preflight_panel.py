"""What has to be there for a training, and how the model will read the samples. Checks nothing itself."""

from collections.abc import Iterable
from dataclasses import asdict
from html import escape
from typing import Any

from core import trainer
from core.jobs.job import JobState
from core.trainer import Check
from ui.page import html
from ui.page.figures import SIGNS, check_words, refusal_words
from ui.page.job_panel import panel_html, part_of
from ui.page.parts import Part, starting
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.page.view import View
from ui.training import run_estimate
from ui.training.example_view import examples_html

KIND = trainer.PREFLIGHT
CHECKED = Remembered(16)
SCREENS = {"base": "model", "samples": "samples"}  # where a check leads that is not in order


def current(view: View) -> list[Check]:
    """What core says of the project as it is saved; empty where there is no project that can be read."""
    project, settings = view.project, view.config
    if project is None or settings is None:
        return []
    key = (view.training_data, settings.model_dump_json(), moment(FREE_LASTS_SECONDS))
    expected = run_estimate.current(view)
    return CHECKED.get(key, lambda: trainer.look(project, settings, view.hardware, expected))


def refusal(view: View, *names: str) -> str:
    """Why no training can start, in words; empty if one can. With `names` only these checks count."""
    refused = next((check for check in refused_of(view) if not names or check.name in names), None)
    return refusal_words(refused.refusal or "", refused.params, view.language) if refused else ""


def mended_at(view: View) -> str:
    """The screen on which what keeps a training from starting can be mended."""
    return next((SCREENS.get(check.name, "") for check in refused_of(view)), "")


def refused_of(view: View) -> list[Check]:
    """The checks that keep a training from starting; the first one is said below the button."""
    return [check for check in current(view) if check.refusal]


def look_blocked(view: View) -> str:
    """Why the samples cannot be looked at now; empty if they can."""
    return view.blocked(KIND) or refusal(view, "samples", "base")


def checks_html(view: View) -> str:
    """What else is not in order, also of the last look at the samples; what is, behind a line. While a training holds
    memory and disk itself, checks would say nothing."""
    if view.active(["train"]):
        return ""
    result = look_of(view)
    found = [asdict(check) for check in current(view) if check not in refused_of(view)[:1]]
    found += result["checks"] if result and not is_outdated(view, result) else []
    if not found:
        return ""
    fine = [check for check in found if check["state"] == "ok"]
    wrong = list_html(view, (check for check in found if check["state"] != "ok"))
    basis = run_estimate.basis_html(view, run_estimate.current(view))
    return wrong + html.more(view.t("preflight.fine", count=len(fine)), list_html(view, fine) + basis)


def list_html(view: View, checks: Iterable[dict[str, Any]]) -> str:
    """A line per check with a sign, which screen readers are told in words."""
    items = ""
    for check in checks:
        state = check["state"]
        told = view.html(f"check.state.{state}")
        sign = f'<span role="img" aria-label="{told}">{SIGNS[state]}</span>'
        words = check_words(check, view.language)
        leads = check.get("refusal") and check["name"] in SCREENS
        said = html.tab_link(SCREENS[check["name"]], words) if leads else escape(words)
        items += f'<li class="{state}">{sign}<span>{said}</span></li>'
    return f'<ul class="checklist">{items}</ul>' if items else ""


def look_html(view: View) -> str:
    """The look at the samples as the model reads them: the button, how far it is, what it found."""
    job = view.job([KIND])
    panel = panel_html(view, [KIND], "preflight") if job and job.state != JobState.DONE else ""
    start = html.button("preflight.start", view.t("preflight.start"), why_not=look_blocked(view), key="preflight")
    body = f'{html.muted(view.t("preflight.about"))}<div class="buttons">{start}</div>{panel}{result_html(view)}'
    return html.fold("samples-read", view.t("preflight.examples"), body)


def look_of(view: View) -> dict[str, Any] | None:
    """What the newest look at the samples found."""
    result = view.result(KIND)
    return result if trainer.is_preflight_readable(result) else None


def result_html(view: View) -> str:
    """The figures of the newest look, and some samples as the model reads them."""
    result = look_of(view)
    if result is None:
        return ""
    outdated = html.box("warn", view.t("preflight.outdated")) if is_outdated(view, result) else ""
    length = result["suggestion"]
    suggestion = html.box("info", view.t("preflight.suggestion", max_length=length)) if length else ""
    return outdated + figures_html(view, result) + suggestion + examples_html(view, result["examples"])


def figures_html(view: View, result: dict[str, Any]) -> str:
    return html.tiles(
        (
            (view.t("preflight.rows"), view.number(result["rows"])),
            (view.t("preflight.held_out"), view.number(result["held_out_rows"])),
            (view.t("preflight.longest"), view.t("preflight.tokens", tokens=result["longest"])),
            (view.t("preflight.median"), view.t("preflight.tokens", tokens=round(result["median"]))),
            (view.t("preflight.learned"), view.t("preflight.tokens", tokens=result["learned_tokens"])),
        )
    )


def is_outdated(view: View, result: dict[str, Any]) -> bool:
    """Whether what the result rests on has changed since."""
    project, settings = view.project, view.config
    folder = view.base_folder
    if project is None or settings is None or folder is None or not project.samples_file.is_file():
        return True
    return trainer.preflight_basis(project.samples_file, folder, settings.training) != result["basis"]


LOOK = {"preflight.start": starting(trainer.start_preflight)}
PART = Part(actions={**LOOK, **part_of("preflight", [KIND]).actions})

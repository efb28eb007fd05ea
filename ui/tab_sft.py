"""Step 3: training samples. How many and of which kinds, and the button; other sections have modules of their own."""

from functools import reduce
from html import escape
from operator import or_

from core import sft_generator
from core.jobs.kinds import of_step
from ui.page import fields, html
from ui.page.fields import Field
from ui.page.job_panel import job_part
from ui.page.parts import Part, starting
from ui.page.view import View
from ui.samples import checks_panel, estimate_panel, exchange_panel, helper_panel, prompt_panel, review_panel
from ui.samples.sample_list import counts_of, refusal
from ui.texts import text

RARE = ("per_request", "turns", "concurrency", "timeout_seconds", "context_tokens", "budget_usd")
LEFT = ("samples.helper", "samples.wishes", "samples.prompts", "samples.start", "job.samples")
RIGHT = ("samples.counter", "samples.before", "samples.tried", "samples.after", "samples.unusable", "samples.checks")


def layout_html(language: str) -> str:
    columns = html.columns(html.places(*LEFT), html.places(*RIGHT))
    below = html.places("review") + exchange_panel.layout_html(language)
    return html.muted(text("samples.about", language)) + columns + below


def wishes_html(view: View) -> str:
    """How many, about what, and of which kinds. Fields that mean nothing to the chosen provider are not there."""
    counting = helper_panel.provider(view).settings
    body = f'<div class="fields">{fields.settings(view, "sft", ("samples", "language"))}</div>'
    if "styles" in counting:
        body += fields.setting(view, "sft", "styles")
    if "topic" in counting:
        topic = Field("sft.topic", view.t("field.topic"), view.t("about.topic"))
        body += topic.text(helper_panel.settings_of(view).topic, placeholder=view.t("wishes.topic_example"))
    rare = fields.setting(view, "sft", "temperature", slider=True) if "temperature" in counting else ""
    rare += fields.settings(view, "sft", ["seed", *(name for name in RARE if name in counting)])
    return body + html.fold("samples-advanced", view.t("form.advanced"), f'<div class="fields">{rare}</div>')


def start_html(view: View) -> str:
    """The button that writes what is missing, and the one that tries first."""
    some = view.config and 0 < usable_count(view) < view.config.sft.samples
    words = view.t("samples.continue" if some else "samples.generate")
    why_not, next_step = blocked(view), view.status.next_step if view.status else ""
    enough = why_not and next_step == "training" and not view.active(of_step("samples"))
    onward = html.link(next_step, view.t(f"next.{next_step}"), "primary") if enough else ""
    generate = html.button(
        "samples.generate",
        words,
        why_not=why_not,
        mend="documents" if next_step == "documents" else "",
        tone="" if onward else "primary",
        key="generate",
    )
    return f'<div class="buttons">{onward}{generate}{prompt_panel.try_button_html(view)}</div>'


def blocked(view: View) -> str:
    """Why no samples can be written now; empty if they can."""
    if view.project is None or view.config is None:
        return view.t("blocked.no_project")
    if view.active(of_step("samples")):
        return view.t("blocked.samples_running")
    if why_not := refusal(view):
        return why_not
    settings, count = view.config.sft, usable_count(view)
    provider = helper_panel.provider(view)
    if 0 < settings.samples <= count:
        return view.t("blocked.samples_complete", count=count)
    may_have_topic = "topic" in provider.settings
    if not (view.status and view.status.chunks) and not (may_have_topic and settings.topic.strip()):
        return view.t("blocked.no_chunks_no_topic" if may_have_topic else "blocked.no_chunks")
    if not settings.model and not provider.writes_by_rules:
        return view.t("blocked.no_file" if provider.takes_file else "blocked.no_helper_model")
    if provider.needs_key and not settings.base_url and not helper_panel.has_key(view):
        return view.t("blocked.no_key")
    return ""


def usable_count(view: View) -> int:
    """The samples that count: all that nobody rejected."""
    counts = counts_of(view)
    return counts.total - counts.by_status.get("rejected", 0)


def counter_html(view: View) -> str:
    if view.status is None or view.config is None:
        return html.muted(view.t("samples.none"))
    if why_not := refusal(view):
        return html.box("bad", why_not)
    count, wanted = usable_count(view), view.config.sft.samples
    words = view.t("samples.counter", count=count, wanted=wanted)
    return f'<div class="counter"><strong>{escape(words)}</strong>{html.bar(min(count / wanted, 1.0), words)}</div>'


OWN = Part(
    {"samples.wishes": wishes_html, "samples.start": start_html, "samples.counter": counter_html},
    {
        "samples.generate": starting(sft_generator.start_samples),
        "samples.try": starting(sft_generator.start_test),
    },
)
PANELS = (helper_panel, prompt_panel, estimate_panel, checks_panel, review_panel, exchange_panel)
PART = reduce(or_, (panel.PART for panel in PANELS), OWN | job_part("samples"))

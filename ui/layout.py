"""One language's page: project bar, four tabs, and the timer that keeps them true. Knows where things stand."""

import json
from collections.abc import Callable
from typing import Any

import gradio as gr

from core.jobs.services import Services
from ui import project_bar, settings, tab_model, tab_rag, tab_sft, tab_training
from ui.page.frame import QUIET, PageFrame
from ui.page.live import INTERVAL_SECONDS, Live
from ui.page.view import View
from ui.texts import LANGUAGES, text
from utils.config import ProjectConfig
from utils.errors import AppError

TABS: dict[str, Callable[[PageFrame], None]] = {
    "documents": tab_rag.build,
    "model": tab_model.build,
    "samples": tab_sft.build,
    "training": tab_training.build,
}
UPLOADS_KEPT_SECONDS = 24 * 3600
# The page's head keeps the address as it was asked for: showing the first tab rewrites it before anything is read.
READ_ADDRESS = """() => [askedFor.get("project") || "", askedFor.get("tab") || ""]"""
# The address names project and tab, so that a reload, a bookmark and the language switch keep both.
WRITE_ADDRESS = """(name) => { const address = new URL(location);
name ? address.searchParams.set("project", name) : address.searchParams.delete("project");
history.replaceState(null, "", address); }"""
# A Gradio timer would make the server rebuild every place for every viewer each second, also when nothing happens.
# Asking for a few bytes first costs almost nothing, and a page in the background asks for nothing at all.
PULSE = """let known = null;
setInterval(async () => {
  if (document.hidden) return;
  const project = new URLSearchParams(location.search).get("project") || "";
  try {
    const answer = await fetch("/changes?project=" + encodeURIComponent(project));
    const stamp = await answer.text();
    if (answer.ok && stamp !== known) { known = stamp; trigger("click"); }
  } catch (unreachable) { known = null; }
}, INTERVAL);""".replace("INTERVAL", str(round(INTERVAL_SECONDS * 1000)))
# Until its fields are filled, nothing on a page can be used: what somebody typed would be kept for no project, and
# overwritten. Should the server not answer, a person who can click sees more than one who cannot.
WAIT = """const wait = () => {
  const body = document.getElementById("body");
  if (document.body.classList.contains("filled")) return;
  if (!body) return requestAnimationFrame(wait);
  body.inert = true;
  setTimeout(() => { body.inert = false; }, 20000);
};
wait();
"""
STOP_WAITING = """() => { document.body.classList.add("filled");
document.getElementById("body").inert = false; }"""
WRITE_TAB = """() => { const address = new URL(location); address.searchParams.set("tab", %s);
history.replaceState(null, "", address); }"""


def build(services: Services, language: str) -> gr.Blocks:
    """The page of one language. Holds no state of its own: all of it is read from `services`."""
    with gr.Blocks(
        analytics_enabled=False,
        title=text("app.name", language),
        delete_cache=(UPLOADS_KEPT_SECONDS, UPLOADS_KEPT_SECONDS),
        fill_width=True,
    ) as page:
        project = gr.Textbox(visible=False)
        frame = PageFrame(services, language, project, Live(services, language))
        gr.HTML(header_html(language), elem_id="header", padding=False)
        with gr.Row(elem_id="body"):
            with gr.Column(elem_id="sidebar", min_width=260):
                bar = project_bar.build(frame)
                settings.build(frame)
            with gr.Column(elem_id="main", min_width=300):
                frame.live.show(gr.HTML(elem_id="problem"), project_bar.problem_html)
                tabs = build_tabs(frame)
        connect(page, frame, bar, tabs)
    return page


def build_tabs(frame: PageFrame) -> gr.Tabs:
    """The four steps from left to right."""
    with gr.Tabs(elem_id="steps", overflow_behavior="wrap") as tabs:
        for name, build_tab in TABS.items():
            with gr.Tab(frame.t(f"tab.{name}"), id=name, elem_id=f"tab-{name}", render_children=True) as tab:
                build_tab(frame)
            tab.select(None, js=WRITE_TAB % json.dumps(name), **QUIET)
    return tabs


def header_html(language: str) -> str:
    """The app's name and the language switch."""
    links = "".join(
        f'<a href="/language/{other}" lang="{other}" title="{text("app.this_language", other)}"'
        f" onclick=\"location.href='/language/{other}' + location.search; return false\""
        f"{' aria-current=true' if other == language else ''}>{other.upper()}</a>"
        for other in LANGUAGES
    )
    return (
        f"<header><div><h1>{text('app.name', language)}</h1><p>{text('app.purpose', language)}</p></div>"
        f'<nav aria-label="{text("app.language", language)}">{links}</nav></header>'
    )


def connect(page: gr.Blocks, frame: PageFrame, bar: project_bar.ProjectBar, tabs: gr.Tabs) -> None:
    """What happens on load, when the project changes, on each click and with time."""
    seen, address_tab = gr.State({}), gr.Textbox(visible=False)
    fields = [component for component, _ in frame.fields]

    def filled(name: str) -> list[Any]:
        """The hidden project field, the list of projects, and every field of the forms."""
        try:
            config = frame.services.projects.open(name).load_config()
        except AppError:
            config = ProjectConfig()
        choices = View(frame.services, frame.language, name).projects
        selector = gr.update(choices=choices, value=name if name in choices else None)
        return [name, selector, *(read(config) for _, read in frame.fields)]

    def open_address(name: str, tab: str) -> list[Any]:
        names = View(frame.services, frame.language, name).projects
        wanted = name if name in names else next(iter(names), "")
        return [gr.update(selected=tab) if tab in TABS else gr.skip(), *filled(wanted)]

    def refresh(name: str | None, state: dict[str, Any], *positions: Any) -> list[Any]:
        return frame.live.refresh(name, state, *positions)

    def tick(name: str | None, state: dict[str, Any], *positions: Any) -> list[Any]:
        return frame.live.refresh(name, state, *positions, at_once=False)

    everything = [frame.project, bar.selector, *fields]
    live = {"inputs": [frame.project, seen, *frame.live.inputs], "outputs": [*frame.live.outputs, seen], **QUIET}
    load = page.load(open_address, [frame.project, address_tab], [tabs, *everything], js=READ_ADDRESS, **QUIET)
    load.then(None, js=STOP_WAITING, **QUIET)
    load.then(refresh, **live).then(None, [frame.project], js=WRITE_ADDRESS, **QUIET)
    for trigger in (bar.selector.input, *bar.changes):
        # After creating, renaming or deleting, the hidden field already holds the new name.
        source = bar.selector if trigger is bar.selector.input else frame.project
        opened = trigger(filled, [source], everything, **{**QUIET, "preprocess": False})
        opened.then(refresh, **live).then(None, [frame.project], js=WRITE_ADDRESS, **QUIET)
    frame.connect(refresh, live)
    pulse = gr.HTML(" ", js_on_load=WAIT + PULSE, elem_id="pulse")
    # Not "once": what is asked for while an answer is under way would be dropped, and the last change never be seen.
    pulse.click(tick, trigger_mode="always_last", **live)

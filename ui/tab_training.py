"""stub"""

from functools import partial
from typing import NamedTuple

import gradio as gr

from ui.page import fields, html
from ui.page.parts import Part
from ui.training import result_screen
from utils.config import Group, settings_with

OFFERED = {"lora_rank": (8, 16, 32, 64), "lora_alpha": (16, 32, 64)}


class V(NamedTuple):
    part: Part
    build: object


def form(view):
    main, *folded = Group
    out = "".join(
        fields.setting(view, "training", n, slider=True, offered=OFFERED.get(n, ())) for n in settings_with(main)
    )
    out += html.fold("advanced", "more", "".join(fields.settings(view, "training", settings_with(g)) for g in folded))
    return html.columns(out, html.button("nothing", "Start", tone="primary", why_not="weil"))


def build(name, services, language):
    gr.HTML(html.place(name))


VIEWS = {
    n: V(Part({f"stub.{n}": form if n == "training" else lambda view: ""}), partial(build, f"stub.{n}"))
    for n in ("training", "running", "result")
}


def build_result(services, language):
    gr.HTML(result_screen.layout_html())


VIEWS["result"] = V(result_screen.PART, build_result)

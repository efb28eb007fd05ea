"""stub"""

import gradio as gr

from ui.page import html
from ui.page.parts import Part

PART = Part({"stub.sft": lambda view: html.muted("sft " + view.project_name)})


def build(services, language):
    gr.HTML(html.place("stub.sft"))

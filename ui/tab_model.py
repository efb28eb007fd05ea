"""stub"""

import gradio as gr

from ui.page import html
from ui.page.parts import Part

PART = Part({"stub.model": lambda view: html.muted("model " + view.project_name)})


def build(services, language):
    gr.HTML(html.place("stub.model"))

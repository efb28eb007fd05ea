"""stub"""

import gradio as gr

from ui.page import html
from ui.page.parts import Part
from ui.samples import review_panel

PART = Part({"stub.sft": lambda view: html.muted("sft " + view.project_name)}) | review_panel.PART


def build(services, language):
    gr.HTML(html.place("stub.sft") + review_panel.layout_html())

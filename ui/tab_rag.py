"""stub"""

import gradio as gr

from core import rag_processor
from ui.page import html
from ui.page.job_panel import job_part
from ui.page.parts import Part
from ui.page.uploads import upload

PART = Part({"stub.rag": lambda view: html.muted("x " + view.project_name)}) | job_part("documents")


def build(services, language):
    gr.HTML(html.place("stub.rag"))
    upload(services, language, "process", "Files", "Go", rag_processor.start_documents, several=True)
    gr.HTML(html.place("job.documents"))

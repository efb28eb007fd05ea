"""Step 1: documents in, searchable chunks out. Lays the tab out; each section has a module of its own."""

import gradio as gr

from core import rag_processor
from core.jobs.services import Services
from ui.documents import chunk_cutting, chunk_list, documents_list, export_database, passwords
from ui.documents.documents_overview import overview_html
from ui.page import html
from ui.page.job_panel import job_part
from ui.page.parts import Part
from ui.page.uploads import upload
from ui.texts import text

# In this order below each other.
READ = job_part("documents") | passwords.PART | documents_list.PART | chunk_cutting.PART
BELOW = READ | chunk_list.PART | export_database.PART
PART = Part({"documents.overview": overview_html}) | BELOW


def build(services: Services, language: str) -> None:
    """Upload and overview side by side; the rest is below, once there is something to show."""
    formats = ", ".join(rag_processor.readable_formats())
    gr.HTML(html.muted(text("documents.about", language)))
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, scale=2):
            labels = (text("documents.files", language), text("documents.process", language))
            upload(services, language, "process", *labels, rag_processor.start_documents, several=True)
            gr.HTML(html.muted(text("documents.formats", language, formats=formats)))
        with gr.Column(min_width=280, scale=3):
            gr.HTML(html.place("documents.overview"))
    gr.HTML("".join(map(html.place, BELOW.places)))

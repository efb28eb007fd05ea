"""Step 1: documents in, searchable chunks out. Lays the tab out; each section has a module of its own."""

from core import rag_processor
from ui.documents import chunk_cutting, chunk_list, documents_list, export_database, passwords
from ui.documents.documents_overview import overview_html
from ui.page import html
from ui.page.job_panel import job_part
from ui.page.parts import Act, Part
from ui.texts import text

# In this order below each other.
READ = job_part("documents") | passwords.PART | documents_list.PART | chunk_cutting.PART
BELOW = READ | chunk_list.PART | export_database.PART


def layout_html(language: str) -> str:
    """Upload and overview side by side; the rest is below, once there is something to show."""
    formats = text("documents.formats", language, formats=", ".join(rag_processor.readable_formats()))
    start = html.button("documents.read", text("documents.process", language), tone="primary", key="process")
    upload = html.upload("process", text("documents.files", language), start, several=True) + html.muted(formats)
    above = html.columns(upload, html.place("documents.overview"))
    return html.muted(text("documents.about", language)) + above + html.places(*BELOW.places)


def read(act: Act) -> None:
    rag_processor.start_documents(act.services, act.project, act.uploads)


PART = Part({"documents.overview": overview_html}, {"documents.read": read}) | BELOW

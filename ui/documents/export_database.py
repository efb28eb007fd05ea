"""The database as a file to take along: shown in the file manager of this machine, or downloaded by another one."""

from collections.abc import Mapping

from core import rag_processor
from core.project_manager import Project
from ui.page import downloads, html
from ui.page.downloads import Download
from ui.page.parts import Act, Answer, Part
from ui.page.view import View

PATH = "/download/database"


def export_html(view: View) -> str:
    """The button, and what it is for; nothing before there are chunks."""
    if not (view.status and view.status.chunks):
        return ""
    button = html.button("database.export", view.t("documents.export"))
    title = f'<h2 class="section">{view.t("documents.section.export")}</h2>'
    return f'{title}{html.muted(view.t("documents.export_about"))}<div class="buttons">{button}</div>'


def export_database(act: Act) -> Answer:
    """Writes the file."""
    project, words = act.project, act.t("documents.exported")
    address = downloads.address_of(PATH, project.name)
    return downloads.take_along(act, lambda: (rag_processor.export_database(project), words), address)


def database_of(project: Project, _asked: Mapping[str, str]) -> Download:
    """The project's database as it was last exported."""
    return Download(project.database_export, f"{project.name}.db", "application/vnd.sqlite3")


PART = Part({"documents.export": export_html}, {"database.export": export_database})

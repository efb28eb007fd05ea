"""The form for documents that a password opens. What is typed goes to the reader and nowhere else."""

from core import rag_processor
from ui.documents.documents_list import busy
from ui.page import html
from ui.page.fields import Field
from ui.page.parts import EVERY, Act, Answer, Part
from ui.page.view import View
from utils.errors import AppError, readable


def locked(view: View) -> list[str]:
    """The documents that a password would open: of the formats, only PDF takes one."""
    names = [source.filename for source in view.documents if source.status == "password"]
    return [name for name in names if name.lower().endswith(".pdf")]


def passwords_html(view: View) -> str:
    """The form for the documents that need a password; it is there only while there are such documents."""
    names, t = locked(view), view.t
    if not names:
        return ""
    choices = [(t("documents.password_all", count=len(names)), EVERY)] if len(names) > 1 else []
    choices += [(name, name) for name in names]
    document = Field("document", t("documents.password_for"), kept=False).select(choices, choices[0][1])
    password = Field("document-password", t("documents.password"), kept=False).text("", secret=True)
    unlock = html.button("documents.unlock", t("documents.unlock"), why_not=busy(view), main=True)
    about = html.muted(t("documents.password_about", count=len(names)))
    form = html.form(document + password + unlock, "line")
    return f'<div class="card" id="passwords">{about}{form}</div>'


def unlock(act: Act) -> Answer:
    """Reads locked documents with the password that was typed. The field is emptied whatever comes of it."""
    try:
        password, chosen = act.text("document-password"), act.text("document")
        if not password:
            raise AppError("password_empty")
        names = [name for name in locked(act.view) if chosen in (EVERY, name)]
        rag_processor.start_reprocess(act.services, act.project, names, dict.fromkeys(names, password))
    except (AppError, OSError) as error:
        return Answer(act.view.error_box(readable(error)), empty=("document-password",))
    return Answer(empty=("document-password",))


PART = Part({"documents.passwords": passwords_html}, {"documents.unlock": unlock})

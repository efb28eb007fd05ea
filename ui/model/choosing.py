"""Taking a model: the buttons for it, and why it is not possible now."""

from core import base_models
from core.base_models import Listed, OllamaModel
from core.jobs.kinds import of_tab
from ui.page import html
from ui.page.figures import model_words
from ui.page.parts import Act, Answer, Part, good
from ui.page.view import View
from utils.config import BaseChoice
from utils.errors import AppError
from utils.validators import checked

PRACTICE = "practice"


def why_not(view: View) -> str:
    """Why no other model can be taken now; empty if one can."""
    if view.project is None:
        return view.t("blocked.no_project")
    busy = view.unfinished("download") or view.unfinished("unpack_base")
    return view.t("blocked.base_running") if busy else ""


def practice_why_not(view: View) -> str:
    """Why the practice model cannot be made now; empty if it can."""
    if view.project and view.active(of_tab("model")):
        return view.t("blocked.base_running")
    return why_not(view) or ("" if view.status and view.status.chunks else view.t("blocked.no_chunks"))


def practice_mended_at(view: View) -> str:
    """The screen that brings what the practice model lacks."""
    return "" if view.project is None or (view.status and view.status.chunks) else "documents"


def take_button(view: View, source: str, name: str, words: str = "", *, tone: str = "", about: str = "") -> str:
    """Takes a model. Why it is off stands once, beside the model that is chosen."""
    words, off = words or view.t("model.take"), bool(why_not(view))
    about = about or f"{words}: {name}"
    return html.small_button("model.take", f"{source}:{name}", words, off=off, tone=tone, about=about)


def row_button(view: View, source: str, one: Listed | OllamaModel) -> str:
    """The button of a row of the list; none where the model cannot be trained."""
    return "" if one.problem else take_button(view, source, one.name)


def is_chosen(view: View, source: str, name: str) -> bool:
    base = view.config.base if view.config else None
    return base is not None and (base.source, base.name) == (source, name)


def take(act: Act) -> Answer:
    """Take a model, and get it ready. `of` is source:name, or only the source where a name was typed."""
    source, _, name = act.of.partition(":")
    field = f"base_{source}"
    if not (name := name or act.text(field).strip()):
        raise AppError("field_empty", field=field)
    choice = checked(BaseChoice, {"source": source, "name": name})
    if source == PRACTICE:
        base_models.start_practice_base(act.services, act.project)
        base_models.choose_base(act.project, choice)
    else:
        base_models.take_base(act.services, act.project, choice)
    return good(act, "model.chosen", name=model_words(source, name, act.language))


PART = Part(actions={"model.take": take, "model.take_named": take})

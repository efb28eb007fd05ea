"""How texts are cut: the settings, and cutting again where the chunks were made with other ones."""

from typing import Any

from core import rag_processor
from core.rag_processor import LOCAL_NAME
from ui.documents.documents_list import busy
from ui.page import fields, html
from ui.page.parts import Part, starting
from ui.page.view import View

FIELDS = ("chunk_tokens", "overlap_tokens")


def cutting_html(view: View) -> str:
    """The settings, whose tokens are counted, and the button with its reason."""
    made, t = stored(view), view.t
    if not made:
        return ""
    tokenizers = ", ".join(sorted({tokenizer_words(view, one.get("tokenizer")) for one in made}))
    why = reason(view)
    off = busy(view) or ("" if why else t("cutting.up_to_date"))
    body = (
        f'<div class="fields">{fields.settings(view, "documents", FIELDS)}</div>'
        f"{html.muted(t('cutting.counted_with', tokenizer=tokenizers))}{html.muted(why)}"
        f"{html.button('documents.cut', t('cutting.again'), why_not=off)}"
    )
    return html.fold("cutting", t("documents.chunking"), f"<div>{body}</div>")


def stored(view: View) -> list[dict[str, Any]]:
    """How the chunks of each document were made."""
    return [source.params for source in view.documents if source.chunks]


def reason(view: View) -> str:
    """Why the chunks should be cut again; empty where they fit the settings and the model."""
    assert view.project
    wanted = rag_processor.wanted_cut(view.project)
    different = {name: one.get(name) for one in stored(view) for name in wanted if one.get(name) != wanted[name]}
    if any(name in different for name in FIELDS):
        return view.t("cutting.settings_changed")
    if "tokenizer" not in different:
        return ""
    before, now = (tokenizer_words(view, name) for name in (different["tokenizer"], wanted["tokenizer"]))
    return view.t("cutting.tokenizer_changed", stored=before, wanted=now)


def tokenizer_words(view: View, name: object) -> str:
    """A tokenizer's name for people: the model's, without what tells its versions apart."""
    return view.t("cutting.local_vocabulary") if name in (None, LOCAL_NAME) else str(name).partition("#")[0]


PART = Part({"documents.cutting": cutting_html}, {"documents.cut": starting(rag_processor.start_rechunk)})

"""How a comparison, an export and an answer look. Knows the results' shapes; starts nothing."""

from html import escape
from typing import Any

from ui import html
from ui.view import View


def evaluation_html(view: View) -> str:
    """Base and tuned model side by side, with the number of samples and the uncertainty."""
    result = view.result("evaluate")
    return "" if result is None else html.muted(str(result))


def export_html(view: View) -> str:
    """Where the files lie, and whether the exported file answers as the trainer's model does."""
    result = view.result("export")
    if result is None:
        return ""
    files = "".join(f"<li><code>{escape(str(file))}</code></li>" for file in result["files"])
    return f"<ul class='files'>{files}</ul>{verification_html(view, result.get('verification') or {})}"


def verification_html(view: View, verification: dict[str, Any]) -> str:
    return html.muted(str(verification))


def answer_html(view: View) -> str:
    """The newest question with the model's answer."""
    result = view.result("ask")
    if result is None:
        return ""
    return f'<blockquote class="answer">{escape(str(result.get("answer", "")))}</blockquote>'

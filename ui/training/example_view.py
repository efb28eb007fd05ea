"""Samples as the model reads them: what it only reads, what it learns, and where an answer ends. Only renders.

The roles differ in colour, in the line below the words and in a sign, and a legend names them.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from ui.page import html
from ui.page.view import View

ROLES = ("read", "learned", "end")


def examples_html(view: View, examples: Sequence[dict[str, Any]]) -> str:
    """Each example behind a fold, with the legend above."""
    if not examples:
        return ""
    legend = "".join(f'<span class="role {role}">{view.html(f"preflight.role.{role}")}</span>' for role in ROLES)
    folds = "".join(html.more(title_of(view, example), text_html(view, example)) for example in examples)
    return f'<div class="examples"><p class="roles">{legend}</p>{folds}</div>'


def title_of(view: View, example: dict[str, Any]) -> str:
    key = "preflight.example_cut" if example["missing"] else "preflight.example"
    why = view.t(f"preflight.why.{example['why']}")
    return view.t(key, why=why, tokens=example["tokens"], missing=example["missing"])


def text_html(view: View, example: dict[str, Any]) -> str:
    """The whole text; of a long piece its beginning and its end."""
    pieces = "".join(
        f'<span class="role {segment["role"]}" title="{view.html("preflight.role." + segment["role"])}">'
        f"{escape(segment['text'])}{left_out_html(view, segment)}{escape(segment['rest'])}</span>"
        for segment in example["segments"]
    )
    return f'<div class="example" dir="auto">{pieces}</div>'


def left_out_html(view: View, segment: dict[str, Any]) -> str:
    if not segment["left_out"]:
        return ""
    return f"<em>{view.html('preflight.left_out', count=segment['left_out'])}</em>"

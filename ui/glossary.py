"""The terms of the page, each in a sentence: a window that the header opens. Only renders."""

from html import escape

from ui.page import html
from ui.texts import text

# In the order of the steps.
TERMS = (
    *("chunk", "token", "base_model", "practice", "quantization", "sample", "helper", "training", "lora", "epoch"),
    *("batch", "learning_rate", "loss", "held_out", "overfitting", "checkpoint", "gguf", "safetensors", "ollama"),
)


def opener_html(language: str) -> str:
    """The button of the header."""
    words = escape(text("glossary.title", language))
    return f'<button type="button" id="glossary-open" aria-haspopup="dialog">{words}</button>'


def glossary_html(language: str) -> str:
    """The window, closed at first: the browser keeps the focus in it, and Escape closes it."""
    title, close = escape(text("glossary.title", language)), escape(text("glossary.close", language))
    pairs = ((text(f"glossary.{name}", language), text(f"glossary.{name}.about", language)) for name in TERMS)
    terms = html.terms((escape(term), escape(about)) for term, about in pairs)
    head = f'<form method="dialog"><h2 id="glossary-title">{title}</h2><button class="small">{close}</button></form>'
    return f'<dialog id="glossary" aria-labelledby="glossary-title">{head}{terms}</dialog>'

"""Small pieces of HTML: tables, bars, boxes, figures. Everything that comes from outside is escaped here."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

CELL_CHARACTERS = 300


def place(name: str, kind: str = "") -> str:
    """Where a place of the page is to be; what it shows comes by itself."""
    return f'<div data-place="{escape(name)}" class="{escape(kind)}"></div>'


def places(*names: str) -> str:
    """Several of them, below each other."""
    return "".join(map(place, names))


def upload(name: str, words: str, button: str, *, several: bool = False) -> str:
    """A field for files, also to drop them on, and the button that sends them. Every type is taken: core says what it
    can read."""
    label = f"<span>{escape(words)}</span><input type='file'{' multiple' if several else ''}><output></output>"
    field = f'<label class="upload" id="{escape(name)}-files">{label}</label>'
    return form(f"{field}{button}<progress hidden></progress>")


def button(
    do: str,
    words: str,
    *,
    of: str = "",
    why_not: str = "",
    mend: str = "",
    tone: str = "",
    main: bool = False,
    key: str = "",
) -> str:
    """A button that asks for an action; while it is off, the reason stands below it.

    The reason leads to the screen `mend`, where it can be mended. `tone` is primary, stop or plain; Enter in a field
    of the same form presses the `main` one.
    """
    off = f' disabled aria-describedby="why-{escape(do)}"' if why_not else ""
    reason = tab_link(mend, why_not) if mend else escape(why_not)
    why = f'<p class="muted why" id="why-{escape(do)}">{reason}</p>' if why_not else ""
    return (
        f'<button type="button" class="button {tone}" id="{escape(key or do)}" data-do="{escape(do)}" '
        f'data-of="{escape(of)}"{" data-main" if main else ""}{off}>{escape(words)}</button>{why}'
    )


def tab_link(tab: str, words: str) -> str:
    """Words that lead to another screen."""
    return f'<a href="?tab={tab}" data-tab="{tab}">{escape(words)}</a>'


def link(tab: str, words: str, tone: str = "") -> str:
    """A link to another screen that looks like a button: the next step is there."""
    return f'<a class="button {tone}" href="?tab={tab}" data-tab="{tab}">{escape(words)}</a>'


def curve(name: str, data: Mapping[str, Any], *, live: bool = False) -> str:
    """A picture of lines over steps, drawn by the page's script: `data` as `moving.curve_data` gives it. A `live` one
    follows the training that runs."""
    points, follows = escape(json.dumps(data, separators=(",", ":"))), "live" if live else ""
    return f'<figure class="plot" id="{name}" data-own data-curve="{follows}" data-points="{points}"></figure>'


def form(body: str, kind: str = "") -> str:
    """Fields and the buttons that they are sent with."""
    return f'<div data-form class="form {kind}">{body}</div>'


def columns(*parts: str) -> str:
    """Side by side, below each other where it is narrow."""
    return f'<div class="columns">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def fold(name: str, title: str, body: str) -> str:
    """A part that is folded away until somebody opens it."""
    return f'<details class="fold" id="{escape(name)}"><summary>{escape(title)}</summary>{body}</details>'


class Tooltip(NamedTuple):
    """The mark beside a label, and the explanation that it shows."""

    mark: str
    text: str


def tooltip(name: str, words: str) -> Tooltip:
    """An explanation that shows while somebody points at its mark, or is in its field."""
    if not words:
        return Tooltip("", "")
    mark = '<span class="hint" aria-hidden="true">?</span>'
    return Tooltip(mark, f'<span class="about" role="tooltip" id="{escape(name)}">{escape(words)}</span>')


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], empty: str, kind: str = "") -> str:
    """A table whose cells are HTML already; on a narrow screen each cell repeats its header.

    `kind` is a class for tables with a look of their own.
    """
    body = "".join(
        "<tr>"
        + "".join(f'<td data-label="{escape(head)}">{cell}</td>' for head, cell in zip(headers, row, strict=True))
        + "</tr>"
        for row in rows
    )
    if not body:
        return muted(empty)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headers)
    filled = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="table-scroll"><table class="data {kind}">{filled}</table></div>'


def shortened(words: str) -> str:
    """A text for a cell: long ones are cut, since the whole of it would hide the other rows."""
    return escape(words if len(words) <= CELL_CHARACTERS else f"{words[:CELL_CHARACTERS]}…")


def muted(words: str) -> str:
    """A quiet line, such as what an empty place will hold."""
    return f'<p class="muted">{escape(words)}</p>' if words else ""


def small(words: str) -> str:
    """A line below others that says more about them."""
    return f"<small>{escape(words)}</small>" if words else ""


def box(tone: str, words: str, more: str = "") -> str:
    """A coloured box: what happened in bold, what to do below it."""
    hint = f"<p>{escape(more)}</p>" if more else ""
    role = "alert" if tone == "bad" else "status"
    return f'<div class="box {tone}" role="{role}"><strong>{escape(words)}</strong>{hint}</div>'


def badge(tone: str, words: str) -> str:
    """A word with a colour, such as the state of a document."""
    return f'<span class="badge {tone}">{escape(words)}</span>'


def bar(fraction: float | None, label: str) -> str:
    """A progress bar; without a fraction it shows that something moves."""
    if fraction is None:
        return f'<div class="bar unknown" role="progressbar" aria-label="{escape(label)}"><div></div></div>'
    percent = round(fraction * 100, 1)
    return (
        f'<div class="bar" role="progressbar" aria-label="{escape(label)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}"><div style="width:{percent}%"></div></div>'
    )


def tiles(figures: Iterable[tuple[str, str]]) -> str:
    """Labelled figures side by side; both parts are plain words."""
    cells = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in figures)
    return f'<dl class="tiles">{cells}</dl>'


def more(summary: str, body: str) -> str:
    """Text that opens on a click."""
    return f'<details class="more"><summary>{escape(summary)}</summary>{body}</details>'


def small_button(
    do: str, of: str, words: str, *, off: bool = False, needs_tick: bool = False, tone: str = "", about: str = ""
) -> str:
    """A button inside of HTML; `about` says more than the words do."""
    more = ' data-needs-tick="1" disabled' if needs_tick else " disabled" if off else ""
    label = f' aria-label="{escape(about)}" title="{escape(about)}"' if about else ""
    return (
        f'<button type="button" class="small {tone}" data-do="{escape(do)}" data-of="{escape(of)}"{more}{label}>'
        f"{escape(words)}</button>"
    )


def opener(do: str, of: str, words: str, current: bool) -> str:
    """The button of a row that opens it in detail; `words` are HTML."""
    return (
        f'<button type="button" class="open" data-do="{escape(do)}" data-of="{escape(of)}" '
        f'aria-current="{str(current).lower()}">{words}</button>'
    )


def terms(pairs: Iterable[tuple[str, str]], kind: str = "") -> str:
    """What words mean, or who says what; both parts are HTML."""
    rows = "".join(f"<dt>{term}</dt><dd>{meaning}</dd>" for term, meaning in pairs)
    return f'<dl class="terms {kind}">{rows}</dl>'


def turns(said: Iterable[tuple[str, str]]) -> str:
    """A conversation: what was asked and what was answered, plain words."""
    return terms(((escape(asked), escape(answered)) for asked, answered in said), "turns")


def chunk(place: str, about: str, text: str) -> str:
    """A chunk: where it stands, what is known of it, and its text; the text is HTML."""
    head = f"<header><cite>{escape(place)}</cite><span>{escape(about)}</span></header>"
    return f'<article class="chunk">{head}{text}</article>'


def chips(do: str, choices: Iterable[tuple[str, str, str]], chosen: str) -> str:
    """A choice between a few (name, words, count), of which one holds."""
    buttons = "".join(
        f'<button type="button" data-do="{escape(do)}" data-of="{escape(name)}" '
        f'aria-pressed="{str(name == chosen).lower()}">{escape(words)} <b>{escape(count)}</b></button>'
        for name, words, count in choices
    )
    return f'<div class="chips" role="group">{buttons}</div>'


def tick(row: str, about: str) -> str:
    """The check box of a row."""
    return f'<input type="checkbox" data-row="{escape(row)}" aria-label="{escape(about)}">'


def tick_every(words: str) -> str:
    """The check box that stands for all rows, also those on other pages."""
    return f'<label><input type="checkbox" data-every="1"> {escape(words)}</label>'

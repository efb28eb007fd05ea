"""HTML with buttons and check boxes in it, for lists whose rows Gradio has no widget for.

A button is `<button data-do="remove" data-of="a.pdf">`, a box `<input type="checkbox" data-row="a.pdf">`; a box with
`data-every` stands for all rows, also those on other pages of the list. What is ticked lives in the browser until a
button tells the server, so that a list that is drawn anew every second never unticks anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from ui.page import html
from ui.page.view import View

EVERY = "*"
# `data-round` on the list's root is another one where ticks are to be forgotten; Gradio patches the old elements, and
# so neither ticks nor opened details may be left where they stood.
SCRIPT = """
const ticked = new Set(), spared = new Set(), opened = new Set();
let every = false, round = null;
const all = (selector) => element.querySelectorAll(selector);
function forget() { ticked.clear(); spared.clear(); every = false; }
const is_ticked = (row) => every ? !spared.has(row) : ticked.has(row);
function show() {
  const root = element.querySelector("[data-round]");
  if (root && root.dataset.round !== round) { forget(); round = root.dataset.round; }
  all("input[data-row]").forEach((box) => { box.checked = is_ticked(box.dataset.row); });
  all("input[data-every]").forEach((box) => { box.checked = every && !spared.size; });
  all("button[data-needs-tick]").forEach((button) => { button.disabled = !every && !ticked.size; });
  all("[data-count]").forEach((place) => {
    const count = every ? place.dataset.all - spared.size : ticked.size;
    place.textContent = place.dataset.count.replace("#", count.toLocaleString(document.documentElement.lang));
  });
  all("details[data-row]").forEach((part) => { part.open = opened.has(part.dataset.row); });
}
element.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("input[data-every]")) { forget(); every = box.checked; }
  if (box.matches("input[data-row]")) {
    box.checked === every ? spared.delete(box.dataset.row) : spared.add(box.dataset.row);
    box.checked ? ticked.add(box.dataset.row) : ticked.delete(box.dataset.row);
    if (!every) spared.clear();
  }
  show();
});
element.addEventListener("toggle", (event) => {
  const part = event.target;
  if (part.matches("details[data-row]")) part.open ? opened.add(part.dataset.row) : opened.delete(part.dataset.row);
}, true);
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button || button.disabled) return;
  const of = button.dataset.of || "";
  trigger("click", {do: button.dataset.do, of: of, ticked: every ? ["*", ...spared] : [...ticked]});
});
watch("value", show);
show();
"""


@dataclass(frozen=True)
class Click:
    """Which button was clicked, of which row, and what was ticked. All of it comes from outside: check before use."""

    do: str
    of: str
    ticked: tuple[str, ...]

    @property
    def number(self) -> int:
        """The number that was clicked; 0 where it is none."""
        return int(self.of) if self.of.isdecimal() and len(self.of) < 19 else 0

    def chosen(self, rows: Iterable[str]) -> list[str]:
        """Which of these rows are ticked. Where all were ticked, those are named that were unticked again."""
        every, named = self.ticked[:1] == (EVERY,), set(self.ticked)
        return [row for row in rows if (row in named) != every]


def clickable(elem_id: str) -> gr.HTML:
    """The place for such a list."""
    return gr.HTML(elem_id=elem_id, js_on_load=SCRIPT)


def pager(view: View, back: tuple[str, int | None], onward: tuple[str, int | None], place: str = "") -> str:
    """The ways back and on, each as its button and of what; one of None is off, and where both are there is none."""
    if back[1] is None and onward[1] is None:
        return ""
    left, right = (
        html.small_button(do, "" if of is None else str(of), view.t(words), off=of is None)
        for (do, of), words in ((back, "documents.back"), (onward, "documents.onward"))
    )
    return f'<div class="pager">{left}{f"<span>{escape(place)}</span>" if place else ""}{right}</div>'


def turner(view: View, numbers: Sequence[int], before: bool, behind: bool) -> str:
    """A pager whose buttons name the first and the last of the numbers on this page; see `Position.turned`."""
    first, last = (numbers[0], numbers[-1]) if numbers else (0, 0)
    return pager(view, ("back", first if before else None), ("onward", last if behind else None))


def pages(view: View, page: int, count: int, place: str) -> str:
    """A pager whose buttons name the page that they lead to, of so many."""
    return pager(view, ("page", page - 1 if page else None), ("page", page + 1 if page + 1 < count else None), place)


def as_click(event: Any) -> Click:
    """The Click in an event's data; what is missing or of another kind is left empty."""
    data = getattr(event, "_data", None)
    data = data if isinstance(data, dict) else {}
    ticked = data.get("ticked")
    names = tuple(name for name in ticked if isinstance(name, str)) if isinstance(ticked, list) else ()
    return Click(str(data.get("do", "")), str(data.get("of", "")), names)

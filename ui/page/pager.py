"""The ways back and on in a list, and where in it somebody is."""

from collections.abc import Sequence
from html import escape
from typing import TypeVar

from ui.page import html
from ui.page.view import View

Row = TypeVar("Row")


def pager(view: View, do: str, back: int | None, onward: int | None, place: str = "") -> str:
    """The buttons `<do>.back` and `<do>.onward`, each with the number that it leads to; one of None is off, and where
    both are there is none."""
    if back is None and onward is None:
        return ""
    left, right = (
        html.small_button(f"{do}.{way}", "" if of is None else str(of), view.t(f"pager.{way}"), off=of is None)
        for way, of in (("back", back), ("onward", onward))
    )
    return f'<div class="pager">{left}<span>{escape(place)}</span>{right}</div>'


def turner(view: View, do: str, numbers: Sequence[int], before: bool, behind: bool) -> str:
    """A pager whose buttons name the first and the last of the numbers on this page; see `Position.turned`."""
    first, last = (numbers[0], numbers[-1]) if numbers else (0, 0)
    return pager(view, do, first if before else None, last if behind else None)


def paged(view: View, do: str, rows: Sequence[Row], page: int, size: int) -> tuple[Sequence[Row], str]:
    """One page of so many rows, the last one where there are not as many, and its pager, whose buttons name the page
    that they lead to."""
    last = max(0, (len(rows) - 1) // size)
    page = min(page, last)
    part = rows[page * size : (page + 1) * size]
    place = view.t("pager.place", first=page * size + 1, last=page * size + len(part), count=len(rows))
    return part, pager(view, do, page - 1 if page else None, page + 1 if page < last else None, place)

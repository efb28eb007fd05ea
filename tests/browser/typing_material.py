"""Typing into a box of the page, not in the very moment in which it comes up."""

from playwright.sync_api import Locator

SETTLED_MILLISECONDS = 150
ATTEMPTS = 20


def type_into(box: Locator, text: str) -> None:
    """A box that has just come up is still filled by Gradio for some milliseconds, which no person can meet.

    So who types that fast looks again, and types once more where the text was taken away.
    """
    for _ in range(ATTEMPTS):
        box.fill(text)
        box.page.wait_for_timeout(SETTLED_MILLISECONDS)
        if box.input_value() == text:
            return
    raise AssertionError(f"{box} does not keep {text!r}")

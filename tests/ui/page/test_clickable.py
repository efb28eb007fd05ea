"""What a click on a list says, whatever the browser sends."""

import gradio as gr
import pytest
from ui.page.clickable import as_click


@pytest.mark.parametrize(
    "data", [None, {}, [], "x", {"do": None, "ticked": "abc"}, {"do": 3, "of": {"a": 1}, "ticked": [1, None, {}]}]
)
def test_a_click_with_odd_data_is_a_click_on_nothing(data):
    click = as_click(gr.EventData(None, data))
    assert isinstance(click.do, str)
    assert isinstance(click.of, str)
    assert click.chosen(["a", "b"]) == []


@pytest.mark.parametrize(
    ("ticked", "chosen"),
    [
        (["c", "a", "../../etc/passwd"], ["a", "c"]),  # in the list's order, and only those that exist
        (["*"], ["a", "b", "c"]),
        (["*", "a"], ["b", "c"]),  # all but those that were unticked again
    ],
)
def test_ticked_rows_are_chosen(ticked, chosen):
    click = as_click(gr.EventData(None, {"do": "again", "of": "", "ticked": ticked}))
    assert click.chosen(["a", "b", "c"]) == chosen

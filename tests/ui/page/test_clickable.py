"""What a click on a list says, whatever the browser sends."""

import gradio as gr
import pytest

from ui.page.clickable import Click, as_click


@pytest.mark.parametrize(
    "data", [None, {}, [], "x", {"do": None, "ticked": "abc"}, {"do": 3, "of": {"a": 1}, "ticked": [1, None, {}]}]
)
def test_a_click_with_odd_data_is_a_click_on_nothing(data):
    click = as_click(gr.EventData(None, data))
    assert isinstance(click.do, str)
    assert isinstance(click.of, str)
    assert click.chosen(["a", "b"]) == []


def test_ticked_rows_are_chosen_in_the_lists_order_and_only_those_that_exist():
    click = as_click(gr.EventData(None, {"do": "again", "of": "", "ticked": ["c", "a", "../../etc/passwd"]}))
    assert click.chosen(["a", "b", "c"]) == ["a", "c"]


def test_all_rows_are_chosen_but_those_that_were_unticked_again():
    assert Click("again", "", ("*",)).chosen(["a", "b"]) == ["a", "b"]
    assert Click("again", "", ("*", "a")).chosen(["a", "b"]) == ["b"]

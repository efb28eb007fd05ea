"""Answers of the chat protocol in odd shapes, beside those that the tests of the helpers send through a server."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.samples.providers.completions import choice_of, end_of, put_together, said_in


def test_what_ollama_says_while_it_thinks_is_the_answer_only_where_it_is_json_and_nothing_else_is_there():
    def said(content, thinking):
        pieces = [{"message": {"content": "", "thinking": thinking}}, {"message": {"content": content}, "done": True}]
        return said_in(put_together(pieces, True)["choices"][0])

    assert said("", '{"samples": []}') == '{"samples": []}'
    assert said("Ja.", '{"samples": []}') == "Ja."
    assert said("", 'Hm. {"samples": []}') == ""


@pytest.mark.parametrize(
    ("pieces", "is_ended", "end"),
    [
        ([{"message": {"content": "Ja."}, "done_reason": "stop"}], True, "whole"),
        ([{"message": {"content": "Ja."}}], True, "whole"),
        ([{"message": {"content": "Ja."}, "done_reason": "length"}], True, "cut_off"),
        ([{"message": {"content": "Ja."}}], False, "cut_off"),
        ([], False, "cut_off"),
    ],
)
def test_a_stream_ends_as_its_server_says_and_else_in_the_middle(pieces, is_ended, end):
    assert end_of(put_together(pieces, is_ended)["choices"][0]) == end


def test_the_arguments_of_a_call_come_in_pieces_too():
    pieces = [
        {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": part}}]}}]} for part in ('{"a"', ": 1}")
    ]
    assert said_in(put_together(pieces, True)["choices"][0]) == '{"a": 1}'


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("choices", "message", "delta", "content", "text", "type", "tool_calls", "function"),
                    *("arguments", "usage"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(anything)
def test_no_answer_is_too_odd(content):
    choice = choice_of(content)
    if choice is not None:
        assert isinstance(said_in(choice), str)
        assert end_of(choice) in ("whole", "cut_off", "filtered")
    assert isinstance(said_in(put_together([content, content], True)["choices"][0]), str)

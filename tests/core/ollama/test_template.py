"""Chat templates as models bring them, and what Ollama is given for each. The templates are written for this test."""

from collections.abc import Sequence

import jinja2
import pytest
from transformers.utils.chat_template_utils import _compile_jinja_template

from core.ollama.go_template import Message, fill
from core.ollama.template import Ask, conversation, find_recipe
from core.training.training_data import PLAIN_CHAT_TEMPLATE

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
OWN_SYSTEM = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are helpful.<|im_end|>\n{% endif %}" + CHATML
)
SYSTEM_IN_QUESTION = (
    "{{ bos_token }}{% set first = messages[0]['content'] + '\\n\\n' if messages[0]['role'] == 'system' else '' %}"
    "{% for m in (messages[1:] if first else messages) %}"
    "{{ '<start>' + ('model' if m['role'] == 'assistant' else 'user')"
    " + '\\n' + (first if loop.first else '') + m['content'] | trim + '<end>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start>model\\n' }}{% endif %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}"
    "{{ '{{' + m.role + '}} ' + m.content + ' {' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '{{A}} ' }}{% endif %}"
)
THINKS_AT_THE_END = (
    '{% for m in messages %}<{{ m.role }}>{{ m.content }}"""{% endfor %}'
    "{% if add_generation_prompt %}<assistant><think>{% endif %}"
)
SYSTEM_LAST = (
    "{% for m in messages %}{% if m.role == 'user' %}[INST] {% if loop.last and messages[0].role == 'system' %}"
    "{{ messages[0].content }}\n\n{% endif %}{{ m.content }}[/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content }}</s>{% endif %}{% endfor %}"
)
COUNTS_TURNS = "{% for m in messages %}{{ loop.index }}:{{ m.content }};{% endfor %}"


def asker(chat_template: str) -> Ask:
    compiled = _compile_jinja_template(chat_template)

    def ask(messages: Sequence[Message]) -> str | None:
        try:
            return compiled.render(messages=messages, add_generation_prompt=True, bos_token="<s>", eos_token="</s>")
        except jinja2.TemplateError:
            return None

    return ask


@pytest.mark.parametrize(
    ("chat_template", "same", "of"),
    [
        (CHATML, 5, 5),
        (PLAIN_CHAT_TEMPLATE, 5, 5),
        (OWN_SYSTEM, 5, 5),
        (SYSTEM_IN_QUESTION, 5, 5),
        (THINKS_AT_THE_END, 5, 5),
        (NO_SYSTEM, 3, 3),
        (SYSTEM_LAST, 3, 5),
    ],
    ids=["chatml", "plain", "own system", "system in question", "thinks", "no system", "system last"],
)
def test_ollama_makes_the_same_text_as_the_chat_template(chat_template: str, same: int, of: int) -> None:
    recipe = find_recipe(asker(chat_template), "<s>")
    assert recipe and recipe.source == "derived" and recipe.all_turns
    assert (recipe.same, recipe.conversations) == (same, of)
    assert '"""' not in recipe.template


def test_a_template_that_counts_its_turns_is_right_for_one_turn_only_and_says_so() -> None:
    recipe = find_recipe(asker(COUNTS_TURNS), "")
    assert recipe and recipe.source == "one_turn"
    assert recipe.first_turn and not recipe.all_turns
    assert fill(recipe.template, conversation("Was?")) == "1:Was?;"


def test_a_chat_template_that_repeats_the_question_cannot_be_told() -> None:
    assert find_recipe(asker("{{ messages[-1].content }} {{ messages[-1].content }}"), "") is None


BROUGHT = (
    "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}"
    '{{ range .Messages }}{{ if ne .Role "system" }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n'
    "{{ end }}{{ end }}"
    "<|im_start|>assistant\n"
)


def test_the_template_of_a_base_from_ollama_is_kept_where_it_asks_as_training_did() -> None:
    recipe = find_recipe(asker(CHATML), "", BROUGHT)
    assert recipe and (recipe.template, recipe.source) == (BROUGHT, "ollama")


def test_a_template_that_asks_to_think_where_ollama_lets_models_think_is_replaced() -> None:
    """Newer versions switch thinking on by themselves, which training never saw."""
    thinking = BROUGHT + "{{ if and .IsThinkSet .Think }}<think>\n{{ end }}"
    assert fill(thinking, conversation("Was?"), think=True).endswith("<think>\n")
    recipe = find_recipe(asker(CHATML), "", thinking)
    assert recipe and recipe.source == "derived"


def test_a_system_text_that_training_never_saw_is_left_out() -> None:
    recipe = find_recipe(asker(CHATML), "", BROUGHT, "You are a pirate.")
    assert recipe and (recipe.source, recipe.system) == ("ollama", "")


def test_a_system_text_that_the_chat_template_adds_itself_is_kept() -> None:
    recipe = find_recipe(asker(OWN_SYSTEM), "", BROUGHT, "You are helpful.")
    assert recipe and (recipe.source, recipe.system) == ("ollama", "You are helpful.")


@pytest.mark.parametrize("brought", ["{{ .Prompt }}", "{{ something }}", "{{"])
def test_a_template_of_ollama_that_asks_in_another_form_is_replaced(brought: str) -> None:
    recipe = find_recipe(asker(CHATML), "", brought)
    assert recipe and recipe.source == "derived"

"""Chat templates as models bring them, and what Ollama is given for each. The templates are written for this test, in
the shapes that the families are known for."""

import jinja2
import pytest
from transformers.utils.chat_template_utils import _compile_jinja_template

from core.export.go_template import fill
from core.export.template import conversation, find_recipe
from core.models.chat_text import PLAIN_CHAT_TEMPLATE

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
ALTERNATING = (
    "{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}{% else %}{% set rest = messages %}{% endif %}"
)
MISTRAL_1 = (
    f"{{{{ bos_token }}}}{ALTERNATING}"
    "{% for m in rest %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('no') }}{% endif %}"
    "{% if m.role == 'user' %}{{ ' [INST] ' }}{% if loop.first and messages[0].role == 'system' %}"
    "{{ messages[0].content + '\n\n' }}{% endif %}{{ m.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}"
)
MISTRAL_3 = (
    f"{{{{ bos_token }}}}{ALTERNATING}"
    "{% for m in rest %}{% if m.role == 'user' %}[INST] {% if loop.last and messages[0].role == 'system' %}"
    "{{ messages[0].content }}\n\n{% endif %}{{ m.content }}[/INST]"
    "{% elif m.role == 'assistant' %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
MARKED_SYSTEM_LAST = MISTRAL_3.replace("{{ messages[0].content }}", "<sys>{{ messages[0].content }}</sys>")
LLAMA_2 = (
    f"{ALTERNATING}{{% for m in rest %}}{{% if loop.first and messages[0].role == 'system' %}}"
    "{% set words = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' + m.content %}"
    "{% else %}{% set words = m.content %}{% endif %}"
    "{% if m.role == 'user' %}{{ bos_token + '[INST] ' + words.strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + words.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
LLAMA_3 = (
    "{% for m in messages %}{% set words = '<|head|>' + m.role + '<|/head|>\n\n' + m.content | trim + '<|eot|>' %}"
    "{{ bos_token + words if loop.first else words }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|head|>assistant<|/head|>\n\n' }}{% endif %}"
)
PHI_3 = (
    "{{ bos_token }}{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)
IGNORES_SYSTEM = CHATML.replace(
    "{{ '<|im_start|>'", "{% if m.role == 'system' %}{% continue %}{% endif %}{{ '<|im_start|>'"
)
SYSTEM_BEHIND = (
    f"{ALTERNATING}{{% for m in rest %}}{{{{ '<' + m.role + '>' + m.content }}}}"
    "{% if loop.first and messages[0].role == 'system' %}{{ ' (' + messages[0].content + ')' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
)
COUNTS_TURNS = "{% for m in messages %}{{ loop.index }}:{{ m.content }};{% endfor %}"


def asker(chat_template):
    compiled = _compile_jinja_template(chat_template)

    def ask(messages):
        try:
            return compiled.render(messages=messages, add_generation_prompt=True, bos_token="<s>", eos_token="</s>")
        except jinja2.TemplateError:
            return None

    return ask


@pytest.mark.parametrize(
    ("chat_template", "same", "of"),
    [
        *((template, 6, 6) for template in (CHATML, PLAIN_CHAT_TEMPLATE, OWN_SYSTEM, SYSTEM_IN_QUESTION)),
        *((template, 6, 6) for template in (THINKS_AT_THE_END, MISTRAL_1, MISTRAL_3, MARKED_SYSTEM_LAST)),
        *((template, 6, 6) for template in (LLAMA_2, LLAMA_3, PHI_3, IGNORES_SYSTEM)),
        (NO_SYSTEM, 3, 3),
        (SYSTEM_BEHIND, 3, 6),
    ],
    ids=[
        *("chatml", "plain", "own system", "gemma 3", "thinks", "mistral 1", "mistral 3", "marked system"),
        *("llama 2", "llama 3", "phi 3", "ignores system", "gemma 2", "system behind the question"),
    ],
)
def test_ollama_makes_the_same_text_as_the_chat_template(chat_template, same, of):
    recipe = find_recipe(asker(chat_template), "<s>")
    assert recipe.source == "derived" and recipe.all_turns
    assert (recipe.same, recipe.conversations) == (same, of)
    assert '"""' not in recipe.template


ASKED_TWICE = [{"role": "system", "content": "Kurz!"}, *conversation("Was?", "Das.", "Warum?")]


@pytest.mark.parametrize(
    ("chat_template", "expected"),
    [
        (MISTRAL_1, " [INST] Kurz!\n\nWas? [/INST] Das.</s> [INST] Warum? [/INST]"),
        (MISTRAL_3, "[INST] Was?[/INST] Das.</s>[INST] Kurz!\n\nWarum?[/INST]"),
        (LLAMA_2, "[INST] <<SYS>>\nKurz!\n<</SYS>>\n\nWas? [/INST] Das. </s><s>[INST] Warum? [/INST]"),
        (
            SYSTEM_IN_QUESTION,
            "<start>user\nKurz!\n\nWas?<end>\n<start>model\nDas.<end>\n<start>user\nWarum?<end>\n<start>model\n",
        ),
    ],
    ids=["mistral 1", "mistral 3", "llama 2", "gemma 3"],
)
def test_the_system_text_stands_where_the_family_has_it(chat_template, expected):
    """Ollama puts the begin token in front of all by itself."""
    template = find_recipe(asker(chat_template), "<s>").template
    assert fill(template, ASKED_TWICE) == fill(template, ASKED_TWICE[1:], system="Kurz!") == expected


def test_a_template_that_counts_its_turns_is_right_for_one_turn_only_and_says_so():
    recipe = find_recipe(asker(COUNTS_TURNS), "")
    assert (recipe.source, recipe.first_turn, recipe.all_turns) == ("one_turn", True, False)
    assert fill(recipe.template, conversation("Was?")) == "1:Was?;"
    # And one that repeats the question cannot be told at all.
    assert find_recipe(asker("{{ messages[-1].content }} {{ messages[-1].content }}"), "") is None


BROUGHT = (
    "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}"
    '{{ range .Messages }}{{ if ne .Role "system" }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n'
    "{{ end }}{{ end }}"
    "<|im_start|>assistant\n"
)


@pytest.mark.parametrize(
    ("chat_template", "system", "kept"),
    [
        (CHATML, "", ""),
        (CHATML, "You are a pirate.", ""),  # which training never saw
        (OWN_SYSTEM, "You are helpful.", "You are helpful."),  # which the chat template adds itself
    ],
)
def test_template_and_system_text_of_a_base_from_ollama_are_kept_where_they_ask_as_training_did(
    chat_template, system, kept
):
    recipe = find_recipe(asker(chat_template), "", BROUGHT, system)
    assert (recipe.template, recipe.source, recipe.system) == (BROUGHT, "ollama", kept)


# Newer versions switch thinking on by themselves, which training never saw.
THINKING = BROUGHT + "{{ if and .IsThinkSet .Think }}<think>\n{{ end }}"


@pytest.mark.parametrize("brought", ["{{ .Prompt }}", "{{ something }}", "{{", THINKING])
def test_a_template_of_ollama_that_asks_in_another_form_is_replaced(brought):
    assert fill(THINKING, conversation("Was?"), think=True).endswith("<think>\n")
    assert find_recipe(asker(CHATML), "", brought).source == "derived"

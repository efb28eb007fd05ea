"""How a model is asked and how it answers, in tokens: what it learns is what it will meet when it is asked.

Prompt and answer are tokenized apart and joined, as the finished model also sees the prompt's tokens first and then
writes the answer's. Knows tokenizers and their chat templates; knows no samples and loads no weights.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jinja2
from tokenizers import Tokenizer

from utils.files import parse_json

# For a base model that brings no chat template of its own. It travels with the checkpoint's tokenizer, so that
# the exported model is asked in the same form as it was trained in.
PLAIN_CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}"
    "{{- '### Response:\\n' + message['content'] + eos_token -}}"
    "{%- else -%}"
    "{{- '### Instruction:\\n' + message['content'] + '\\n\\n' -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '### Response:\\n' -}}{%- endif -%}"
)
BEGIN = "{{- bos_token -}}"
"""Before a template that leaves the begin token to the tokenizer. Without it a base is far from all it knows."""

THOUGHT = r"[\w:]*(?:think|thought|reason)\w*"
THINKS = re.compile(rf"(?:<({THOUGHT})>|\[THINK]|<\|START_THINKING\|>|◁think▷)\s*$")
CLOSED = {"[THINK]": "[/THINK]", "<|START_THINKING|>": "<|END_THINKING|>", "◁think▷": "◁/think▷"}
SHIELDS = 0xF0000
"""Where Unicode's private plane begins: there stands a character for each control token that is meant as text."""
SHIELDED = re.compile(f"[{chr(SHIELDS)}-{chr(SHIELDS + 0xFFFD)}]")

Message = dict[str, str]


def ensure_chat_template(tokenizer: Any) -> bool:
    """Give the tokenizer the plain template where it has none that can be filled in, and each template the begin
    token that the tokenizer puts before a text. Returns whether the template is the plain one."""
    if isinstance(tokenizer.chat_template, dict):  # several by name
        named = tokenizer.chat_template
        tokenizer.chat_template = named.get("default") or next(iter(named.values()), None)
    plain = not tokenizer.chat_template or not can_be_asked(tokenizer)
    if plain:
        tokenizer.chat_template = PLAIN_CHAT_TEMPLATE
    asked = [said("user", "?")]
    if begins(tokenizer) and not prompt_of(tokenizer, asked).lstrip().startswith(tokenizer.bos_token):
        tokenizer.chat_template = BEGIN + tokenizer.chat_template
    return plain


def is_ours(template: str) -> bool:
    """Whether a template is none that the base model brings along."""
    return template.startswith(BEGIN) or template == PLAIN_CHAT_TEMPLATE


def begins(tokenizer: Any) -> bool:
    """Whether the tokenizer puts its begin token before a text."""
    return tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]


def opener(tokenizer: Any) -> str:
    """The control token that every prompt opens with; empty where it opens with text."""
    first = meant_ids(tokenizer, [prompt_of(tokenizer, [said("user", "?")])])[0][0]
    return str(tokenizer.added_tokens_decoder.get(first, ""))


def can_be_asked(tokenizer: Any) -> bool:
    """Whether the chat template can be filled in with a question and its answer."""
    try:
        return bool(whole_of(tokenizer, [said("user", "Was ist Energie?")], "Eine Größe."))
    except (jinja2.TemplateError, TypeError, ValueError):
        return False


def said(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def prompt_of(tokenizer: Any, asked: Sequence[Message]) -> str:
    """What the model reads, up to where its answer begins."""
    return tokenizer.apply_chat_template(list(asked), tokenize=False, add_generation_prompt=True)


def whole_of(tokenizer: Any, asked: Sequence[Message], answer: str) -> str:
    """The same conversation once it has been answered."""
    return tokenizer.apply_chat_template([*asked, said("assistant", answer)], tokenize=False)


def answer_of(tokenizer: Any, asked: Sequence[Message], prompt: str, answer: str) -> str:
    """What the model has to write behind its prompt to say `answer`, with what ends its turn.

    Where the prompt has it think first, the thinking is closed: else it would learn to answer inside of it. Some
    templates rewrite earlier turns, or write no thinking down, so that the prompt is no prefix of the whole.
    """
    whole = whole_of(tokenizer, asked, answer)
    if whole.startswith(prompt):
        return whole[len(prompt) :]
    place = whole.rfind(answer.strip())
    ending = whole[place + len(answer.strip()) :] if place >= 0 else ""
    opened = THINKS.search(prompt)
    if opened is None:
        return answer + ending
    tag = opened[0].strip()
    closing = CLOSED.get(tag, f"</{opened[1]}>")
    if closing in answer:  # it brings thoughts of its own
        return answer.strip().removeprefix(tag).lstrip() + ending
    return ("\n" if opened[0].endswith("\n") else "\n\n") + f"{closing}\n\n{answer}{ending}"


def without_thoughts(answer: str) -> str:
    """What a person is shown of an answer: what stands behind its thinking, where that has an end."""
    closed = rf"</{THOUGHT}>|" + "|".join(map(re.escape, CLOSED.values()))
    return re.split(closed, answer)[-1].strip()


def shielded(tokenizer: Any, text: str) -> str:
    """A text that goes into a template, with another character for each control token that it names.

    What `meant_ids` makes of it are the tokens of a text that talks about them: no turn ends there.
    """
    pattern, shields = _controls(tokenizer)
    return pattern.sub(lambda found: shields[found[0]], text) if pattern else text


def meant_ids(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Tokens of texts that hold every control token that they need; one that was `shielded` is read as text."""
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    for number, text in enumerate(texts):
        if not text.isascii() and SHIELDED.search(text):
            ids[number] = _shielded_ids(tokenizer, text)
    return ids


def joined_ids(tokenizer: Any, prompts: Sequence[str], answers: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """The tokens of prompts and of the answers behind them.

    SentencePiece puts a space before a text that stands alone: there an answer is what the whole has more, or where
    its first letters and the prompt's last ones share a token, what stands behind the end of a line.
    """
    before, after = meant_ids(tokenizer, prompts), meant_ids(tokenizer, answers)
    if puts_space(tokenizer):
        (line,) = meant_ids(tokenizer, ["\n"])
        wholes = meant_ids(tokenizer, [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)])
        behind = meant_ids(tokenizer, [f"\n{answer}" for answer in answers])
        for number, (prompt, whole) in enumerate(zip(before, wholes, strict=True)):
            if whole[: len(prompt)] == prompt:
                after[number] = whole[len(prompt) :]
            elif behind[number][: len(line)] == line:
                after[number] = behind[number][len(line) :]
    return list(zip(before, after, strict=True))


@lru_cache(maxsize=4)
def puts_space(tokenizer: Any, behind: str = "") -> bool:
    """Whether the tokenizer puts a space before a text, or before one that stands behind a control token."""
    ids = tokenizer(f"{behind}x", add_special_tokens=False)["input_ids"]
    return str(tokenizer.convert_ids_to_tokens(ids[bool(behind)])).startswith("▁")


@lru_cache(maxsize=4)
def _controls(tokenizer: Any) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    """What finds the control tokens in a text, and the character that stands for each."""
    texts = sorted({str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}, key=len)[::-1]
    shields = {text: chr(SHIELDS + number) for number, text in enumerate(texts)}
    return re.compile("|".join(map(re.escape, texts))) if texts else None, shields


def _shielded_ids(tokenizer: Any, text: str) -> list[int]:
    """The tokens of a text in which characters stand for control tokens that are meant as text: a tokenizer that
    knows each control token by that character instead reads the text with both exchanged."""
    controls, shields = _controls(tokenizer)
    assert controls
    meant = {shield: control for control, shield in shields.items()}
    either = re.compile(f"{controls.pattern}|{SHIELDED.pattern}")
    exchanged = either.sub(lambda found: (shields | meant).get(found[0], found[0]), text)
    return _twin(tokenizer).encode(exchanged, add_special_tokens=False).ids


@lru_cache(maxsize=2)
def _twin(tokenizer: Any) -> Tokenizer:
    """The tokenizer with the shield of each control token in its place."""
    content = parse_json(tokenizer.backend_tokenizer.to_str())
    _, shields = _controls(tokenizer)
    for token in content["added_tokens"]:
        token["content"] = shields.get(token["content"], token["content"])
    model = content["model"]
    if isinstance(model["vocab"], dict):
        model["vocab"] = {shields.get(text, text): number for text, number in model["vocab"].items()}
    else:  # of a Unigram model
        model["vocab"] = [[shields.get(text, text), score] for text, score in model["vocab"]]
    if model.get("unk_token"):
        model["unk_token"] = shields.get(model["unk_token"], model["unk_token"])
    return Tokenizer.from_str(json.dumps(content))

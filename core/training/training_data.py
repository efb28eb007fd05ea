"""Samples → token ids with labels, exactly as the model will meet them. Knows tokenizers; knows no trainer.

Prompt and answer are tokenized apart and joined: when the finished model is asked, it also sees the prompt's
tokens first and then writes the answer's. Only the answer and its end-of-turn token carry labels, unless a run
shall learn the questions too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from core.samples.sft_dataset import Sample, presentable
from utils.errors import AppError

IGNORED = -100
"""The label of a token that is read but not learned."""
ROWS_AT_ONCE = 256
"""So many rows go to the tokenizer together, which then uses all cores; more of them only take memory."""

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


@dataclass(frozen=True)
class Encoded:
    """One sample in tokens. `missing` counts the tokens at its answer's end that did not fit.

    The last `asked` tokens of the prompt are learned too: none, or the question where questions shall be learned.
    """

    prompt_ids: list[int]
    answer_ids: list[int]
    missing: int = 0
    asked: int = 0

    @property
    def cut(self) -> bool:
        return self.missing > 0

    @property
    def tokens(self) -> int:
        return len(self.prompt_ids) + len(self.answer_ids)

    @property
    def row(self) -> dict[str, list[int]]:
        """What the trainer reads."""
        ids, only_read = self.prompt_ids + self.answer_ids, len(self.prompt_ids) - self.asked
        return {"input_ids": ids, "labels": [IGNORED] * only_read + ids[only_read:]}


Row = tuple[Sample, Encoded]


def ensure_chat_template(tokenizer: Any) -> bool:
    """Give the tokenizer the plain template where it has none. Returns whether that was so."""
    if tokenizer.chat_template:
        return False
    tokenizer.chat_template = PLAIN_CHAT_TEMPLATE
    return True


def stop_ids_of(tokenizer: Any, model: Any) -> frozenset[int]:
    """The tokens at which the model stops to write. Raises AppError `training_no_stop_token` where there is none."""
    ids: set[int] = set()
    for source in (tokenizer, getattr(model, "generation_config", None), getattr(model, "config", None)):
        value = getattr(source, "eos_token_id", None)
        ids.update(value if isinstance(value, (list, tuple)) else [] if value is None else [value])
    if not ids or tokenizer.eos_token_id is None:
        raise AppError("training_no_stop_token")
    return frozenset(ids)


def encode_prompt(tokenizer: Any, instruction: str) -> list[int]:
    """A question as the model is asked it, up to where its answer begins."""
    asked = [{"role": "user", "content": presentable(instruction)}]
    prompt = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    return _token_ids(tokenizer, [prompt])[0]


def encode(
    tokenizer: Any,
    sample: Sample,
    stop_ids: frozenset[int],
    max_length: int,
    turn: int = 0,
    *,
    answers_only: bool = True,
) -> Encoded:
    """One turn of a sample in tokens, at most `max_length` of them; the turns before it are read, not learned.

    What does not fit is cut from the answer's end; a cut answer gets no end-of-turn token, since that would
    teach the model to stop in mid-sentence.
    """
    texts = _texts(tokenizer, sample, turn, answers_only)
    return _fitted(tokenizer, _token_ids(tokenizer, texts), stop_ids, max_length, answers_only)


def encode_rows(
    tokenizer: Any,
    samples: Iterable[Sample],
    stop_ids: frozenset[int],
    max_length: int,
    *,
    answers_only: bool = True,
) -> Iterator[Row]:
    """Each sample with each of its turns, also those of which no answer token is left; so many at once as are quick.

    A conversation becomes a row for each of its answers: as the finished model will meet it, with all that was said
    before. Chat templates need not tell apart which answers are learned, and none is learned twice. Nor is a question
    where questions are learned too.
    """
    rows = ((sample, turn) for sample in samples for turn in range(1 + len(sample.follow_ups)))
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        texts = [text for sample, turn in batch for text in _texts(tokenizer, sample, turn, answers_only)]
        ids = _token_ids(tokenizer, texts)
        for (sample, _), *of_row in zip(batch, ids[::3], ids[1::3], ids[2::3], strict=True):
            yield sample, _fitted(tokenizer, of_row, stop_ids, max_length, answers_only)


def learnable(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of which any answer token is left."""
    return (row for row in rows if row[1].answer_ids)


def _texts(tokenizer: Any, sample: Sample, turn: int, answers_only: bool) -> list[str]:
    """What the model reads in one turn of a sample, what it answers, and what of both other rows have taught.

    The last is only told where questions are learned too.
    """
    turns = ((sample.instruction, sample.output), *sample.follow_ups)[: turn + 1]
    # Half a character, which JSON can hold, is nothing that a tokenizer takes.
    *before, (question, output) = [(presentable(asked), presentable(said)) for asked, said in turns]
    asked = [*_messages(before), {"role": "user", "content": question}]
    prompt = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template([*asked, {"role": "assistant", "content": output}], tokenize=False)
    # Some templates rewrite earlier turns, so that the prompt is no prefix; then the bare answer follows it.
    answer = whole[len(prompt) :] if whole.startswith(prompt) else output
    known = bool(before) and not answers_only
    return [prompt, answer, tokenizer.apply_chat_template(_messages(before), tokenize=False) if known else ""]


def _fitted(
    tokenizer: Any, ids: Sequence[list[int]], stop_ids: frozenset[int], max_length: int, answers_only: bool
) -> Encoded:
    """The tokens of what `_texts` gives, as far as they fit."""
    prompt_ids, whole_answer, known = ids
    answer_ids = _ended(whole_answer, stop_ids, tokenizer.eos_token_id)
    room = max(0, max_length - len(prompt_ids))
    # Where the template rewrites earlier turns, it cannot be told what of the prompt is new.
    asked = 0 if answers_only or prompt_ids[: len(known)] != known else len(prompt_ids) - len(known)
    return Encoded(prompt_ids, answer_ids[:room], max(0, len(answer_ids) - room), asked)


def _messages(turns: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Questions and answers as a chat template wants them."""
    return [
        {"role": role, "content": content}
        for turn in turns
        for role, content in zip(("user", "assistant"), turn, strict=True)
    ]


def _token_ids(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Tokens of texts that already hold every special token they need."""
    return tokenizer(texts, add_special_tokens=False)["input_ids"]


def _ended(ids: Sequence[int], stop_ids: frozenset[int], eos_id: int) -> list[int]:
    """The answer up to its end-of-turn token; it gets one where the template gave none."""
    for position in range(len(ids) - 1, -1, -1):
        if ids[position] in stop_ids:
            return list(ids[: position + 1])
    return [*ids, eos_id]

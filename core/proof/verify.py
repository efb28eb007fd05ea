"""Verification of an export: the exported file itself is loaded and asked, and compared with what was trained.

The reference is the merged model in transformers, in full precision. Checks carry figures; their words are in
`ui/texts`, under "verify.<name>" for the check and "verify.reason.<reason>" for why it failed.
"""

import math
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from core.models.llama_server import TIE_NATS, TRICKY_TEXTS, LlamaServer
from core.samples.store.sample import Sample

PROMPTS = 10
ANSWER_TOKENS = 32
LONGEST_TOKENS = 512
SAMPLE_ANSWERS = 3
LONGEST_CHARACTER_TOKENS = 4  # bytes of UTF-8, each of which may be a token

MOST_LOG_PERPLEXITY_CHANGE = {"f16": 0.01, "q8_0": 0.05, "q4_k_m": math.log(1.10)}
LEAST_SAME_CHOICE = {"f16": 0.99, "q8_0": 0.98, "q4_k_m": 0.0}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `reason` is the key of why it failed, or empty."""

    name: str
    passed: bool
    figures: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Asked:
    """One question in the reference: its tokens, what it answers, and the log-probabilities along that answer."""

    messages: list[dict[str, str]]
    prompt: str
    prompt_ids: list[int]
    answer_ids: list[int]
    ended: bool
    log_probabilities: torch.Tensor


@dataclass(frozen=True)
class Reference:
    """The merged model as transformers loads it, and its answers to the questions."""

    folder: Path
    tokenizer: Any
    stop_ids: list[int]
    asked: list[Asked]
    texts: list[str]

    @classmethod
    def load(cls, folder: Path, questions: Sequence[Sample], samples: Sequence[Sample]) -> "Reference":
        """Load the merged folder and answer up to ten of the questions with it; the model is let go afterwards.

        All `samples` lend their texts to the comparison of tokens.
        """
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
        eos = model.generation_config.eos_token_id
        stop_ids = list(eos) if isinstance(eos, list) else [eos]
        chosen = evenly(questions, PROMPTS)
        asked = [ask(model, tokenizer, stop_ids, sample.instruction) for sample in chosen]
        texts = [text for sample in evenly(samples, 50) for text in (sample.instruction, sample.output)]
        return cls(folder, tokenizer, stop_ids, asked, [*TRICKY_TEXTS, *texts])


def evenly(items: Sequence[Any], most: int) -> list[Any]:
    """At most `most` of the items, from all along the sequence."""
    every = max(1, len(items) // most)
    return list(items[::every][:most])


@torch.inference_mode()
def ask(model: Any, tokenizer: Any, stop_ids: list[int], question: str) -> Asked:
    """The greedy answer of the reference, and its log-probabilities at every step of it."""
    messages = [{"role": "user", "content": question}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    prompt_ids = tokenizer(prompt, add_special_tokens=False)["input_ids"][-LONGEST_TOKENS:]
    greedy = GenerationConfig(
        do_sample=False,
        max_new_tokens=ANSWER_TOKENS,
        eos_token_id=stop_ids,
        pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else stop_ids[0],
    )
    ids = torch.tensor([prompt_ids])
    whole = model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=greedy)
    answer = whole[0, len(prompt_ids) :].tolist()
    logits = model(whole).logits[0, len(prompt_ids) - 1 : -1].float()
    return Asked(
        messages,
        prompt,
        prompt_ids,
        [token for token in answer if token not in stop_ids],
        answer[-1] in stop_ids,
        torch.log_softmax(logits, dim=-1),
    )


def verify_safetensors(reference: Reference) -> dict[str, Any]:
    """What the merged folder shows in transformers: it loaded, and it answers."""
    checks = [
        Check("loads", True),
        Check("template", bool(reference.tokenizer.chat_template), reason="no_template"),
        Check("stop_token", bool(reference.stop_ids), {"tokens": reference.stop_ids}, "no_stop_token"),
    ]
    answers = [
        {"question": asked.messages[0]["content"], "answer": reference.tokenizer.decode(asked.answer_ids)}
        for asked in reference.asked[:SAMPLE_ANSWERS]
    ]
    return report(".", "safetensors", checks, answers, {})


def verify_gguf(file: Path, quantization: str, reference: Reference) -> dict[str, Any]:
    """Load a GGUF in llama.cpp, ask it what the reference was asked, and compare."""
    started = time.monotonic()
    with LlamaServer(file, context_tokens=LONGEST_TOKENS + 2 * ANSWER_TOKENS) as server:
        loaded = time.monotonic() - started
        checks = [
            Check("loads", True, {"seconds": round(loaded, 2)}),
            check_tokens(server, reference),
            check_prompts(server, reference),
            check_stop(server, reference),
            check_answers(server, reference, quantization),
            check_probabilities(server, reference, quantization),
        ]
        answers = [
            {"question": asked.messages[0]["content"], "answer": server.chat(asked.messages, ANSWER_TOKENS).text}
            for asked in reference.asked[:SAMPLE_ANSWERS]
        ]
    more = {"bytes": file.stat().st_size, "seconds": round(time.monotonic() - started, 1)}
    return report(file.name, quantization, checks, answers, more)


def report(
    file: str, quantization: str, checks: list[Check], answers: list[dict[str, str]], more: dict[str, Any]
) -> dict[str, Any]:
    """One file's entry in verification.json. A check that passed gives no reason."""
    written = [asdict(check) | ({"reason": ""} if check.passed else {}) for check in checks]
    passed = all(check.passed for check in checks)
    return {
        "file": file,
        "quantization": quantization,
        "passed": passed,
        "checks": written,
        "answers": answers,
        **more,
    }


def check_tokens(server: LlamaServer, reference: Reference) -> Check:
    """Both read every text as the same tokens.

    Some tokenizers, such as Qwen's, first compose a letter and its accent into one character; llama.cpp never does.
    Of a text that is written so, which few are, only the composed form is compared; `composed` says how many there
    were.
    """

    def ids(text: str) -> list[int]:
        return reference.tokenizer(text, add_special_tokens=False)["input_ids"]

    same = composed = 0
    for text in reference.texts:
        whole = unicodedata.normalize("NFC", text)
        if whole != text and ids(whole) == ids(text) != server.tokenize(text):
            composed += 1
            text = whole
        same += server.tokenize(text) == ids(text)
    figures = {"same": same, "of": len(reference.texts), "composed": composed}
    return Check("tokens", same == len(reference.texts), figures, "tokens_differ")


def check_prompts(server: LlamaServer, reference: Reference) -> Check:
    """Both turn a question into the same prompt: the chat template arrived whole, and nothing is added to it."""
    same = sum(
        server.chat_prompt_ids(asked.messages)[-LONGEST_TOKENS:] == asked.prompt_ids for asked in reference.asked
    )
    figures = {"same": same, "of": len(reference.asked)}
    return Check("prompts", same == len(reference.asked), figures, "prompts_differ")


def check_stop(server: LlamaServer, reference: Reference) -> Check:
    """When the model chooses an end token, llama.cpp ends the answer there."""
    prompt_ids = reference.asked[0].prompt_ids
    ends = [server.ends_at(prompt_ids, token) for token in reference.stop_ids]
    return Check("stop_token", all(ends), {"tokens": reference.stop_ids}, "runs_on")


def check_answers(server: LlamaServer, reference: Reference, quantization: str) -> Check:
    """How many greedy answers are the same, token by token; for f16 only a tie may differ."""
    same = ties = ended = 0
    for asked in reference.asked:
        given = server.complete(asked.prompt_ids, ANSWER_TOKENS)
        written = [token for token in given.tokens if token not in reference.stop_ids]
        if says_the_same(written, given.ended, asked):
            same += 1
        elif is_tie(asked, written, reference.stop_ids):
            ties += 1
        ended += given.ended
    count = len(reference.asked)
    figures = {"same": same, "ties": ties, "ended": ended, "of": count}
    return Check("answers", quantization != "f16" or same + ties == count, figures, "answers_differ")


def says_the_same(given: list[int], ended: bool, asked: Asked) -> bool:
    """Whether an answer is the reference's own. Of one that is broken off inside a character, its tokens may lack."""
    lacking = len(asked.answer_ids) - len(given)
    most = 0 if ended else LONGEST_CHARACTER_TOKENS - 1
    return ended == asked.ended and 0 <= lacking <= most and given == asked.answer_ids[: len(given)]


def is_tie(asked: Asked, given: list[int], stop_ids: list[int]) -> bool:
    """Whether the first token that differs was as likely as the reference's own."""
    wanted = [*asked.answer_ids, *(stop_ids[:1] if asked.ended else [])]
    for position, token in enumerate(wanted):
        other = given[position] if position < len(given) else stop_ids[0]
        if other != token:
            row = asked.log_probabilities[position]
            return bool((row[token] - row[other]).abs() < TIE_NATS)
    return False


def check_probabilities(server: LlamaServer, reference: Reference, quantization: str) -> Check:
    """Along the reference's answers: how often llama.cpp prefers the same token, and how sure it is of it."""
    same = tokens = 0
    difference = 0.0
    for asked in reference.asked:
        for position, token in enumerate(asked.answer_ids):
            row = asked.log_probabilities[position]
            choice = server.judge([*asked.prompt_ids, *asked.answer_ids[:position]], token)
            if choice is None:
                continue
            tied = bool(row.max() - row[choice.preferred] < TIE_NATS)
            same += choice.preferred == int(row.argmax()) or tied
            difference += float(row[token]) - choice.log_probability
            tokens += 1
    change = difference / max(tokens, 1)
    share = same / max(tokens, 1)
    passed = (
        share >= LEAST_SAME_CHOICE[quantization]
        and (change if quantization == "q4_k_m" else abs(change)) <= MOST_LOG_PERPLEXITY_CHANGE[quantization]
    )
    figures = {
        "same_choice": round(share, 4),
        "log_perplexity_change": round(change, 4),
        "perplexity_change_percent": round(100 * (math.exp(change) - 1), 2),
        "tokens": tokens,
    }
    return Check("probabilities", passed, figures, "less_sure")

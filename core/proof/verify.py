"""Verification of an export: the exported file itself is loaded and asked, and compared with what was trained.

Checks carry figures; their words are in `ui/texts`, under "verify.<name>" for the check and "verify.reason.<reason>"
for why it failed, or is doubtful.
"""

import math
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import gguf
from transformers import AutoTokenizer, GenerationConfig

from core.models.chat_text import begins, opener, puts_space
from core.models.gguf_header import read_head
from core.models.gguf_tokenizer import SPACE, plain_ids
from core.models.llama_library import LIBRARY, Judgement, Scorer
from core.models.llama_server import Completion, LlamaServer
from core.proof.reference import ANSWER_TOKENS, ENOUGH_TOKENS, LONGEST_TOKENS, Asked, Reference, Scored
from core.proof.uncertainty import interval
from core.training.training_data import encode_prompt
from utils.errors import AppError

SAMPLE_ANSWERS = 3
LONGEST_CHARACTER_TOKENS = 4  # bytes of UTF-8, each of which may be a token
SEED = 42


@dataclass(frozen=True)
class Limits:
    """What rounding explains. `change` is that of the perplexity, as a share; a choice between two tokens that the
    reference told apart by fewer than `clear` nats may fall either way."""

    change: float
    clear: float


LIMITS = {
    "safetensors": Limits(0.01, 0.1),
    "f16": Limits(0.01, 0.1),
    "q8_0": Limits(0.01, 0.5),
    "q4_k_m": Limits(0.06, 3.0),
}
DOUBTFUL_CHOICES, WRONG_CHOICES, FEWEST_CHOICES = 0.01, 0.05, 3
"""Shares of clear choices that fall otherwise: above the first it is doubtful, above the second it is another model;
fewer than the last number may be chance."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `reason` is the key of why it failed, or is doubtful, which is `amber`."""

    name: str
    passed: bool
    figures: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    amber: bool = False


def verify_safetensors(folder: Path, reference: Reference, before: Sequence[Scored]) -> dict[str, Any]:
    """The merged folder in transformers: it reads, is asked and ends as in training, and says what base and adapter
    said, on the texts that they scored `before` they were merged."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    ends = GenerationConfig.from_pretrained(folder, local_files_only=True).eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends])
    same = sum(plain_ids(tokenizer, text) == plain_ids(reference.tokenizer, text) for text in reference.texts)
    scored = {tuple(text.ids): text for text in reference.scored}
    checks = [
        Check("loads", True),
        Check("tokens", same == len(reference.texts), {"same": same, "of": len(reference.texts)}, "tokens_differ"),
        Check("template", bool(tokenizer.chat_template), reason="no_template"),
        compared_prompts(
            (asked.prompt_ids, encode_prompt(tokenizer, asked.messages[0]["content"])[-LONGEST_TOKENS:], tokenizer)
            for asked in (reference.asked if tokenizer.chat_template else [])
        ),
        Check("stop_token", ends >= set(reference.stop_ids), {"tokens": sorted(ends - {None})}, "no_stop_token"),
        compared([(text, judgements(scored[tuple(text.ids)])) for text in before], "safetensors"),
    ]
    answers = [
        {"question": asked.messages[0]["content"], "answer": str(tokenizer.decode(asked.answer_ids))}
        for asked in reference.asked[:SAMPLE_ANSWERS]
    ]
    return report(".", "safetensors", checks, answers, {})


def verify_gguf(file: Path, quantization: str, reference: Reference) -> dict[str, Any]:
    """Load a GGUF in llama.cpp, ask it what the reference was asked, and compare."""
    started = time.monotonic()
    answers: list[dict[str, str]] = []
    try:
        checks = [check_settings(file, reference)]
        with LlamaServer(file, context_tokens=LONGEST_TOKENS + 2 * ANSWER_TOKENS) as server:
            loaded = Check("loads", True, {"seconds": round(time.monotonic() - started, 2)})
            given = [server.complete(asked.prompt_ids, ANSWER_TOKENS) for asked in reference.asked]
            checks = [
                loaded,
                check_tokens(server, reference),
                check_prompts(server, reference),
                check_stop(server, reference),
                *checks,
                check_answers(given, reference, quantization),
            ]
            if LIBRARY is None:
                scored = [(text, [*judged_one_by_one(server, text)]) for text in reference.scored]
        if LIBRARY:
            with Scorer(file) as scorer:
                scored = [(text, [*scorer.score(text.ids, text.start)]) for text in reference.scored]
        checks.append(compared(scored, quantization))
        answers = [
            {"question": asked.messages[0]["content"], "answer": one.text}
            for asked, one in zip(reference.asked, given[:SAMPLE_ANSWERS], strict=False)
        ]
    except (AppError, ValueError) as error:  # what is no whole GGUF
        checks = [Check("loads", False, {"problem": str(error)[:200]}, "unreadable")]
    more = {"bytes": file.stat().st_size, "seconds": round(time.monotonic() - started, 1)}
    return report(file.name, quantization, checks, answers, more)


def report(
    file: str, quantization: str, checks: list[Check], answers: list[dict[str, str]], more: dict[str, Any]
) -> dict[str, Any]:
    """One file's entry in verification.json. A check that is green gives no reason."""
    written = [asdict(check) | ({} if check.amber or not check.passed else {"reason": ""}) for check in checks]
    passed = all(check.passed for check in checks)
    return {
        "file": file,
        "quantization": quantization,
        "passed": passed,
        "amber": passed and any(check.amber for check in checks),
        "checks": written,
        "answers": answers,
        **more,
    }


def check_tokens(server: LlamaServer, reference: Reference) -> Check:
    """Both read every text as the same tokens.

    Some tokenizers put a space before a text only where it stands alone, which no text of a prompt does: theirs are
    compared behind the token that prompts open with. Texts with a token that is spelled with SentencePiece's sign for
    a space, which transformers finds by that sign and llama.cpp by spaces, are left out.

    Some, such as Qwen's, first compose a letter and its accent into one character; llama.cpp never does. Of a text
    that is written so, which few are, only the composed form is compared; `composed` says how many there were.
    """
    tokenizer = reference.tokenizer
    first = opener(tokenizer)
    if puts_space(tokenizer) == puts_space(tokenizer, first):
        first = ""
    spelled = [str(token) for token in tokenizer.added_tokens_decoder.values() if SPACE in str(token)]
    texts = [first + text for text in reference.texts if not any(token in text for token in spelled)]
    same = composed = 0
    for text in texts:
        expected = plain_ids(tokenizer, text)
        whole = unicodedata.normalize("NFC", text)
        if whole != text and plain_ids(tokenizer, whole) == expected != server.tokenize(text):
            composed += 1
            text = whole
        same += server.tokenize(text) == expected
    return Check(
        "tokens", same == len(texts), {"same": same, "of": len(texts), "composed": composed}, "tokens_differ"
    )


def check_prompts(server: LlamaServer, reference: Reference) -> Check:
    """Both turn a question into the same prompt: the chat template arrived whole, and nothing is added to it."""
    return compared_prompts(
        (asked.prompt_ids, server.chat_prompt_ids(asked.messages)[-LONGEST_TOKENS:], reference.tokenizer)
        for asked in reference.asked
    )


def compared_prompts(pairs: Iterable[tuple[list[int], list[int], Any]]) -> Check:
    """Of prompts that were (expected, given), how many are the same; the first difference is shown as text."""
    figures: dict[str, Any] = {"same": 0, "of": 0}
    reason = ""
    for expected, given, tokenizer in pairs:
        figures["of"] += 1
        figures["same"] += expected == given
        if expected != given and not reason:
            shorter, longer = sorted((expected, given), key=len)
            reason = "begin_differs" if longer[1:] == shorter else "prompts_differ"
            figures |= {"expected": tokenizer.decode(expected)[:300], "given": tokenizer.decode(given)[:300]}
    return Check("prompts", not reason, figures, reason)


def check_stop(server: LlamaServer, reference: Reference) -> Check:
    """When the model chooses an end token, llama.cpp ends the answer there."""
    prompt_ids = reference.asked[0].prompt_ids
    ends = [server.ends_at(prompt_ids, token) for token in reference.stop_ids]
    return Check("stop_token", all(ends), {"tokens": reference.stop_ids}, "runs_on")


def check_settings(file: Path, reference: Reference) -> Check:
    """What the file says of itself is what the model was trained with; `differing` are the keys of which it is not.

    Programs act on these without asking the model: a wrong one may show only in long texts, or in another program.
    """
    head = read_head(file)
    architecture = head.get(gguf.Keys.General.ARCHITECTURE)
    config, tokenizer = reference.config, reference.tokenizer
    rope = getattr(config, "rope_parameters", None) or {}
    rope = rope.get("full_attention", rope)
    expected = {
        "tokenizer.ggml.eos_token_id": reference.stop_ids,
        "tokenizer.ggml.bos_token_id": [tokenizer.bos_token_id],
        "tokenizer.ggml.add_bos_token": [begins(tokenizer)],
        f"{architecture}.rope.freq_base": [rope.get("rope_theta")],
        f"{architecture}.context_length": [getattr(config, "max_position_embeddings", None)],
        f"{architecture}.block_count": [config.num_hidden_layers],
    }
    differing = [
        key
        for key, wanted in expected.items()
        if None not in (head.get(key), *wanted) and not any(math.isclose(head[key], one) for one in wanted)
    ]
    return Check("settings", not differing, {"differing": ", ".join(differing)}, "settings_differ")


def check_answers(given: Sequence[Completion], reference: Reference, quantization: str) -> Check:
    """How many greedy answers are the same, token by token, and how many part where the reference was sure.

    A file that is as precise as the reference may not; where weights were rounded, it is only noted.
    """
    clear = LIMITS[quantization].clear
    stop_ids = reference.stop_ids
    parted = [parting_margin(asked, one, stop_ids) for asked, one in zip(reference.asked, given, strict=True)]
    differ = sum(margin is not None and margin >= clear for margin in parted)
    figures = {
        "same": sum(margin is None for margin in parted),
        "differ": differ,
        "ended": sum(one.ended for one in given),
        "of": len(parted),
    }
    return Check("answers", quantization != "f16" or not differ, figures, "answers_differ")


def parting_margin(asked: Asked, given: Completion, stop_ids: Sequence[int]) -> float | None:
    """By how many nats the reference preferred its own token where an answer first differs; None for the same answer.

    Of an answer that is broken off inside a character, its tokens may lack.
    """
    written = [token for token in given.tokens if token not in stop_ids]
    lacking = len(asked.answer_ids) - len(written)
    if written == asked.answer_ids[: len(written)]:
        most = 0 if given.ended else LONGEST_CHARACTER_TOKENS - 1
        if given.ended == asked.ended and 0 <= lacking <= most:
            return None
    pairs = zip([*asked.answer_ids, None], [*written, None], strict=False)
    position = next((number for number, (wanted, one) in enumerate(pairs) if wanted != one), len(asked.answer_ids))
    margins = asked.answer.margins
    return margins[min(position, len(margins) - 1)]


def judgements(scored: Scored) -> list[Judgement | None]:
    """What a model of transformers expected, as llama.cpp tells it."""
    return [*map(Judgement, scored.log_probabilities, scored.preferred)]


def judged_one_by_one(server: LlamaServer, text: Scored) -> Iterable[Judgement | None]:
    """The same by llama.cpp's server, a request for each token: for systems where its library is closed."""
    for position in range(text.start, len(text.ids)):
        yield server.judge(text.ids[:position], text.ids[position])


def compared(texts: Sequence[tuple[Scored, Sequence[Judgement | None]]], quantization: str) -> Check:
    """Along real texts: how the perplexity differs from the reference's, with its interval, and how many choices fall
    otherwise that were clear."""
    limits = LIMITS[quantization]
    differences: list[list[float]] = []
    given_sum = 0.0
    clear = changed = 0
    for text, judged in texts:
        differences.append([])
        for one, expected, best, margin in zip(
            judged, text.log_probabilities, text.preferred, text.margins, strict=True
        ):
            if one is None:
                continue
            differences[-1].append(expected - one.log_probability)
            given_sum -= one.log_probability
            clear += margin >= limits.clear
            changed += margin >= limits.clear and one.preferred != best
    differences = [of_text for of_text in differences if of_text]
    tokens = sum(map(len, differences))
    if not tokens:
        return Check("probabilities", True, {"tokens": 0}, "few_tokens", amber=True)
    low, high = (math.expm1(bound) for bound in interval(differences, SEED))
    change = math.expm1(sum(map(sum, differences)) / tokens)
    figures = {
        "perplexity": round(math.exp(given_sum / tokens), 3),
        "perplexity_change_percent": round(100 * change, 2),
        "low_percent": round(100 * low, 2),
        "high_percent": round(100 * high, 2),
        "changed_choices": changed,
        "clear_choices": clear,
        "tokens": tokens,
    }
    share = changed / max(clear, 1) if changed >= FEWEST_CHOICES else 0.0
    exact = quantization in ("safetensors", "f16", "q8_0")
    if share > WRONG_CHOICES or (high < -limits.change and exact):
        return Check("probabilities", False, figures, "other_model")
    if high < -limits.change:  # coarse rounding may do that to a model that has hardly learned
        return Check("probabilities", True, figures, "surer", amber=True)
    if low > limits.change:
        shrunk = quantization not in ("safetensors", "f16")
        return Check("probabilities", False, figures, "less_sure" if shrunk else "other_model")
    if high > limits.change or low < -limits.change:
        return Check("probabilities", True, figures, "few_tokens" if tokens < ENOUGH_TOKENS else "near_limit", True)
    if share > DOUBTFUL_CHOICES:
        return Check("probabilities", True, figures, "choices_changed", amber=True)
    return Check("probabilities", True, figures)

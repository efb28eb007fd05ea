"""The finished model in transformers, as the trainer asked it: what an exported file is compared with.

Knows models and samples; knows no llama.cpp.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from core.models.llama_library import LONGEST_TOKENS
from core.models.llama_server import TRICKY_TEXTS
from core.samples.store.sample import Sample
from core.training.training_data import Language, encode_prompt, encode_rows

PROMPTS = 10
ANSWER_TOKENS = 32
ENOUGH_TOKENS = 2048
MOST_TEXTS = 400


@dataclass(frozen=True)
class Scored:
    """A text in tokens and what a model expected from position `start` on: of each token the log-probability, which
    one it preferred, and by how many nats that one was ahead of the next."""

    ids: list[int]
    start: int
    log_probabilities: list[float]
    preferred: list[int]
    margins: list[float]


@dataclass(frozen=True)
class Asked:
    """A question and the reference's greedy answer, which is scored too. `ended` says that it ended by itself."""

    messages: list[dict[str, str]]
    prompt_ids: list[int]
    answer_ids: list[int]
    ended: bool
    answer: Scored


@dataclass(frozen=True)
class Reference:
    """The trainer's language, and the merged model's answers and expectations. `config` is the merged model's.

    `texts` are compared by their tokens, `scored` by the probabilities in them.
    """

    language: Language
    config: Any
    asked: list[Asked]
    scored: list[Scored]
    texts: list[str]

    @property
    def tokenizer(self) -> Any:
        return self.language.tokenizer

    @property
    def stop_ids(self) -> list[int]:
        return sorted(self.language.stop_ids)

    @classmethod
    def load(cls, folder: Path, language: Language, samples: Sequence[Sample]) -> "Reference":
        """Load the merged model, let it read the samples and answer the first questions; then it is let go."""
        model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
        asked = [ask(model, language, sample.instruction) for sample in samples[:PROMPTS]]
        scored = [score(model, *text) for text in texts_of(language, samples)]
        texts = [text for sample in evenly(samples, 50) for text in (sample.instruction, sample.output)]
        return cls(language, model.config, asked, scored, [*TRICKY_TEXTS, *texts])


def texts_of(language: Language, samples: Sequence[Sample]) -> list[tuple[list[int], int]]:
    """As many samples as have `ENOUGH_TOKENS` of answers, as training reads them, each with where its answer begins.

    Questions are not scored: nobody taught the model to write them, and what it thinks of them changes as it learns
    to answer. Of one SmolLM2 the perplexity of q4_k_m was 0.9 % higher on answers, and with questions 17 % lower.
    """
    texts: list[tuple[list[int], int]] = []
    tokens = 0
    for _, row in encode_rows(language, samples[:MOST_TEXTS], LONGEST_TOKENS):
        if row.answer_ids and tokens < ENOUGH_TOKENS:
            texts.append((row.prompt_ids + row.answer_ids, len(row.prompt_ids)))
            tokens += len(row.answer_ids)
    return texts


@torch.inference_mode()
def score(model: Any, ids: list[int], start: int) -> Scored:
    """What a model of transformers expects along a text."""
    logits = model(torch.tensor([ids[:-1]], device=model.device)).logits[0, start - 1 :].float()
    rows = torch.log_softmax(logits, dim=-1)
    best = rows.topk(2)
    wanted = torch.tensor(ids[start:], device=rows.device)
    return Scored(
        ids,
        start,
        rows.gather(1, wanted[:, None])[:, 0].tolist(),
        best.indices[:, 0].tolist(),
        (best.values[:, 0] - best.values[:, 1]).tolist(),
    )


@torch.inference_mode()
def ask(model: Any, language: Language, question: str) -> Asked:
    """The greedy answer of the reference."""
    stop_ids, pad = sorted(language.stop_ids), language.tokenizer.pad_token_id
    prompt_ids = encode_prompt(language.tokenizer, question)[-LONGEST_TOKENS:]
    greedy = GenerationConfig(
        do_sample=False,
        max_new_tokens=ANSWER_TOKENS,
        eos_token_id=stop_ids,
        pad_token_id=stop_ids[0] if pad is None else pad,
    )
    ids = torch.tensor([prompt_ids])
    whole = model.generate(ids, attention_mask=torch.ones_like(ids), generation_config=greedy)[0].tolist()
    answer = whole[len(prompt_ids) :]
    return Asked(
        [{"role": "user", "content": question}],
        prompt_ids,
        [token for token in answer if token not in stop_ids],
        answer[-1] in stop_ids,
        score(model, whole, len(prompt_ids)),
    )


def evenly(items: Sequence[Any], most: int) -> list[Any]:
    """At most `most` of the items, from all along the sequence."""
    every = max(1, len(items) // most)
    return list(items[::every][:most])

"""Make the practice base model: a real, tiny Llama that learns a little from the project's own chunks.

Knows tokenizers and a plain training loop. It needs no network, no GPU and about half a minute on two CPU
cores; it is meant for learning the way through the app, not for good answers.
"""

import hashlib
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from core.documents.store.chunk_store import ChunkStore
from core.jobs.job import JobContext
from core.jobs.runs import Run
from core.training.engines import cpu_has_bf16
from utils.errors import AppError
from utils.files import publish_folder, read_json, write_json

RECIPE = 1
"""Raise it when anything below changes what the same chunks and seed give."""

ROLES = ("pad", "begin", "system", "user", "assistant", "end")
PAD, BEGIN, SYSTEM, USER, ASSISTANT, END = SPECIAL_TOKENS = tuple(f"<|{role}|>" for role in ROLES)

# Each role is one special token and stands directly before its text: nothing can merge across that border, so
# a prompt alone and a prompt with its answer always tokenize alike, here and in llama.cpp. The generation
# block marks the trained part, the end-of-turn token included.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' -}}"
    "{%- if message['role'] == 'assistant' -%}"
    "{%- generation -%}{{- message['content'] + '<|end|>' -}}{%- endgeneration -%}"
    "{%- else -%}"
    "{{- message['content'] + '<|end|>' -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)

# Qwen2's split rule, which llama.cpp knows as "qwen2": with any other rule the exported model would read
# text differently from the trained one.
SPLIT_RULE = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Size:
    """Shape of the model and length of its schooling; counted in tokens, so that a seed gives one result.

    `hidden` and `feed_forward` are multiples of 256: the block of llama.cpp's K-quants.
    """

    vocabulary: int = 4096
    hidden: int = 256
    feed_forward: int = 768
    layers: int = 4
    heads: int = 4
    context_tokens: int = 2048
    steps: int = 160
    batch: int = 8
    sequence_tokens: int = 128
    matrix_rate: float = 0.01
    embedding_rate: float = 0.02
    most_characters: int = 4_000_000

    def rate_at(self, step: int) -> float:
        """Share of the peak learning rate at a step, counted from 0: a short rise, a plateau, a straight fall."""
        rise = (step + 1) / (0.05 * self.steps)
        fall = (self.steps - step) / (0.6 * self.steps)
        return min(1.0, rise, fall)


SIZE = Size()


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Make the practice base of `run`'s project, or keep the one that the same chunks and seed gave.

    Raises AppError `no_chunks` where the project has no text yet.
    """
    seed = int(run.request.get("seed", 42))
    folder = run.project.practice_folder
    context.progress(0, None, "model.practice.reading")
    texts = sample_evenly(ChunkStore(run.project.database).texts, SIZE.most_characters)
    if not texts:
        raise AppError("no_chunks")
    facts = known_facts(folder)
    if facts.get("chunks_sha256") == hash_of(texts) and facts["seed"] == seed and facts["recipe"] == RECIPE:
        context.log("model.practice.kept")
        return {**facts, "folder": str(folder), "reused": True}
    remove_leftovers(folder.parent)
    prepared = Path(tempfile.mkdtemp(prefix=".practice_", dir=folder.parent))
    try:
        facts = make_practice_model(context, texts, prepared, seed, SIZE)
        publish_folder(prepared, folder)
        context.log("model.practice.done", **{name: facts[name] for name in ("first_loss", "loss", "seconds")})
    finally:
        shutil.rmtree(prepared, ignore_errors=True)
    return {**facts, "folder": str(folder), "reused": False}


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed run left half made."""
    for leftover in folder.glob(".practice_*"):
        shutil.rmtree(leftover, ignore_errors=True)


def known_facts(folder: Path) -> dict[str, Any]:
    """What practice.json says, or nothing where there is no practice model."""
    try:
        return read_json(folder / "practice.json")
    except FileNotFoundError:
        return {}


def make_practice_model(context: JobContext, texts: list[str], folder: Path, seed: int, size: Size) -> dict[str, Any]:
    """Write a model folder that transformers loads, and return its facts (also in practice.json)."""
    started = time.monotonic()
    context.progress(0, None, "model.practice.tokenizer")
    tokenizer = make_tokenizer(texts, size)
    torch.manual_seed(seed)
    model = new_model(tokenizer, size)
    parameters = model.num_parameters()
    context.log("model.practice.made", parameters_million=parameters / 1e6, vocabulary=len(tokenizer))
    stream = token_stream(tokenizer, texts)
    losses = pretrain(context, model, stream, seed, size)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=False,
    )
    with chdir(folder.parent):  # the library makes the folder, by its path also that of a project that was moved
        model.save_pretrained(folder.name)
        tokenizer.save_pretrained(folder.name)
    facts = {
        "recipe": RECIPE,
        "seed": seed,
        "parameters": parameters,
        "chunks": len(texts),
        "chunks_sha256": hash_of(texts),
        "first_loss": round(losses[0], 4),
        "loss": round(sum(losses[-10:]) / len(losses[-10:]), 4),
        "seconds": round(time.monotonic() - started, 1),
    }
    write_json(folder / "practice.json", facts)
    return facts


def sample_evenly(read_texts: Callable[[], Iterator[str]], most_characters: int) -> list[str]:
    """All texts, or every k-th where they are more than `most_characters` together."""
    total = sum(len(text) for text in read_texts())
    every = -(-total // most_characters)
    return list(itertools.islice(read_texts(), 0, None, max(every, 1)))


def hash_of(texts: list[str]) -> str:
    """One SHA-256 over all texts and their borders."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(json.dumps(text).encode())
    return digest.hexdigest()


def make_tokenizer(texts: list[str], size: Size) -> PreTrainedTokenizerFast:
    """A byte-level BPE of these texts: any character of any language has tokens, only the usual ones are short."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT_RULE), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size.vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        model_max_length=size.context_tokens,
        clean_up_tokenization_spaces=False,
        add_bos_token=False,
    )


def new_model(tokenizer: PreTrainedTokenizerFast, size: Size) -> LlamaForCausalLM:
    """A model that knows nothing yet. Each layer starts as "change nothing": that way few steps teach more."""
    model = LlamaForCausalLM(llama_config(tokenizer, size))
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    return model


def llama_config(tokenizer: PreTrainedTokenizerFast, size: Size) -> LlamaConfig:
    """The plain Llama architecture, as small as K-quants allow it to be useful."""
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.hidden,
        intermediate_size=size.feed_forward,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        max_position_embeddings=size.context_tokens,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def token_stream(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> torch.Tensor:
    """All chunks as one row of token ids, each opened by the begin token."""
    encoded = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return torch.tensor([token for ids in encoded for token in (tokenizer.bos_token_id, *ids)])


def pretrain(
    context: JobContext, model: LlamaForCausalLM, stream: torch.Tensor, seed: int, size: Size
) -> list[float]:
    """Teach `model` the stream for `size.steps` steps, in place; returns the loss of each step."""
    # Threads that share such small matrices wait for each other at every one: with all cores a step is a third
    # faster on an idle machine, but three to six times slower as soon as anything else runs.
    torch.set_num_threads(max(1, torch.get_num_threads() // 2))
    generator = torch.Generator().manual_seed(seed)
    length = min(size.sequence_tokens, len(stream) - 1)
    offsets = torch.arange(length)
    optimizers = make_optimizers(model, size)
    schedules = [torch.optim.lr_scheduler.LambdaLR(optimizer, size.rate_at) for optimizer in optimizers]
    losses: list[float] = []
    started = time.monotonic()
    model.train()
    for step in range(1, size.steps + 1):
        context.checkpoint()
        starts = torch.randint(0, len(stream) - length, (size.batch,), generator=generator)
        batch = stream[starts[:, None] + offsets]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=cpu_has_bf16()):
            loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
        losses.append(loss.item())
        pace = step * size.batch * size.sequence_tokens / (time.monotonic() - started)
        rate = size.matrix_rate * size.rate_at(step - 1)
        context.metric(step=step, loss=losses[-1], learning_rate=rate, tokens_per_second=pace)
        context.progress(step, size.steps, "model.practice.learning", loss=losses[-1])
    model.eval()
    return losses


def make_optimizers(model: LlamaForCausalLM, size: Size) -> list[torch.optim.Optimizer]:
    """Muon for the weight matrices, AdamW for the embeddings and the norms.

    A tiny model that sees its text only once learns about twice as much per step with Muon as with AdamW alone.
    """
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    return [
        torch.optim.Muon(matrices, lr=size.matrix_rate, momentum=0.95, weight_decay=0.0, adjust_lr_fn="original"),
        torch.optim.AdamW(rest, lr=size.embedding_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]

"""Estimated against measured memory of real training runs: a grid of small random models and settings.

Each case is what the app does: a project with samples, a run folder, `app.py worker` in a process of its own.
Measured is the peak of that process, as the trainer itself notes it. CPU only.
"""

import argparse
import concurrent.futures
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from core import hardware_detector
from core.estimates import memory, row_lengths
from core.estimates.memory import MemoryEstimate
from core.jobs import child_process
from core.jobs.runs import Run, create_run
from core.models import model_shape
from core.project_manager import Project, ProjectStore
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_samples
from utils.config import TrainingSettings

WITHIN = 0.25
TERMS_SHOWN = 3
STAY = 0.002  # how much a factor resists to leave 1, in squares of relative errors
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<' + message['role'] + '>' + message['content'] + '<end>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)


@dataclass(frozen=True)
class Model:
    """A random model. `tied` says that input and output embeddings are one matrix."""

    kind: str
    hidden: int
    feed: int
    layers: int
    vocabulary: int
    tied: bool = True


TINY = Model("llama", 256, 704, 4, 4096)
SMALL = Model("qwen2", 512, 1408, 8, 4096)
MIDDLE = Model("llama", 768, 2048, 12, 4096)
TINY_WORDY = Model("qwen2", 256, 704, 4, 131_072)
SMALL_WORDY = Model("llama", 512, 1408, 8, 131_072)
MIDDLE_WORDY = Model("qwen2", 640, 1728, 10, 131_072)
UNTIED_WORDY = Model("llama", 512, 1408, 6, 131_072, tied=False)


@dataclass(frozen=True)
class Case:
    """One training run: model, batch, longest tokens of a sample, and what else is set."""

    model: Model
    batch: int
    length: int
    more: tuple[tuple[str, Any], ...] = ()

    @property
    def settings(self) -> TrainingSettings:
        return TrainingSettings(
            batch_size=self.batch, max_length=self.length, epochs=1, held_out_share=0.34, **dict(self.more)
        )

    @property
    def words(self) -> str:
        model = self.model
        size = f"{model.kind} h{model.hidden}×{model.layers} v{model.vocabulary // 1000}k"
        more = " ".join(f"{name}={value}" for name, value in self.more)
        return f"{size:22} {self.batch:2} × {self.length:<5}{more}"


CHECKPOINTING = ("gradient_checkpointing", True)
FOUR_BIT = ("four_bit", True)
RANK_8, RANK_64 = ("lora_rank", 8), ("lora_rank", 64)
ATTENTION = ("target_modules", ("q_proj", "k_proj", "v_proj", "o_proj"))
NO_DROPOUT = ("lora_dropout", 0.0)

GRID = (
    Case(TINY, 1, 128),
    Case(TINY, 2, 512),
    Case(TINY, 8, 512),
    Case(TINY, 4, 2048),
    Case(TINY, 4, 2048, (CHECKPOINTING,)),
    Case(TINY, 16, 256, (RANK_64,)),
    Case(SMALL, 1, 128),
    Case(SMALL, 2, 512),
    Case(SMALL, 4, 1024),
    Case(SMALL, 4, 1024, (CHECKPOINTING,)),
    Case(SMALL, 4, 512, (RANK_64,)),
    Case(SMALL, 4, 512, (ATTENTION, NO_DROPOUT)),
    Case(SMALL, 8, 256, (FOUR_BIT,)),
    Case(SMALL, 2, 1024, (NO_DROPOUT,)),
    Case(MIDDLE, 1, 128),
    Case(MIDDLE, 2, 256, (RANK_8,)),
    Case(MIDDLE, 2, 512, (RANK_64,)),
    Case(MIDDLE, 4, 256, (CHECKPOINTING,)),
    Case(MIDDLE, 2, 512, (ATTENTION,)),
    Case(MIDDLE, 2, 256, (FOUR_BIT,)),
    Case(TINY_WORDY, 1, 128),
    Case(TINY_WORDY, 4, 512),
    Case(TINY_WORDY, 4, 1024, (CHECKPOINTING,)),
    Case(TINY_WORDY, 8, 256, (ATTENTION,)),
    Case(SMALL_WORDY, 1, 128),
    Case(SMALL_WORDY, 2, 512),
    Case(SMALL_WORDY, 4, 512, (CHECKPOINTING, RANK_64)),
    Case(SMALL_WORDY, 2, 256, (FOUR_BIT,)),
    Case(MIDDLE_WORDY, 1, 256),
    Case(MIDDLE_WORDY, 2, 512, (RANK_8,)),
    Case(MIDDLE_WORDY, 4, 256, (RANK_64,)),
    Case(UNTIED_WORDY, 1, 256),
)


@dataclass(frozen=True)
class Outcome:
    """What was estimated and what the run needed, in GiB."""

    case: Case
    estimate: MemoryEstimate
    measured_gib: float
    longest_tokens: int

    @property
    def error(self) -> float:
        return self.estimate.total_gib / self.measured_gib - 1


def main() -> None:
    """Run the grid and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--workers", type=int, default=2, help="training runs at once")
    parser.add_argument("--only", type=int, default=0, help="only the first so many cases")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CUSTOM_AI_CONFIG"] = str(Path(folder) / "config")
        cases = GRID[: options.only or None]
        bases = {model: make_model(Path(folder), model) for model in dict.fromkeys(case.model for case in cases)}
        with concurrent.futures.ThreadPoolExecutor(options.workers) as pool:
            numbered = enumerate(cases)
            outcomes = list(pool.map(lambda pair: measure(Path(folder), bases, *pair), numbered))
    report(outcomes)
    print(f"\n{len(outcomes)} runs in {time.monotonic() - started:.0f} s, {options.workers} at once")


def measure(folder: Path, bases: dict[Model, Path], number: int, case: Case) -> Outcome:
    """One run from its samples to its end."""
    base, settings = bases[case.model], case.settings
    project = ProjectStore(folder / f"projects-{number}").create("memory")
    append_samples(project.samples_file, make_samples(base, case))
    longest = row_lengths.longest_tokens(project.samples_file, base, settings.max_length)
    run = make_run(project, base, settings)
    code = child_process.start_child(run).wait()
    result = run.read_state().result
    shape = model_shape.read_shape(base)
    if code or result is None or shape is None:
        raise SystemExit(f"{case.words}: exit code {code}\n{run.output_file.read_text()[-2000:]}")
    hardware = hardware_detector.detect(folder, force_cpu=True)
    outcome = Outcome(
        case=case,
        estimate=memory.estimate(shape, settings, hardware, longest),
        measured_gib=result["memory"]["ram_gib"],
        longest_tokens=longest,
    )
    shutil.rmtree(project.root)
    print(line_of(outcome), flush=True)
    return outcome


def make_run(project: Project, base: Path, settings: TrainingSettings, **more: Any) -> Run:
    """A training run on the CPU as the app would ask for it, not started; `more` goes into its request."""
    request = {
        "base": {"source": "path", "name": str(base), "folder": str(base)},
        "training": settings.model_dump(),
        "engine": "trl",
        "force_cpu": True,
    }
    run = create_run(project, "train", request | more)
    shutil.copyfile(project.samples_file, run.samples_file)
    return run


def line_of(outcome: Outcome) -> str:
    largest = sorted(outcome.estimate.terms.items(), key=lambda term: -term[1])[:TERMS_SHOWN]
    terms = ", ".join(f"{name} {size / 2**20:.0f}" for name, size in largest)
    return (
        f"{outcome.case.words:64} {outcome.estimate.total_gib:6.2f} {outcome.measured_gib:6.2f} GiB "
        f"{outcome.error:+7.1%}   {terms} MiB"
    )


def report(outcomes: Sequence[Outcome]) -> None:
    """How near the estimates are; and how near they would be with factors fitted anew on every second run."""
    print()
    report_part("as the app estimates", outcomes)
    factors = fit(outcomes[::2])
    fitted = [with_factors(each, factors) for each in outcomes]
    report_part("fitted: every second run", fitted[::2])
    report_part("checked: the other half", fitted[1::2])
    print("fitted factors:", ", ".join(f"{name} {factor:.2f}" for name, factor in factors.items()))


def report_part(words: str, part: Sequence[Outcome]) -> None:
    """One line: the share within bounds, also of the runs where the bare process is the smaller part."""
    if not part:
        return
    errors = sorted(abs(each.error) for each in part)
    large = [each for each in part if each.measured_gib > 2 * memory.PROCESS_GIB]
    print(
        f"{words:26} {near(part)}/{len(part)} within ±{WITHIN:.0%}; median {errors[len(errors) // 2]:.1%}, "
        f"worst {errors[-1]:.1%}; of those above twice the bare process {near(large)}/{len(large)}"
    )


def near(part: Sequence[Outcome]) -> int:
    return sum(abs(each.error) <= WITHIN for each in part)


def raw_terms(found: MemoryEstimate) -> dict[str, float]:
    """The bytes of each formula, before the factors."""
    return {name: size / memory.FACTORS.get(name, 1.0) for name, size in found.terms.items()}


def fit(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The factors with the smallest relative errors; where runs say little about one, it stays near 1."""
    import numpy

    names = list(outcomes[0].estimate.terms)
    measured = numpy.array([each.measured_gib * 2**30 for each in outcomes])
    terms = numpy.array([[raw_terms(each.estimate)[name] for name in names] for each in outcomes])
    shares = terms / measured[:, None]
    left = shares.T @ shares + STAY * numpy.eye(len(names))
    right = shares.sum(axis=0) + STAY
    return dict(zip(names, (float(factor) for factor in numpy.linalg.solve(left, right)), strict=True))


def with_factors(outcome: Outcome, factors: dict[str, float]) -> Outcome:
    terms = {name: factors[name] * size for name, size in raw_terms(outcome.estimate).items()}
    return replace(outcome, estimate=replace(outcome.estimate, terms=terms))


def make_model(folder: Path, model: Model) -> Path:
    """A random model with a tokenizer of its vocabulary, as transformers saves it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    base = folder / f"model-{abs(hash(model))}"
    tokenizer = make_tokenizer(model.vocabulary)
    heads = model.hidden // 64
    kinds = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen2": (Qwen2Config, Qwen2ForCausalLM)}
    configuration, causal = kinds[model.kind]
    torch.manual_seed(0)
    causal(
        configuration(
            vocab_size=model.vocabulary,
            hidden_size=model.hidden,
            intermediate_size=model.feed,
            num_hidden_layers=model.layers,
            num_attention_heads=heads,
            num_key_value_heads=heads // 2 if heads % 2 == 0 else heads,
            max_position_embeddings=8192,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            tie_word_embeddings=model.tied,
        )
    ).save_pretrained(base)
    tokenizer.save_pretrained(base)
    return base


def make_tokenizer(vocabulary: int) -> Any:
    """A byte-level tokenizer that really has so many pieces: bytes, then pairs, then pairs of pairs."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    specials = ["<pad>", "<user>", "<assistant>", "<end>"]
    pieces = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    pairs = [(first, second) for first in LETTERS for second in LETTERS]
    doubles = ["".join(pair) for pair in pairs]
    long = ((first, second) for first in doubles for second in doubles)
    merges = [*pairs, *islice(long, max(0, vocabulary - len(pieces) - len(pairs)))]
    pieces += ["".join(merge) for merge in merges]
    tokenizer = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")
    fast.chat_template = CHAT_TEMPLATE
    return fast


def make_samples(base: Path, case: Case) -> list[Sample]:
    """Samples for at least two steps and a check, of different lengths; the longest are cut at the case's length."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    chance = random.Random(1)
    samples = []
    for number in range(max(9, 3 * case.batch)):
        tokens = case.length if number % 2 else round(case.length * chance.uniform(0.5, 0.9))
        words = " ".join("".join(chance.choices(LETTERS, k=6)) for _ in range(tokens))
        answer = tokenizer.decode(tokenizer.encode(words).ids[:tokens])
        samples.append(Sample(f"frage {number}?", answer, str(number), Source("memory.txt", 1, number)))
    return samples


if __name__ == "__main__":
    main()

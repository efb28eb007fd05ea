"""A model from Ollama's store → a folder of 16-bit weights that can be trained, compared with what it was made of.

Knows GGUF files, transformers and llama.cpp; needs no server and no network. The folder lies in the user's cache,
named by the GGUF's digest: complete with its note, or absent.
"""

import gc
import math
import shutil
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gguf
import portalocker
import psutil
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    modeling_gguf_pytorch_utils,
)

from core.jobs.job import JobContext
from core.jobs.runs import Run
from core.models.chat_text import can_be_asked, said, whole_of
from core.models.gguf_tokenizer import adds_begin, make_tokenizer, note_begin, plain_ids, read, stop_ids
from core.models.llama_server import TRICKY_TEXTS, LlamaServer
from core.models.ollama_store import TRAINABLE, OllamaModel, find_model
from core.models.unpacked import Agreement, Note, folder_of, read_note, write_note
from utils.errors import AppError
from utils.files import publish_folder, require_disk

BYTES_PER_WEIGHT = 2
SPARE_GIB = 0.3
POSITIONS = 48
FEW_TOKENS = 64
FEWEST_SAME_TOKENS = 0.97
CLEAR_NATS = 0.3
"""llama.cpp rounds what it computes with to eight bits: of two choices that are closer it may prefer the other one
(measured: 0.09 nats on average with Gemma 3 270M in four bits, and none over 300 positions)."""
FEWEST_SAME_CHOICES, LARGEST_DIFFERENCE = 0.5, 1.0
"""Below or above these the folder is another model than the GGUF, and of no use."""

COMPARED_TEXT = (
    "Energie ist die Fähigkeit, Arbeit zu verrichten. Sie kann weder erzeugt noch vernichtet, sondern nur von einer "
    "Form in eine andere umgewandelt werden. The pump in the cellar moves 3 litres of water per second, which takes "
    "about 60 watts; half of that is lost as heat."
)
# Transformers reads Qwen 2's text with letters and accents composed, whatever the tokenizer's file says; llama.cpp
# reads it as it stands. Nearly all text is composed, and only that is compared.
TRICKY_COMPOSED = tuple(unicodedata.normalize("NFC", text) for text in TRICKY_TEXTS)
LAYERS_OF_27B = {"gemma2": 46, "gemma3": 62}
LLAMA_3_ROPE = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}


@dataclass(frozen=True)
class Expected:
    """What the unpacked model says along the tokens of a text."""

    tokenizer: Any
    ids: list[int]
    log_probabilities: torch.Tensor


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Unpack the model of Ollama that `run` names, or keep the folder that its GGUF gave before.

    Raises AppError `ollama_missing`, `ollama_*` for what cannot be trained, `disk_full`, `memory_short`.
    """
    started = time.monotonic()
    model = find_model(run.request["name"])
    if model is None or model.file is None:
        raise AppError("ollama_missing", name=run.request["name"])
    if model.problem:
        raise AppError(model.problem, **model.named)
    folder = folder_of(model.digest)
    note = read_note(folder)
    if note is None:
        note = unpack(context, model, model.file, folder)
        context.log("model.unpack.done", name=model.name, seconds=time.monotonic() - started)
    else:
        context.log("model.unpack.kept", name=model.name)
    context.log("ollama_bases.agreement", **note.figures)
    if note.is_doubtful:
        context.log("ollama_bases.doubtful")
    return {
        "name": model.name,
        "folder": str(folder),
        "same_choice": note.same_choice,
        "difference": note.difference,
        "same_tokens": f"{note.same_tokens}/{note.texts}",
        "seconds": round(time.monotonic() - started, 1),
    }


def unpack(context: JobContext, model: OllamaModel, file: Path, folder: Path) -> Note:
    """Write the folder of a GGUF. Only one process works on a folder; what a killed one left is made anew."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    prepared = folder.with_name(f".{folder.name}.part")
    try:
        with portalocker.Lock(folder.with_name(f".{folder.name}.lock"), "a", timeout=0, fail_when_locked=True):
            shutil.rmtree(prepared, ignore_errors=True)
            try:
                note = unpack_into(context, model, file, prepared)
                context.checkpoint()
                publish_folder(prepared, folder)
            finally:
                shutil.rmtree(prepared, ignore_errors=True)
            return note
    except portalocker.exceptions.LockException:
        raise AppError("job_already_running") from None


def unpack_into(context: JobContext, model: OllamaModel, file: Path, prepared: Path) -> Note:
    """Weights, tokenizer and note, each looked at before the next one costs time."""
    context.progress(0, None, "model.unpack.reading", name=model.name)
    try:
        reader = gguf.GGUFReader(file)
    except ValueError:
        raise AppError("ollama_incomplete", name=model.name) from None
    family = str(read(reader, "general.architecture"))
    if family not in TRAINABLE:
        raise AppError("ollama_architecture", name=model.name, family=family)
    parameters = sum(int(tensor.n_elements) for tensor in reader.tensors)
    require_room(prepared.parent, reader, parameters)
    tokenizer = make_tokenizer(reader)
    if tokenizer.chat_template and not can_be_asked(tokenizer):
        tokenizer.chat_template = None
        context.log("model.unpack.no_template")
    check_tokens(file, tokenizer, read(reader, "tokenizer.ggml.pre") or read(reader, "tokenizer.ggml.model"))
    tokenizer.save_pretrained(prepared)
    note_begin(prepared, adds_begin(reader))
    context.checkpoint()
    begin = [tokenizer.bos_token_id] if adds_begin(reader) and tokenizer.bos_token_id is not None else []
    weights = load_weights(context, file, reader, model.name, family)
    weights.save_pretrained(prepared)
    context.checkpoint()
    context.progress(0, None, "model.unpack.comparing")
    expected = expect(weights, prepared, begin)
    del weights, reader  # llama.cpp needs the memory now
    gc.collect()
    agreement = compare(context, expected, file)
    if agreement.same_choice < FEWEST_SAME_CHOICES or agreement.difference > LARGEST_DIFFERENCE:
        raise AppError("ollama_unfaithful", name=model.name, percent=round(100 * agreement.same_choice))
    note = Note(
        name=model.name,
        digest=model.digest,
        family=family,
        quantization=model.quantization,
        parameters=parameters,
        ollama=dict(model.texts),
        **asdict(agreement),
    )
    write_note(prepared, note)
    return note


def require_room(folder: Path, reader: gguf.GGUFReader, parameters: int) -> None:
    """Raises AppError `disk_full` or `memory_short`: weights are held in 16 bits, the largest tensor in 32."""
    needed = BYTES_PER_WEIGHT * parameters
    require_disk(folder, needed / 2**30 + SPARE_GIB)
    needed += 8 * max(int(tensor.n_elements) for tensor in reader.tensors)
    free_gib, needed_gib = psutil.virtual_memory().available / 2**30, needed / 2**30
    if free_gib < needed_gib:
        raise AppError("memory_short", free_gib=round(free_gib, 1), needed_gib=round(needed_gib, 1))


def load_weights(context: JobContext, file: Path, reader: gguf.GGUFReader, name: str, family: str) -> Any:
    """The model with its weights in 16 bits. Raises AppError `ollama_architecture`, `ollama_rope`."""
    config = AutoConfig.from_pretrained(file.parent, gguf_file=file.name)
    complete_config(config, reader, name, family)
    context.progress(0, len(reader.tensors), "model.unpack.weights")
    try:
        with told(context):
            model: Any = AutoModelForCausalLM.from_pretrained(
                file.parent, gguf_file=file.name, config=config, dtype=torch.float16
            )
    except (ValueError, NotImplementedError):
        raise AppError("ollama_architecture", name=name, family=family) from None
    # It still counts as quantized, and as such could be neither converted nor saved.
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    ends = stop_ids(reader)
    model.generation_config = GenerationConfig(
        bos_token_id=read(reader, "tokenizer.ggml.bos_token_id"),
        eos_token_id=ends[0] if len(ends) == 1 else ends or None,
        pad_token_id=read(reader, "tokenizer.ggml.padding_token_id"),
        do_sample=False,
    )
    return model.eval()


def complete_config(config: Any, reader: gguf.GGUFReader, name: str, family: str) -> None:
    """Add what transformers passes over: the width of the heads, how positions turn and how they are stretched.

    Raises AppError `ollama_rope` for a way of stretching that is not known here.
    """
    if width := read(reader, f"{family}.attention.key_length"):
        config.head_dim = int(width)
        if family in LAYERS_OF_27B:  # what attention is divided by stands in no key: llama.cpp has it by the size
            wide = config.hidden_size // config.num_attention_heads
            config.query_pre_attn_scalar = wide if config.num_hidden_layers == LAYERS_OF_27B[family] else int(width)
    theta = float(read(reader, f"{family}.rope.freq_base") or 10_000.0)
    rope = config.rope_parameters
    if "rope_theta" in rope:
        rope["rope_theta"] = theta
    if "partial_rotary_factor" in rope and (turned := read(reader, f"{family}.rope.dimension_count")):
        rope["partial_rotary_factor"] = turned / (width or config.hidden_size // config.num_attention_heads)
    if family == "stablelm":
        names = {tensor.name for tensor in reader.tensors}
        config.use_parallel_residual = bool(read(reader, "stablelm.use_parallel_residual"))
        config.use_qkv_bias, config.qk_layernorm = (
            f"blk.0.attn_q{end}" in names for end in (".bias", "_norm.weight")
        )
    stretched = read(reader, f"{family}.rope.scaling.type") not in (None, "none")
    if stretched or any(tensor.name.startswith("rope_factors") for tensor in reader.tensors):
        raise AppError("ollama_rope", name=name)
    factors = next((tensor.data for tensor in reader.tensors if tensor.name == "rope_freqs.weight"), None)
    if factors is None:
        return
    factor = round(float(max(factors)), 4)
    expected = llama_3_factors(theta, len(factors), factor)
    if not all(math.isclose(float(one), other, rel_tol=1e-3) for one, other in zip(factors, expected, strict=True)):
        raise AppError("ollama_rope", name=name)
    config.rope_parameters = {"rope_theta": theta, "rope_type": "llama3", "factor": factor, **LLAMA_3_ROPE}


def llama_3_factors(theta: float, count: int, factor: float) -> list[float]:
    """By what Llama 3 divides the frequency of each pair of dimensions (as llama.cpp's converter computes it)."""
    low, high, length = (float(LLAMA_3_ROPE[key]) for key in LLAMA_3_ROPE)
    factors = []
    for number in range(count):
        wave = 2 * math.pi * theta ** (number / count)
        share = min(1.0, max(0.0, (length / wave - low) / (high - low)))
        factors.append(1 / ((1 - share) / factor + share))
    return factors


@contextmanager
def told(context: JobContext) -> Iterator[None]:
    """Let transformers' loop over the tensors report its progress, and stop where a stop was asked for."""

    def watched(tensors: Sequence[Any], **_: object) -> Iterable[Any]:
        for number, tensor in enumerate(tensors):
            context.checkpoint()
            context.progress(number, len(tensors))
            yield tensor

    usual = modeling_gguf_pytorch_utils.tqdm
    modeling_gguf_pytorch_utils.tqdm = watched
    try:
        yield
    finally:
        modeling_gguf_pytorch_utils.tqdm = usual


def expect(model: Any, folder: Path, begin: list[int]) -> Expected:
    """What the folder's tokenizer and the unpacked model make of the compared text."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    ids = [*begin, *plain_ids(tokenizer, COMPARED_TEXT)][: POSITIONS + 2]
    return Expected(tokenizer, ids, log_probabilities(model, ids))


def check_tokens(file: Path, tokenizer: Any, kind: str) -> None:
    """Raises AppError `ollama_tokenizer` where llama.cpp cuts too many texts otherwise, before weights cost time."""
    with LlamaServer(file, FEW_TOKENS) as server:
        same = sum(server.tokenize(text) == plain_ids(tokenizer, text) for text in TRICKY_COMPOSED)
    if same < FEWEST_SAME_TOKENS * len(TRICKY_COMPOSED):
        raise AppError("ollama_tokenizer", kind=kind)


def compare(context: JobContext, expected: Expected, file: Path) -> Agreement:
    """That against llama.cpp on the GGUF. Raises AppError `ollama_tokenizer` where plain text is cut differently."""
    tokenizer, ids = expected.tokenizer, expected.ids
    plain = [COMPARED_TEXT]
    if tokenizer.chat_template:
        plain.append(whole_of(tokenizer, [said("user", "Was ist Energie?")], "Eine Größe."))
    with LlamaServer(file, 2 * len(ids)) as server:
        if any(server.tokenize(text) != plain_ids(tokenizer, text) for text in plain):
            raise AppError("ollama_tokenizer", kind=type(tokenizer.backend_tokenizer.model).__name__)
        same_tokens = sum(server.tokenize(text) == plain_ids(tokenizer, text) for text in TRICKY_COMPOSED)
        same = 0
        differences = []
        for position in range(1, len(ids) - 1):
            context.checkpoint()
            context.progress(position, len(ids) - 2)
            row = expected.log_probabilities[position]
            choice = server.judge(ids[: position + 1], ids[position + 1])
            if choice is None:  # the beginning of a character
                continue
            same += bool(row.max() - row[choice.preferred] < CLEAR_NATS)
            differences.append(abs(float(row[ids[position + 1]]) - choice.log_probability))
    return Agreement(
        same_choice=round(same / len(differences), 4),
        difference=round(sum(differences) / len(differences), 4),
        positions=len(differences),
        same_tokens=same_tokens + len(plain),
        texts=len(TRICKY_COMPOSED) + len(plain),
    )


@torch.inference_mode()
def log_probabilities(model: Any, ids: list[int]) -> torch.Tensor:
    """What the model expects after each of the tokens; counted in full precision where memory allows."""
    if 2 * BYTES_PER_WEIGHT * model.num_parameters() < 0.6 * psutil.virtual_memory().available:
        model = model.float()
    return torch.log_softmax(model(torch.tensor([ids])).logits[0].float(), dim=-1)

"""Export: the trained adapter becomes a model of its own: safetensors, GGUF, in Ollama; checked before it is shown.

Knows models and files. Each format's folder is complete with its model card and its verification, or absent.
"""

import os
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import psutil
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from core.export import gguf, model_card
from core.export.ollama import Handover, hand_over
from core.jobs.job import JobContext
from core.jobs.runs import Run, open_run
from core.models import bases
from core.models.chat_text import begins, ensure_chat_template
from core.models.gguf_tokenizer import note_begin
from core.project_manager import VERIFICATION
from core.proof import verify
from core.samples.store.sft_dataset import read_samples, usable
from core.samples.store.split import split_by_source
from core.training import checkpoints
from core.training.checkpoints import Checkpoint
from utils.config import QUANTIZED, Quantization
from utils.files import publish_folder, read_json, require_disk, write_json, write_text_atomic

BYTES_PER_WEIGHT = {"f16": 2.0, "q8_0": 1.07, "q4_k_m": 0.65}
SPARE_GIB = 0.2


@dataclass(frozen=True)
class Material:
    """What an export is made of, and where its parts are prepared."""

    export: Run
    training: Run
    adapter: Checkpoint
    base: Path
    name: str
    workshop: Path

    @property
    def merged(self) -> Path:
        return self.workshop / "safetensors"

    @property
    def quantizations(self) -> list[str]:
        wanted = self.export.request.get("quantization") or ["f16"]
        return [name for name in get_args(Quantization) if name in wanted]

    def load_reference(self) -> verify.Reference:
        """The merged model with its answers to questions it was not trained on (any, where none were held out)."""
        samples = usable(read_samples(self.training.samples_file))
        settings = self.training.request["training"]
        trained_on, held_out = split_by_source(samples, settings["held_out_share"], settings["seed"])
        return verify.Reference.load(self.merged, [*held_out, *trained_on][: verify.PROMPTS], samples)


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Write the formats that `run` asks for and verify them; returns {"format", "files", "verification", …}.

    Raises AppError `adapter_*`, `disk_full`, `gguf_*`, and those of a base model that is gone. What was exported
    before stays until the new export is complete.
    """
    started = time.monotonic()
    wanted = run.request["format"]
    final = run.project.final_folder
    for leftover in final.glob(".export_*"):
        shutil.rmtree(leftover, ignore_errors=True)
    training = open_run(run.project, run.request["train_run"])
    base = bases.base_of(training)
    workshop = Path(tempfile.mkdtemp(prefix=".export_", dir=final))
    try:
        adapter = checkpoints.whole_adapter(training, run.request.get("step"))
        context.log("result.of_run", run=training.id, step=adapter.step)
        material = Material(run, training, adapter, base, safe_name(run.project.name), workshop)
        require_room(material)
        merge(context, material)
        context.progress(0, None, "export.reference")
        reference = material.load_reference()
        results = [export(context, material, reference) for export in EXPORTERS[wanted]]
        context.checkpoint()
        for result in results:
            publish_folder(result.folder, final / result.folder.name)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    main = results[-1]
    files = [str(final / result.folder.name / name) for result in results for name in result.files]
    context.log("export.done" if main.passed else "export.done_with_doubts", seconds=time.monotonic() - started)
    return {
        "format": wanted,
        "run": training.id,
        "step": adapter.step,
        "files": files,
        "folder": str(final / main.folder.name),
        "verification": {"passed": all(result.passed for result in results), "files": shown_of(results)},
        "seconds": round(time.monotonic() - started, 1),
        **main.more,
    }


@dataclass(frozen=True)
class Exported:
    """One format's finished folder, still in the workshop; `verification` has one entry per model file.

    `more` goes into the result of the run.
    """

    folder: Path
    files: list[str]
    verification: list[dict[str, Any]]
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(entry["passed"] for entry in self.verification)


def shown_of(results: list[Exported]) -> list[dict[str, Any]]:
    """The entries that people look at: of the format that was asked for first, and of what it is made of."""
    wanted = results[1:] or results  # the merged model is a step on the way, unless it is all that was asked for
    return [entry for result in reversed(wanted) for entry in result.verification]


def export_safetensors(context: JobContext, material: Material, reference: verify.Reference) -> Exported:
    """The merged model as transformers loads it."""
    report = verify.verify_safetensors(reference)
    return finish(material, material.merged, ["."], [report])


def export_gguf(context: JobContext, material: Material, reference: verify.Reference) -> Exported:
    """GGUF files of all wanted quantizations; f16 comes first, since the smallest one is made from it."""
    folder = material.workshop / "gguf"
    folder.mkdir()
    files: list[str] = []
    reports: list[dict[str, Any]] = []
    full = folder / f"{material.name}-f16.gguf"

    def tell(done: int, total: int) -> None:
        context.checkpoint()
        context.progress(done, total)

    for name in dict.fromkeys(["f16", *material.quantizations]):
        context.checkpoint()
        context.progress(len(files), None, "export.writing", quantization=name)
        file = folder / f"{material.name}-{name}.gguf"
        if name == "q4_k_m":
            gguf.write_q4_k_m(full, file, tell)
        else:
            gguf.write_converted(material.merged, file, name)
        if name not in material.quantizations:
            continue
        context.checkpoint()
        context.progress(len(files), None, "export.verifying", quantization=name)
        report = verify.verify_gguf(file, name, reference)
        context.log("export.verified" if report["passed"] else "export.doubtful", file=file.name)
        files.append(file.name)
        reports.append(report)
    if "f16" not in material.quantizations:
        full.unlink()
    return finish(material, folder, files, reports)


def export_ollama(context: JobContext, material: Material, reference: verify.Reference) -> Exported:
    """The smallest GGUF with a Modelfile; where Ollama runs on this machine, the model is created there."""
    quantization = material.quantizations[-1]
    source = material.workshop / "gguf" / f"{material.name}-{quantization}.gguf"
    folder = material.workshop / "ollama"
    folder.mkdir()
    try:
        os.link(source, folder / source.name)
    except OSError:  # not every file system can
        shutil.copy2(source, folder / source.name)
    what = Handover(
        file=folder / source.name,
        base=material.base,
        name=material.name.lower(),
        quantization=quantization,
        context_tokens=bases.describe(material.base).context_tokens,
        former=material.export.project.final_folder / "ollama",
    )
    report, outcome = hand_over(context, reference, what)
    made = sorted(path.name for path in folder.iterdir())
    exported = finish(material, folder, made, [report])
    return replace(exported, more={"ollama": outcome})


EXPORTERS: dict[str, list[Callable[[JobContext, Material, verify.Reference], Exported]]] = {
    "safetensors": [export_safetensors],
    "gguf": [export_safetensors, export_gguf],
    "ollama": [export_safetensors, export_gguf, export_ollama],
}
"""Format → what is written for it, in order. A GGUF is made from the merged model, which is kept beside it; Ollama is
given the GGUF, since its own converter misreads what transformers 5 writes."""


def finish(material: Material, folder: Path, files: list[str], reports: list[dict[str, Any]]) -> Exported:
    """Put the model card and the verification beside the files."""
    of = {"run": material.training.id, "step": material.adapter.step}
    write_json(folder / VERIFICATION, {"passed": all(r["passed"] for r in reports), **of, "files": reports})
    card = model_card.write(material.training, material.adapter.step, material.base, material.name, reports)
    write_text_atomic(folder / "model_card.md", card)
    return Exported(folder, files, reports)


def merge(context: JobContext, material: Material) -> None:
    """Write base and adapter as one model, in the base's own precision, with everything that asking it needs."""
    context.progress(0, None, "export.merging")
    stored = torch_dtype_of(material.base)
    model = AutoModelForCausalLM.from_pretrained(
        material.base, local_files_only=True, dtype=working_dtype(material.base, stored)
    )
    merged = PeftModel.from_pretrained(model, material.adapter.folder).merge_and_unload(safe_merge=True)
    tokenizer = AutoTokenizer.from_pretrained(material.base, local_files_only=True)
    ensure_chat_template(tokenizer)
    merged.generation_config = generation_config(merged, tokenizer)
    context.checkpoint()
    with chdir(material.workshop):  # the library makes the folder, by its path also that of a project that was moved
        merged.to(stored).save_pretrained(material.merged.name)
        tokenizer.save_pretrained(material.merged.name)
    if "add_bos_token" not in read_json(material.merged / "tokenizer_config.json"):
        note_begin(material.merged, begins(tokenizer))


def generation_config(model: Any, tokenizer: Any) -> GenerationConfig:
    """The base's, with the tokenizer's end-of-turn token among those that end an answer."""
    config = model.generation_config
    known = config.eos_token_id
    ids = known if isinstance(known, list) else [] if known is None else [known]
    if tokenizer.eos_token_id is not None and tokenizer.eos_token_id not in ids:
        ids = [tokenizer.eos_token_id, *ids]
    config.eos_token_id = ids[0] if len(ids) == 1 else ids
    return config


def torch_dtype_of(folder: Path) -> torch.dtype:
    """The precision in which a model is stored; a quantized or unknown one counts as bfloat16."""
    config = read_json(folder / "config.json")
    name = config.get("dtype") or config.get("torch_dtype") or "float32"
    return {"float32": torch.float32, "float16": torch.float16}.get(name, torch.bfloat16)


def working_dtype(folder: Path, stored: torch.dtype) -> torch.dtype:
    """Full precision for the sum of base and adapter, where memory allows."""
    needed = 4 * bases.describe(folder).parameters
    return torch.float32 if needed < 0.5 * psutil.virtual_memory().available else stored


def require_room(material: Material) -> None:
    """Raises AppError `disk_full` before anything is written."""
    facts = bases.describe(material.base)
    bytes_needed = facts.size_bytes * 1.05
    if material.export.request["format"] in QUANTIZED:
        written = {"f16", *material.quantizations}
        bytes_needed += facts.parameters * sum(BYTES_PER_WEIGHT[name] for name in written)
    require_disk(material.workshop, bytes_needed / 2**30 + SPARE_GIB)


def safe_name(project_name: str) -> str:
    """A file name that every system and every tool takes, as close to the project's name as that allows."""
    spelled = project_name.translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"})
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-_")[:60] or "model"

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
from transformers import AutoModelForCausalLM

from core.export import gguf, gguf_source, model_card, quantizing
from core.export.convertible import SENTENCE_PIECE, source_of
from core.export.ollama import Handover, hand_over
from core.jobs.job import JobContext
from core.jobs.runs import Run, open_run
from core.models import bases
from core.models.chat_text import begins
from core.models.gguf_tokenizer import note_added, note_begin
from core.project_manager import VERIFICATION
from core.proof import verify
from core.proof.reference import Reference, Scored, score, texts_of
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import read_samples, usable
from core.samples.store.split import split_by_source
from core.training import checkpoints
from core.training.checkpoints import Checkpoint
from core.training.training_data import Language, read_language
from utils.config import QUANTIZED, Quantization
from utils.files import publish_folder, read_json, require_disk, write_json, write_text_atomic

BYTES_PER_WEIGHT = {"f16": 2.0, "q8_0": 1.07, "q4_k_m": 0.65}
ALL_QUANTIZATIONS: tuple[Quantization, ...] = get_args(Quantization)
SPARE_GIB = 0.2
COMPARED_TEXTS = 24
"""So many texts base and adapter read before they are merged."""


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
    def quantizations(self) -> list[Quantization]:
        wanted = self.export.request.get("quantization") or ["f16"]
        return [name for name in ALL_QUANTIZATIONS if name in wanted]

    def samples(self) -> list[Sample]:
        """The samples of the training, first those that were held out."""
        settings = self.training.request["training"]
        found = usable(read_samples(self.training.samples_file))
        trained_on, held_out = split_by_source(found, settings["held_out_share"], settings["seed"])
        return [*held_out, *trained_on]


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
        language, samples = read_language(base), material.samples()
        before = merge(context, material, language, texts_of(language, samples)[:COMPARED_TEXTS])
        context.progress(0, None, "export.reference")
        made = Made(Reference.load(material.merged, language, samples), before)
        results = [export(context, material, made) for export in EXPORTERS[wanted]]
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
class Made:
    """The merged model as a reference, and what base and adapter expected of some texts `before` they were merged."""

    reference: Reference
    before: list[Scored]


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


def export_safetensors(context: JobContext, material: Material, made: Made) -> Exported:
    """The merged model as transformers loads it."""
    report = verify.verify_safetensors(material.merged, made.reference, made.before)
    return finish(material, material.merged, ["."], [report])


def export_gguf(context: JobContext, material: Material, made: Made) -> Exported:
    """GGUF files of all wanted quantizations; f16 comes first, since the others are made from it."""
    folder = material.workshop / "gguf"
    folder.mkdir()
    files: list[str] = []
    reports: list[dict[str, Any]] = []
    full = folder / f"{material.name}-f16.gguf"

    def tell(done: int, total: int) -> None:
        context.checkpoint()
        context.progress(done, total)

    before: dict[str, Any] = {}
    for name in ALL_QUANTIZATIONS:
        if name not in ("f16", *material.quantizations):
            continue
        context.checkpoint()
        context.progress(len(files), None, "export.writing", quantization=name)
        file = folder / f"{material.name}-{name}.gguf"
        if name == "f16":
            before = write_f16(material, file, tell)
        else:
            quantizing.write_quantized(full, file, name, tell, before)
        if name not in material.quantizations:
            continue
        context.checkpoint()
        context.progress(len(files), None, "export.verifying", quantization=name)
        report = verify.verify_gguf(file, name, made.reference)
        level = "doubtful" if not report["passed"] else "unsure" if report["amber"] else "verified"
        context.log(f"export.{level}", file=file.name)
        files.append(file.name)
        reports.append(report)
    if "f16" not in material.quantizations:
        full.unlink()
    return finish(material, folder, files, reports)


def write_f16(material: Material, file: Path, on_tensor: Callable[[int, int], None]) -> dict[str, Any]:
    """The merged model as an f16 GGUF: written into the GGUF that its base came from, or else converted.

    Returns the tuned tensors with the types that they had in that GGUF.
    """
    name, source = material.export.project.name, source_of(material.base)
    if source:
        adapter = material.adapter.folder
        return gguf_source.write_into_source(source, material.merged, adapter, file, name, on_tensor)
    gguf.write_f16(material.merged, file, name)
    return {}


def export_ollama(context: JobContext, material: Material, made: Made) -> Exported:
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
    report, outcome = hand_over(context, made.reference, what)
    files = sorted(path.name for path in folder.iterdir())
    exported = finish(material, folder, files, [report])
    return replace(exported, more={"ollama": outcome})


EXPORTERS: dict[str, list[Callable[[JobContext, Material, Made], Exported]]] = {
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


def merge(
    context: JobContext, material: Material, language: Language, texts: list[tuple[list[int], int]]
) -> list[Scored]:
    """Write base and adapter as one model, in the base's own precision, with everything that asking it needs.

    Returns what both, not merged yet, expect of the texts.
    """
    context.progress(0, None, "export.merging")
    stored = torch_dtype_of(material.base)
    model = AutoModelForCausalLM.from_pretrained(
        material.base, local_files_only=True, dtype=working_dtype(material.base, stored)
    )
    tuned = PeftModel.from_pretrained(model, material.adapter.folder).eval()
    before = [score(tuned, *text) for text in texts]
    merged = tuned.merge_and_unload(safe_merge=True)
    merged.generation_config.eos_token_id = one_or_all(language)
    context.checkpoint()
    with chdir(material.workshop):  # the library makes the folder, by its path also that of a project that was moved
        merged.to(stored).save_pretrained(material.merged.name)
        language.tokenizer.save_pretrained(material.merged.name)
    if (material.base / SENTENCE_PIECE).is_file():  # the converter needs it, and transformers does not write it again
        shutil.copy2(material.base / SENTENCE_PIECE, material.merged / SENTENCE_PIECE)
        note_added(material.merged)
    if "add_bos_token" not in read_json(material.merged / "tokenizer_config.json"):
        note_begin(material.merged, begins(language.tokenizer))
    return before


def one_or_all(language: Language) -> int | list[int]:
    """The tokens at which the merged model ends an answer, the tokenizer's own first, in the form of the library."""
    ids = sorted(language.stop_ids, key=lambda token: (token != language.tokenizer.eos_token_id, token))
    return ids[0] if len(ids) == 1 else ids


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

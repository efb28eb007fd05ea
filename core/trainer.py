"""One training run: samples in, a LoRA adapter out. It can be stopped or killed at any moment and called again.

Everything that decides about the result stands in the run's folder: the frozen settings, a copy of the
samples, and checkpoints that hold weights, optimizer, schedule and random numbers. So a run that goes on ends
with exactly the adapter that it would have had.
"""

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from safetensors import SafetensorError

from core import base_models, checkpoints, engines, memory_estimate, ranks, training_data
from core.checkpoints import Checkpoint
from core.jobs import JobContext, PauseRequested, SilentContext, StopRequested, WorkInterrupted, raise_stop
from core.ranks import Ranks
from core.runs import Run
from core.samples import sft_dataset
from utils.config import TrainingSettings
from utils.errors import AppError, disk_is_full
from utils.files import read_json, read_lines, write_json

SCHEDULERS = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
SMOOTHED_STEPS = 10
"""The first and the last loss are means over so many steps: a single small batch says little."""
ADAPTER_COPIES = 8
"""A saved checkpoint takes about this many times the adapter: weights, two moments, its publications, and room
for the tokenizer that the library adds each time."""
MEMORY_FIGURES = ("ram_gib", "device_gib", "device_reserved_gib")

LIBRARY_ERRORS = (RuntimeError, OSError, MemoryError, ValueError, SafetensorError)


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Train, or go on training, with as many processes as the run asks for.

    Raises AppError for what a person can mend, PauseRequested, CancelRequested, or WorkInterrupted where one of
    several processes was lost.
    """
    together = Ranks()
    try:
        plan = _plan(run)
        device = engines.detect_device(bool(run.request.get("force_cpu")))
        together = ranks.lead(run, device.kind)
        return _result(run, plan, _train(context, run, plan, together))
    except LIBRARY_ERRORS as error:
        if lost := together.lost(error):
            raise WorkInterrupted(lost) from error
        known = as_app_error(error)
        if known is None:
            raise
        raise known from error
    finally:
        together.end()


class _Follower(SilentContext):
    """A rank above 0 reports nothing. A polite kill of it asks all ranks to pause."""

    def pause_on_signal(self, *_: object) -> None:
        self.stop_request = "pause"


def follow(folder: Path) -> int:
    """Another rank's whole life: compute along with rank 0, which writes all there is. Returns the exit code."""
    run, together = ranks.join(folder)
    context = _Follower()
    for polite in (signal.SIGTERM, signal.SIGINT):
        signal.signal(polite, context.pause_on_signal)
    try:
        together.connect(engines.detect_device(bool(run.request.get("force_cpu"))).kind)
        _train(context, run, _plan(run), together)
    except StopRequested:
        return 0
    except (AppError, *LIBRARY_ERRORS) as error:
        known = error if isinstance(error, AppError) else as_app_error(error)
        if known is None:
            raise
        together.tell_error(known)
        return 1
    return 0


def as_app_error(error: BaseException) -> AppError | None:
    """What a library's error means to a person, or None where it is a bug. Libraries wrap causes, so all are read."""
    cause: BaseException | None = error
    while cause is not None:
        text = str(cause)
        if isinstance(cause, torch.OutOfMemoryError) or "out of memory" in text.lower():
            return AppError("training_out_of_memory")
        if isinstance(cause, MemoryError) or "DefaultCPUAllocator" in text:
            return AppError("training_out_of_memory")
        cause = cause.__cause__ or cause.__context__
    return disk_is_full(error)


@dataclass(frozen=True)
class _Plan:
    """What a run is made of, before any model is loaded."""

    settings: TrainingSettings
    base_folder: Path
    train: list[sft_dataset.Sample]
    held_out: list[sft_dataset.Sample]


def _train(context: JobContext, run: Run, plan: _Plan, together: Ranks) -> dict[str, Any]:
    """What each rank does. Returns the trainer's record of the finished run."""
    started = time.monotonic()
    newest = _start_point(run, together)
    if newest and newest.trainer_state["global_step"] >= newest.trainer_state["max_steps"]:
        return newest.trainer_state
    _report_expected_memory(context, run)
    context.progress(0, None, "training.loading")
    loaded, train, held_out = _load(context, run, plan, together)
    _stop_together(context, together)
    if newest:
        context.log("training.resumed", step=newest.step)
    elif together.is_first:
        checkpoints.clear_published(run.project.checkpoints_folder)
    trainer, reporter = _make_trainer(context, run, plan, loaded, (train, held_out), together)
    try:
        trainer.train(resume_from_checkpoint=str(newest.folder) if newest else None)
    finally:
        reporter.close()
        memory = _note_memory(run, loaded.device) if together.is_first else {}
    state = {"global_step": trainer.state.global_step, "max_steps": trainer.state.max_steps}
    if state["global_step"] < state["max_steps"]:
        context.log("training.stopped", step=state["global_step"], steps=state["max_steps"])
        raise_stop(context.stop_request)
        raise PauseRequested  # another rank was asked, or the request was taken back after the trainer followed it
    if together.is_first:
        context.log("training.memory", **{name: memory[name] for name in ("ram_gib", "device_gib")})
        context.log("training.finished", steps=state["global_step"], seconds=round(time.monotonic() - started))
        memory_estimate.note_run(run, memory)
    return {**state, "log_history": trainer.state.log_history}


def _start_point(run: Run, together: Ranks) -> Checkpoint | None:
    """The checkpoint to go on from. Rank 0 looks for it, so that all ranks start from the same one."""
    newest = None
    if together.is_first:
        checkpoints.remove_torn(run.trainer_folder)
        newest = checkpoints.newest_complete(run.trainer_folder)
    step = together.first_says(newest.step if newest else None)
    return None if step is None else checkpoints.of_step(run.trainer_folder, step)


def _stop_together(context: JobContext, together: Ranks) -> None:
    """A safe point for all ranks at once: one that stopped alone would leave the others waiting for it."""
    pause, cancel = together.agree(context.stop_request == "pause", context.stop_request == "cancel")
    raise_stop("cancel" if cancel else "pause" if pause else None)


def _plan(run: Run) -> _Plan:
    """Read the run's request and its samples. Raises AppError for what is missing."""
    settings = TrainingSettings(**run.request["training"])
    samples = sft_dataset.usable(sft_dataset.read_samples(run.samples_file))
    if not samples:
        raise AppError("training_no_samples")
    train, held_out = sft_dataset.split_by_source(samples, settings.held_out_share, settings.seed)
    if len(train) < sft_dataset.MINIMUM_SAMPLES:
        raise AppError("too_few_samples", samples=len(train), minimum=sft_dataset.MINIMUM_SAMPLES)
    return _Plan(settings, base_models.base_of(run), train, held_out)


def _load(
    context: JobContext, run: Run, plan: _Plan, together: Ranks
) -> tuple[engines.Loaded, training_data.Prepared, training_data.Prepared]:
    """Load base model and engine, and encode the samples with the model's own tokenizer."""
    request = run.request
    device = engines.detect_device(bool(request.get("force_cpu")))
    name = engines.choose_engine(request.get("engine"), device)
    threads = engines.use_cores(plan.base_folder, together.on_this_machine)
    context.log("training.engine", engine=name, device=device.kind, threads=threads, bf16=device.bf16)
    try:
        loaded = engines.ENGINES[name](plan.base_folder, plan.settings, device)
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        if as_app_error(error):
            raise
        raise AppError("training_base_damaged", folder=str(plan.base_folder), reason=str(error)[:300]) from error
    _stop_together(context, together)
    if training_data.ensure_chat_template(loaded.tokenizer):
        context.log("training.plain_template")
    stop_ids = training_data.stop_ids_of(loaded.tokenizer, loaded.model)
    train = training_data.prepare(loaded.tokenizer, plan.train, stop_ids, plan.settings.max_length)
    held_out = training_data.prepare(loaded.tokenizer, plan.held_out, stop_ids, plan.settings.max_length)
    _report_data(context, plan, train, held_out)
    _report_batch(context, plan.settings, together.world)
    return loaded, train, held_out


def _report_data(
    context: JobContext, plan: _Plan, train: training_data.Prepared, held_out: training_data.Prepared
) -> None:
    """Say what is trained on and what had to be left out. Raises AppError where nothing would be learned."""
    limit = plan.settings.max_length
    if not train.kept:
        raise AppError("training_nothing_to_learn", max_length=limit)
    context.log(
        "training.samples", samples=len(train.kept), held_out=len(held_out.kept), longest=train.longest_tokens
    )
    if train.cut:
        context.log("training.samples_cut", cut=train.cut, samples=len(plan.train), max_length=limit)
    if train.dropped:
        context.log("training.samples_dropped", dropped=train.dropped, samples=len(plan.train), max_length=limit)


def _report_expected_memory(context: JobContext, run: Run) -> None:
    """Say what the run is expected to need; where that is more than was free, as a warning."""
    expected = run.request.get("memory")
    if not expected:
        return
    figures = {name: expected[name] for name in ("estimated_gib", "free_gib")}
    if expected["light"] == "red":
        context.log("training.memory_short", **figures)
    elif expected["free_gib"] is not None:
        context.log("training.memory_expected", **figures)


def _report_batch(context: JobContext, settings: TrainingSettings, processes: int) -> None:
    """Say how many samples one step learns from, which is what learning rate and steps go with."""
    context.log(
        "training.batch",
        effective=settings.batch_size * settings.gradient_accumulation * processes,
        batch=settings.batch_size,
        accumulation=settings.gradient_accumulation,
        processes=processes,
    )


def _make_trainer(
    context: JobContext,
    run: Run,
    plan: _Plan,
    loaded: engines.Loaded,
    data: tuple[training_data.Prepared, training_data.Prepared],
    together: Ranks,
) -> tuple[Any, Any]:
    """The trainer, the same for every engine, and the reporter that watches it."""
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    from core.training_reporter import Reporter

    train, held_out = data
    adapter_bytes = 4 * sum(weight.numel() for weight in loaded.model.parameters() if weight.requires_grad)
    save_gib = ADAPTER_COPIES * adapter_bytes / 2**30
    checkpoints.require_room(run.folder, save_gib)
    # A template that only training knows has to reach the exported model.
    own_template = loaded.tokenizer.chat_template == training_data.PLAIN_CHAT_TEMPLATE
    reporter = Reporter(context, run, together, save_gib, publish_template=own_template)
    trainer: Any = SFTTrainer(
        model=loaded.model,
        args=SFTConfig(**_trainer_settings(run, plan.settings, loaded, measure=bool(held_out.kept))),
        train_dataset=Dataset.from_list(train.rows),
        eval_dataset=Dataset.from_list(held_out.rows) if held_out.kept else None,
        processing_class=loaded.tokenizer,
        callbacks=[reporter],
    )
    # The library would write a README into the run's folder with every checkpoint.
    trainer.create_model_card = lambda *_, **__: None
    trainer.remove_callback(PrinterCallback)
    return trainer, reporter


def _trainer_settings(
    run: Run, settings: TrainingSettings, loaded: engines.Loaded, *, measure: bool
) -> dict[str, Any]:
    """Every setting that matters, spelled out: the library's defaults differ between its versions and devices."""
    device = loaded.device
    return {
        "output_dir": str(run.trainer_folder),
        "per_device_train_batch_size": settings.batch_size,
        "per_device_eval_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.gradient_accumulation,
        "num_train_epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": SCHEDULERS[settings.scheduler],
        "warmup_steps": settings.warmup_ratio,  # below 1 it is a share of all steps
        "weight_decay": settings.weight_decay,
        "max_grad_norm": 1.0,
        "optim": "adamw_torch" if device.kind == "mps" else "adamw_torch_fused",
        "seed": settings.seed,
        "data_seed": settings.seed,
        "use_cpu": device.kind == "cpu",
        "bf16": device.bf16,
        "fp16": False,
        "gradient_checkpointing": settings.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},  # the other kind fails where ranks share gradients
        "ddp_backend": ranks.BACKENDS[device.kind] if torch.distributed.is_initialized() else None,
        "ddp_find_unused_parameters": False,
        "average_tokens_across_devices": True,  # each answer's token counts the same, whichever rank reads it
        "max_length": settings.max_length,
        "packing": False,
        # Fewer different shapes: on the CPU each one costs a compilation and memory that is never given back.
        "pad_to_multiple_of": 16,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "loss_type": "chunked_nll" if hasattr(loaded.model.get_base_model(), "lm_head") else "nll",
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": device.kind == "cuda",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # it would hide a diverging run behind the last good loss
        "save_strategy": "epoch",
        "eval_strategy": "epoch" if measure else "no",
        "load_best_model_at_end": False,  # the best adapter is published the moment it is found
        "save_total_limit": None,
        "report_to": "none",
        "disable_tqdm": True,
        "push_to_hub": False,
    }


def _note_memory(run: Run, device: engines.Device) -> dict[str, Any]:
    """Keep the most memory that the run ever needed in its folder: of all its sessions, if it was resumed."""
    memory = _peak_memory_gib(device)
    if run.memory_file.is_file():
        before = read_json(run.memory_file)
        memory |= {name: max(before[name], memory[name]) for name in MEMORY_FIGURES}
    write_json(run.memory_file, memory)
    return memory


def _memory_result(run: Run) -> dict[str, Any] | None:
    """What the run needed, beside what was estimated where that can be compared."""
    if not run.memory_file.is_file():
        return None
    memory = read_json(run.memory_file)
    needed = memory_estimate.compare(run.request, memory)
    compared = {"estimated_gib": needed.estimated_gib, "needed_gib": needed.measured_gib} if needed else {}
    return {**memory, **compared}


def _peak_memory_gib(device: engines.Device) -> dict[str, Any]:
    """The most memory that this process held, on the device too where it has its own.

    `device_gib` is what tensors took, `device_reserved_gib` what torch asked the driver for to hold them.
    """
    peak_bytes = _peak_ram_bytes()
    on_cuda = device.kind == "cuda"
    sizes = (
        peak_bytes,
        torch.cuda.max_memory_allocated() if on_cuda else 0,
        torch.cuda.max_memory_reserved() if on_cuda else 0,
    )
    return {
        "device": device.kind,
        **{name: round(size / 2**30, 3) for name, size in zip(MEMORY_FIGURES, sizes, strict=True)},
    }


def _peak_ram_bytes() -> int:
    """The most main memory that this process held."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not ru_maxrss: that of a child begins with what its parent held when it started the child.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    on_windows = getattr(psutil.Process().memory_info(), "peak_wset", 0)
    if on_windows:
        return on_windows
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if os.uname().sysname == "Darwin" else used * 1024


def _result(run: Run, plan: _Plan, state: dict[str, Any]) -> dict[str, Any]:
    """What came of the run, read from the trainer's record, so that it is the same for a run that was resumed."""
    history = state["log_history"]
    losses = [entry["loss"] for entry in history if "loss" in entry]
    measured = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
    window = max(1, min(SMOOTHED_STEPS, len(losses) // 4))
    metrics = list(read_lines(run.metrics_file))
    return {
        "run": run.id,
        "state": "done",
        "epochs": plan.settings.epochs,
        "steps": state["global_step"],
        "loss": sum(losses[-window:]) / window,
        "first_loss": sum(losses[:window]) / window,
        "eval_loss": min(measured) if measured else None,
        "checkpoint": str(run.project.checkpoints_folder / "best"),
        "samples": len(plan.train),
        "held_out": len(plan.held_out),
        "seconds": json.loads(metrics[-1])["seconds"] if metrics else 0.0,
        "memory": _memory_result(run),
    }

"""One training run: samples in, a LoRA adapter out. It can be stopped or killed at any moment and called again.

Everything that decides about the result stands in the run's folder: the frozen settings, a copy of the
samples, and checkpoints that hold weights, optimizer, schedule and random numbers. So a run that goes on ends
with exactly the adapter that it would have had.
"""

import logging
import signal
import time
from contextlib import chdir
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from core.jobs.job import JobContext, PauseRequested, SilentContext, StopRequested, WorkInterrupted, raise_stop
from core.jobs.runs import Run
from core.models.chat_text import is_ours
from core.training import checkpoints, derived_runs, engines, history, measured, ranks
from core.training.checkpoints import Checkpoint, Progress
from core.training.engines import as_app_error
from core.training.measured import Session
from core.training.ranks import Ranks
from core.training.training_data import Plan, Rows, encoded_rows, on_disk, plan_of, read_language
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import parse_json, read_lines, sha256_of

SCHEDULERS = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
RECORD = ("global_step", "max_steps", "num_train_epochs", "log_history")
"""What the trainer's record is read for."""

logger = logging.getLogger(__name__)

LIBRARY_ERRORS = (RuntimeError, OSError, MemoryError, ValueError, SafetensorError)


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Train, or go on training, with as many processes as the run asks for.

    Raises AppError for what a person can mend, PauseRequested, CancelRequested, or WorkInterrupted where one of
    several processes was lost.
    """
    together = Ranks()
    try:
        plan = plan_of(run)
        device = engines.detect_device(bool(run.request.get("force_cpu")))
        together = ranks.lead(run, device.kind, context.checkpoint)
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
        _train(context, run, plan_of(run), together)
    except StopRequested:
        return 0
    except (AppError, *LIBRARY_ERRORS) as error:
        known = error if isinstance(error, AppError) else as_app_error(error)
        if known is None:
            raise
        together.tell_error(known)
        return 1
    return 0


def _train(context: JobContext, run: Run, plan: Plan, together: Ranks) -> dict[str, Any]:
    """What each rank does. Returns the trainer's record of the finished run."""
    started = time.monotonic()
    newest = _start_point(run, together)
    if newest and _progress(run, plan, newest.trainer_state).is_over:
        return newest.trainer_state
    expected = run.request.get("memory")
    if expected and expected["light"] == "red":
        context.log("training.memory_short", **{name: expected[name] for name in ("estimated_gib", "free_gib")})
    context.progress(0, None, "training.loading")
    loaded, train, held_out = _load(context, run, plan, together)
    _stop_together(context, together)
    if newest:
        context.log("training.resumed", step=newest.step)
    if plan.settings.early_stopping and not held_out.kept and together.is_first:
        context.log("training.early_stopping_unused")
    # The library makes the folders that it saves in. From in here that follows a project which is moved meanwhile; by
    # the path, the project would be there again, with nothing but a checkpoint in it.
    with chdir(run.folder):
        trainer, reporter = _make_trainer(context, run, plan, loaded, (train, held_out), together)
        setup_seconds = time.thread_time()
        try:
            trainer.train(resume_from_checkpoint=str(newest.folder) if newest else None)
        finally:
            reporter.close()
            memory = measured.note(run, loaded.device) if together.is_first else {}
    session = Session(newest.step if newest else 0, setup_seconds, time.thread_time() - setup_seconds)
    together.part()
    state = {name: getattr(trainer.state, name) for name in RECORD}
    if not (progress := _progress(run, plan, state)).is_over:
        context.log("training.stopped", step=state["global_step"], steps=state["max_steps"])
        raise_stop(context.stop_request)
        raise PauseRequested  # another rank was asked, or the request was taken back after the trainer followed it
    if progress.stopped_early:
        context.progress(state["global_step"], state["global_step"])
        context.log("training.stopped_early", epoch=progress.epoch, epochs=plan.settings.epochs, best=progress.best)
    if together.is_first:
        context.log("training.memory", **{name: memory[name] for name in ("ram_gib", "device_gib")})
        context.log("training.finished", steps=state["global_step"], seconds=round(time.monotonic() - started))
        try:
            measured.note_run(run, memory, session, state["global_step"])
        except OSError:  # only later estimates read it
            logger.warning("what this run needed cannot be noted", exc_info=True)
    return state


def _progress(run: Run, plan: Plan, state: dict[str, Any]) -> Progress:
    return checkpoints.progress_of(state, plan.settings, derived_runs.branched_at(run.request))


def _start_point(run: Run, together: Ranks) -> Checkpoint | None:
    """The checkpoint to go on from. Rank 0 looks for it, so that all ranks start from the same one."""
    newest = None
    if together.is_first:
        newest = checkpoints.newest_complete(run.trainer_folder)
        # What is newer was damaged; it must not stand there, marked, while the same step is saved again.
        found = checkpoints.complete_checkpoints(run.trainer_folder)
        kept = {checkpoint.step for checkpoint in found if newest and checkpoint.step <= newest.step}
        checkpoints.keep_only(run.trainer_folder, kept)
        checkpoints.remove_torn(run.trainer_folder)
    step = together.first_says(newest.step if newest else None)
    return None if step is None else checkpoints.of_step(run.trainer_folder, step)


def _stop_together(context: JobContext, together: Ranks) -> None:
    """A safe point for all ranks at once: one that stopped alone would leave the others waiting for it."""
    pause, cancel = together.agree(context.stop_request == "pause", context.stop_request == "cancel")
    raise_stop("cancel" if cancel else "pause" if pause else None)


def _load(context: JobContext, run: Run, plan: Plan, together: Ranks) -> tuple[engines.Loaded, Rows, Rows]:
    """Encode the samples with the model's own tokenizer, refuse what cannot be learned, then load weights."""
    device = engines.detect_device(bool(run.request.get("force_cpu")))
    name = engines.choose_engine(run.request.get("engine"), device)
    engines.import_first(name)
    threads = engines.use_cores(plan.base_folder, together.on_this_machine)
    context.log("training.engine", engine=name, device=device.kind, threads=threads, bf16=device.bf16)
    language = read_language(plan.base_folder)
    train, held_out = on_disk(encoded_rows(plan, language), run.folder / f"rows-{together.rank}")
    if language.plain_template:
        context.log("training.plain_template")
    _report_data(context, plan, train, held_out)
    _report_batch(context, plan.settings, together.world)
    _stop_together(context, together)
    try:
        loaded = engines.ENGINES[name](plan.base_folder, language.tokenizer, plan.settings, device)
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        if as_app_error(error):
            raise
        raise AppError("training_base_damaged", folder=str(plan.base_folder), reason=str(error)[:300]) from error
    return loaded, train, held_out


def _report_data(context: JobContext, plan: Plan, train: Rows, held_out: Rows) -> None:
    """Say what is trained on and what had to be left out. Raises AppError where nothing would be learned."""
    limit = plan.settings.max_length
    if not train.kept:
        raise AppError("training_nothing_to_learn", max_length=limit)
    context.log("training.samples", samples=train.kept, held_out=held_out.kept, longest=train.longest_tokens)
    if train.cut:
        context.log("training.samples_cut", cut=train.cut, samples=len(plan.train), max_length=limit)
    if train.dropped:
        context.log("training.samples_dropped", dropped=train.dropped, samples=len(plan.train), max_length=limit)


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
    context: JobContext, run: Run, plan: Plan, loaded: engines.Loaded, data: tuple[Rows, Rows], together: Ranks
) -> tuple[Any, Any]:
    """The trainer, the same for every engine, and the reporter that watches it."""
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    from core.training.reporter import Reporter

    train, held_out = data
    adapter_bytes = 4 * sum(weight.numel() for weight in loaded.model.parameters() if weight.requires_grad)
    save_gib = checkpoints.ADAPTER_COPIES * adapter_bytes / 2**30
    checkpoints.require_room(run.folder, save_gib)
    # A template that only training knows has to reach the exported model.
    own_template = is_ours(loaded.tokenizer.chat_template)
    reporter = Reporter(context, run, together, save_gib, settings=plan.settings, publish_template=own_template)
    trainer: Any = SFTTrainer(
        model=loaded.model,
        args=SFTConfig(**arguments(run, plan.settings, loaded, measure=bool(held_out.kept))),
        train_dataset=train.data,
        eval_dataset=held_out.data,
        processing_class=loaded.tokenizer,
        callbacks=[reporter],
    )
    ranks.require_sharded(trainer.accelerator)
    # The library would write a README into the run's folder with every checkpoint.
    trainer.create_model_card = lambda *_, **__: None
    trainer.remove_callback(PrinterCallback)
    return trainer, reporter


def arguments(run: Run, settings: TrainingSettings, loaded: engines.Loaded, *, measure: bool) -> dict[str, Any]:
    """Those of trl's SFTConfig; every one that matters is spelled out, since its defaults differ by version.

    They are for a process that works in the run's folder; `measure` where there are held-out samples to evaluate on.
    """
    device = loaded.device
    return {
        "output_dir": run.trainer_folder.name,
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
        # Of both engines: trl's own count is lost where Unsloth rewrites its loss.
        "include_num_input_tokens_seen": "non_padding",
        "logging_nan_inf_filter": False,  # it would hide a diverging run behind the last good loss
        "save_strategy": "epoch",
        "eval_strategy": "epoch" if measure else "no",
        "load_best_model_at_end": False,  # the best adapter is published the moment it is found
        "save_total_limit": None,
        "report_to": "none",
        "disable_tqdm": True,
        "push_to_hub": False,
    }


def _result(run: Run, plan: Plan, state: dict[str, Any]) -> dict[str, Any]:
    """What came of the run, read from the trainer's record, so that it is the same for a run that was resumed."""
    progress = _progress(run, plan, state)
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    best = checkpoints.best(checkpoints.held(run))
    window = history.smoothed(len(losses))
    metrics = list(read_lines(run.metrics_file))
    return {
        "run": run.id,
        "state": "done",
        "epochs": progress.epoch,
        "best_epoch": best.epoch if best else progress.best,
        "stopped_early": progress.stopped_early,
        "steps": state["global_step"],
        "loss": sum(losses[-window:]) / window,
        "first_loss": sum(losses[:window]) / window,
        "eval_loss": best.losses.get("eval_loss") if best else None,
        "adapter_sha256": sha256_of(best.checkpoint.folder / checkpoints.ADAPTER) if best else None,
        "checkpoint": str(run.project.checkpoints_folder / "best"),
        "samples": len(plan.train),
        "held_out": len(plan.held_out),
        "seconds": parse_json(metrics[-1])["seconds"] if metrics else 0.0,
        "memory": measured.result(run),
    }

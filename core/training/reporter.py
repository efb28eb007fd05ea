"""What happens beside each training step: figures out, stop requests in, checkpoints marked and published.

Imports transformers, so it must be imported after the engine was loaded.
"""

import json
import math
import time
from pathlib import Path
from typing import IO, Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from core.jobs.job import JobContext
from core.jobs.runs import Run
from core.training import checkpoints, derived_runs, measured
from core.training.history import points_of
from core.training.ranks import Ranks
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import write_text_atomic

SAVE_EVERY_SECONDS = 300.0
"""A kill in the middle of a long epoch costs at most this much work."""


class Reporter(TrainerCallback):
    """Reports a run to its JobContext, its `metrics.jsonl` and the project's training.log, and stops it on request.

    Exact resume depends on when a checkpoint is written. In mid-epoch it is written right after a step, and the
    evaluation that the trainer would run on its way out is switched off, since that would move the random
    numbers. At the last step of an epoch nothing is written before the epoch's evaluation is done: a checkpoint
    in between would resume behind that evaluation and never make up for it.

    Of several ranks each has one. They agree on when to stop and to save; only rank 0's writes.
    """

    def __init__(
        self,
        context: JobContext,
        run: Run,
        together: Ranks,
        save_gib: float,
        *,
        settings: TrainingSettings,
        publish_template: bool,
    ) -> None:
        self._context = context
        self._run = run
        self._together = together
        self._save_gib = save_gib
        self._patience = settings.early_stopping
        self._branched_at = derived_runs.branched_at(run.request)
        self._keep = settings.keep_checkpoints
        self._more_files = (checkpoints.CHAT_TEMPLATE,) if publish_template else ()
        self._stopped_at_step = False
        self._metrics: IO[str] | None = None
        self._log: IO[str] | None = None
        self._seconds_before = 0.0
        self._started = self._last_step_at = self._last_save_at = time.monotonic()
        self._tokens_seen = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        apply_rates(args, others["optimizer"], others["lr_scheduler"])
        if not self._together.is_first:
            return
        checkpoints.publish(self._run, checkpoints.held(self._run), self._more_files)
        kept = keep_metrics_until(self._run.metrics_file, state.global_step)
        self._seconds_before = kept[-1]["seconds"] if kept else 0.0
        self._metrics = self._run.metrics_file.open("a", encoding="utf-8")
        self._log = self._run.project.training_log.open("a", encoding="utf-8")
        self._note(run=self._run.id, from_step=state.global_step, steps=state.max_steps)
        self._started = self._last_step_at = self._last_save_at = time.monotonic()
        self._tokens_seen = state.num_input_tokens_seen

    def on_epoch_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        epoch = state.global_step // _steps_per_epoch(state, args) + 1
        self._context.progress(
            state.global_step, state.max_steps, "training.epoch", epoch=epoch, epochs=int(args.num_train_epochs)
        )

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._context.progress(state.global_step, state.max_steps)
        if _at_epoch_end(state, args):
            return
        stop, save = self._together.agree(
            bool(self._context.stop_request), time.monotonic() - self._last_save_at >= SAVE_EVERY_SECONDS
        )
        if stop:
            self._stopped_at_step = control.should_training_stop = True
        if stop or save:
            control.should_save = True
        if control.should_save:
            self._require_disk()

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if self._stopped_at_step:
            control.should_evaluate = control.should_save = False
            return
        (stop,) = self._together.agree(bool(self._context.stop_request))
        if stop:
            control.should_training_stop = True
        if control.should_evaluate:
            self._context.progress(state.global_step, state.max_steps, "training.measuring")
        self._require_disk()

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Stop early: after the epoch's loss was measured, and before its checkpoint is saved as always."""
        steps = _steps_per_epoch(state, args)
        losses = checkpoints.epoch_losses(state.log_history, steps)
        (stop,) = self._together.agree(checkpoints.is_exhausted(losses, self._patience, self._branched_at // steps))
        if stop:
            control.should_training_stop = True

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        logs: dict[str, float] = others.get("logs") or {}
        if not math.isfinite(logs.get("grad_norm", 0.0)):
            # The loss was still a number, but the weights are none any more, and would be saved.
            raise AppError("training_diverged", step=state.global_step)
        if "loss" in logs:
            self._report(state, self._step_figures(state, logs))
        elif "eval_loss" in logs:
            self._report(state, {"eval_loss": logs["eval_loss"]})

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._together.wait()  # each rank has written its random numbers
        self._last_save_at = time.monotonic()
        if not self._together.is_first:
            return
        current = checkpoints.of_step(self._run.trainer_folder, state.global_step)
        ends = [*checkpoints.held(self._run), *checkpoints.epoch_ends([current])]
        kept = checkpoints.retained(ends, self._keep)
        # Published first: once the checkpoint counts as complete, nothing of its epoch is left to be made up.
        checkpoints.publish(self._run, kept, self._more_files)
        if _at_epoch_end(state, args):
            self._note(saved=state.global_step, epoch=kept[-1].epoch, **kept[-1].losses)
        checkpoints.mark_complete(current.folder)
        checkpoints.prune(self._run, kept)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the open files; also after a failure."""
        for file in (self._metrics, self._log):
            if file is not None:
                file.close()

    def _step_figures(self, state: TrainerState, logs: dict[str, float]) -> dict[str, float]:
        now, seen = time.monotonic(), state.num_input_tokens_seen
        rate = (seen - self._tokens_seen) / max(now - self._last_step_at, 1e-6)
        self._last_step_at, self._tokens_seen = now, seen
        return {
            "loss": logs["loss"],
            "learning_rate": logs["learning_rate"],
            "tokens_per_second": round(rate, 1),
        }

    def _report(self, state: TrainerState, figures: dict[str, float]) -> None:
        """Pass on one point of the curves. Raises AppError `training_diverged` when the loss is no number."""
        seconds = round(self._seconds_before + time.monotonic() - self._started, 3)
        point = {"step": state.global_step, "epoch": round(state.epoch or 0.0, 4), **figures, "seconds": seconds}
        if not all(math.isfinite(value) for value in point.values()):
            raise AppError("training_diverged", step=state.global_step)
        if self._metrics is not None:
            # Flushed but not synced: it survives a kill, and a step need not wait for the disk.
            self._metrics.write(json.dumps(point) + "\n")
            self._metrics.flush()
        self._note(**point)
        # For whoever watches; what the run needed at most is noted at its end.
        self._context.metric(**point, memory_gib=round(measured.memory_now_gib(), 3))

    def _note(self, **values: object) -> None:
        """One line of training.log: for people, but as names and numbers, which need no language."""
        if self._log is not None:
            figures = {name: f"{one:.6g}" if isinstance(one, float) else one for name, one in values.items()}
            shown = "  ".join(f"{name}={one}" for name, one in figures.items())
            self._log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {shown}\n")
            self._log.flush()

    def _require_disk(self) -> None:
        if self._together.is_first:
            checkpoints.require_room(self._run.folder, self._save_gib)


def keep_metrics_until(metrics_file: Path, step: int) -> list[dict[str, float]]:
    """Drop the points of steps that will be done again after a resume. Returns the points that stay."""
    kept = [point for point in points_of(metrics_file) if point["step"] <= step]
    write_text_atomic(metrics_file, "".join(json.dumps(point) + "\n" for point in kept))
    return kept


def apply_rates(args: Any, optimizer: Any, scheduler: Any) -> None:
    """Set learning rate and weight decay as this run's settings have them, after a checkpoint brought its own.

    Computes what the scheduler itself computes at each step, so that for unchanged settings not a bit changes.
    `scheduler` is a torch LambdaLR, as all the schedules of the settings are.
    """
    # The trainer library's first group; what never decays is in the second.
    optimizer.param_groups[0]["weight_decay"] = args.weight_decay
    scheduler.base_lrs = [args.learning_rate for _ in scheduler.base_lrs]
    rates = [args.learning_rate * factor(scheduler.last_epoch) for factor in scheduler.lr_lambdas]
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["initial_lr"], group["lr"] = args.learning_rate, rate
    scheduler._last_lr = rates


def _steps_per_epoch(state: TrainerState, args: TrainingArguments) -> int:
    return state.max_steps // int(args.num_train_epochs)


def _at_epoch_end(state: TrainerState, args: TrainingArguments) -> bool:
    return state.global_step % _steps_per_epoch(state, args) == 0

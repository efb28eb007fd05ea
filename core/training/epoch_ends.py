"""Which epochs a run still has a checkpoint of, and the best of them: those are kept, and those are published.

A run that was branched off has lived through epochs whose weights it never had. So what counts is never the record
of the losses alone, but the checkpoints that are there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from core.runs import Run
from core.training import checkpoints
from core.training.checkpoints import Checkpoint
from core.training.epochs import epoch_losses, steps_per_epoch
from utils.errors import AppError

BEST = "best"


@dataclass(frozen=True)
class EpochEnd:
    """A checkpoint that was written at the end of an epoch, counted from 1, with that epoch's mean losses."""

    checkpoint: Checkpoint
    epoch: int
    losses: dict[str, float]

    @property
    def loss(self) -> float:
        """What decides which one is best: the loss on held-out samples, or in training without any."""
        return self.losses.get("eval_loss", self.losses["loss"])


def epoch_ends(found: Iterable[Checkpoint]) -> list[EpochEnd]:
    """Those of the checkpoints that were written at the end of an epoch, in their order."""
    ends = []
    for checkpoint in found:
        state = checkpoint.trainer_state
        steps = steps_per_epoch(state)
        epoch, within = divmod(checkpoint.step, steps)
        if not within:
            ends.append(EpochEnd(checkpoint, epoch, epoch_losses(state["log_history"], steps)[-1]))
    return ends


def held(run: Run) -> list[EpochEnd]:
    """The epochs that a run has a complete checkpoint of, oldest first."""
    return epoch_ends(checkpoints.complete_checkpoints(run.trainer_folder))


def best(ends: list[EpochEnd]) -> EpochEnd | None:
    """The one with the lowest loss, of equal ones the first; None where there is none."""
    return min(ends, key=lambda end: end.loss, default=None)


def retained(ends: list[EpochEnd], keep: int) -> list[EpochEnd]:
    """The newest `keep` ones and the best one."""
    top = best(ends)
    return [end for number, end in enumerate(ends, 1) if number > len(ends) - keep or end is top]


def adapters(run: Run) -> list[Checkpoint]:
    """What of a run can be compared and exported, oldest first: its complete checkpoints, in whatever state it is.

    What is published counts only where nothing else is left: it is the current run's, and goes when the next begins.
    """
    own = checkpoints.complete_checkpoints(run.trainer_folder)
    published = checkpoints.adapter_of(run.project.checkpoints_folder, run.id)
    if own or published is None:
        return own
    return [Checkpoint(published, (checkpoints.published_note(published) or {}).get("step", 0))]


def adapter(run: Run, step: int | None = None) -> Checkpoint:
    """The one of `step`; without that the best epoch's, else the newest one.

    Raises AppError `adapter_missing` where the run has none, `branch_no_checkpoint` where it has none of that step.
    """
    found = adapters(run)
    if not found:
        raise AppError("adapter_missing", run=run.id)
    if step is None:
        top = best(epoch_ends(one for one in found if (one.folder / checkpoints.TRAINER_STATE).is_file()))
        return top.checkpoint if top else found[-1]
    for one in found:
        if one.step == step:
            return one
    raise AppError("branch_no_checkpoint", step=step)


def whole_adapter(run: Run, step: int | None) -> Checkpoint:
    """As `adapter`, after every byte of it was read. Raises also AppError `adapter_damaged`."""
    found = adapter(run, step)
    if (found.folder / checkpoints.MARK).is_file() and not found.is_intact:
        raise AppError("adapter_damaged", reason=found.folder.name)
    return found


def publish(run: Run, ends: list[EpochEnd], more_files: tuple[str, ...] = ()) -> None:
    """Make `epoch_N` and `best` of the project exactly what `ends` are; what is published already stays."""
    published = run.project.checkpoints_folder
    wanted = {f"epoch_{end.epoch}": end for end in ends}
    if top := best(ends):
        wanted[BEST] = top
    checkpoints.clear_published(published, wanted)
    for name, end in wanted.items():
        note = {"run": run.id, "step": end.checkpoint.step, "epoch": end.epoch, **end.losses}
        if checkpoints.published_note(published / name) != note:
            checkpoints.publish_adapter(end.checkpoint.folder, published / name, note, more_files)


def prune(run: Run, ends: list[EpochEnd]) -> None:
    """Remove a run's checkpoints but `ends`, and the newest one that was written in the middle of an epoch."""
    complete = checkpoints.complete_checkpoints(run.trainer_folder)
    at_ends = {end.checkpoint.step for end in epoch_ends(complete)}
    between = [checkpoint.step for checkpoint in complete if checkpoint.step not in at_ends]
    checkpoints.keep_only(run.trainer_folder, {*(end.checkpoint.step for end in ends), *between[-1:]})

"""What has to be there for a training, and what helps one that broke off for lack of it. Loads no torch, starts none.

The list of checks on the page, the reason why Start is disabled and the refusal of a start all come from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open

from core.estimates.memory import MemoryEstimate, device_of, four_bit_works
from core.estimates.run_estimate import RunEstimate
from core.hardware_detector import Hardware
from core.jobs import launcher
from core.jobs.job import JobSnapshot, JobState
from core.jobs.runs import open_run
from core.jobs.services import MINIMUM_FREE_GIB
from core.models import bases
from core.models.model_shape import Shape
from core.project_manager import Project
from core.samples.store.sft_dataset import MINIMUM_SAMPLES, require_lines
from core.samples.store.split import totals_of
from core.training import checkpoints
from core.training.checkpoints import ADAPTER_COPIES, DISK_RESERVE_GIB
from utils.config import BaseChoice, ProjectConfig, TrainingSettings, bounds
from utils.errors import AppError
from utils.files import free_disk_gib, open_file

State = Literal["ok", "warn", "bad"]

COPIES_OF_A_CHECKPOINT = 3  # the adapter and Adam's two moments
OUT_OF_MEMORY = frozenset({"training_out_of_memory", "child_out_of_memory", "child_probably_out_of_memory"})
RATE_DIVISOR = 5
SMALLEST_RATE, _ = bounds(TrainingSettings, "learning_rate")
_, MOST_ACCUMULATION = bounds(TrainingSettings, "gradient_accumulation")
MEMORY_STATES: dict[str, State] = {"green": "ok", "amber": "warn", "red": "bad"}


@dataclass(frozen=True)
class Check:
    """`bad` means that no training can start. Its words are `check.<name>.<state>`, or of the error `refusal`."""

    name: str
    state: State
    params: dict[str, Any] = field(default_factory=dict)
    refusal: str | None = None


@dataclass(frozen=True)
class Base:
    """The chosen model, which lies whole in `folder`."""

    choice: BaseChoice
    folder: Path


def look(
    project: Project,
    settings: ProjectConfig,
    hardware: Hardware,
    expected: RunEstimate | None,
    base: tuple[Check, Base | None] | None = None,
) -> list[Check]:
    """All checks, in the order in which a person would mend them; `expected` is what the training will need.

    `base` is what `check_base` gave to who asked it before. Takes some milliseconds once the samples were read; what
    comes to the file later is read alone.
    """
    training = settings.training
    check, model = base or check_base(project, settings.base)
    found = [check_samples(project, training), check]
    if model:
        found += check_context(model.folder, training)
        found += check_memory(expected.memory) if expected else []
    found.append(check_disk(project.root, expected.shape if expected else None, training))
    return [*found, check_engine(hardware), *check_four_bit(training, hardware), *check_processes(training, hardware)]


def require(checks: Sequence[Check]) -> None:
    """Raises the AppError of the first check that keeps a training from starting."""
    for check in checks:
        if check.refusal:
            raise AppError(check.refusal, **check.params)


def check_samples(project: Project, training: TrainingSettings) -> Check:
    """Whether enough is left to learn from, without what was rejected and what is held out."""
    try:
        require_lines(project.samples_file)
    except AppError as error:
        return Check("samples", "bad", error.params, error.code)
    sizes = totals_of(project.samples_file).split(training.held_out_share, training.seed)
    if sizes.learned < MINIMUM_SAMPLES:
        return Check("samples", "bad", {"samples": sizes.learned, "minimum": MINIMUM_SAMPLES}, "too_few_samples")
    return Check("samples", "ok", {"samples": sizes.learned, "held_out": sizes.held_out})


def check_base(project: Project, choice: BaseChoice | None) -> tuple[Check, Base | None]:
    """Whether the chosen model lies on this machine, whole; and the model."""
    try:
        base = require_base(project, choice)
    except AppError as error:
        return Check("base", "bad", error.params, error.code), None
    return Check("base", "ok", {"name": base.choice.name, "source": base.choice.source}), base


def require_base(project: Project, choice: BaseChoice | None) -> Base:
    """The chosen model. Raises AppError `no_base`, or as `bases.resolve`, `require_whole` do."""
    if choice is None:
        raise AppError("no_base")
    folder = bases.resolve(project, choice)
    require_whole(folder)
    return Base(choice, folder)


def require_whole(folder: Path) -> None:
    """Raises AppError `base_torn` where a file of weights has lost its end, as a broken copy has."""
    for path in sorted(folder.glob("*.safetensors")):
        try:
            # A pipe of that name would be waited for without end.
            with open_file(path), safe_open(path, framework="numpy"):
                pass
        except (OSError, SafetensorError):
            raise AppError("base_torn", file=path.name) from None


def check_context(folder: Path, training: TrainingSettings) -> list[Check]:
    """A warning where rows may become longer than the model was made for."""
    context = bases.describe(folder).context_tokens
    if not context or training.max_length <= context:
        return []
    return [Check("context", "warn", {"max_length": training.max_length, "context": context})]


def check_memory(found: MemoryEstimate) -> list[Check]:
    """The memory light. Red refuses nothing: it is an estimate, and what is free changes."""
    if found.free_gib is None:
        return [Check("memory_unknown", "ok", {"needed_gib": found.total_gib})]
    figures = {"needed_gib": found.total_gib, "free_gib": found.free_gib}
    return [Check("memory", MEMORY_STATES[found.light], figures)]


def check_disk(folder: Path, shape: Shape | None, training: TrainingSettings) -> Check:
    """Whether all that the run will keep has room."""
    free, needed = round(free_disk_gib(folder), 2), round(disk_gib(shape, training), 2)
    refusal = "disk_full" if free < needed else None
    return Check("disk", "bad" if refusal else "ok", {"free_gib": free, "needed_gib": needed}, refusal)


def disk_gib(shape: Shape | None, training: TrainingSettings) -> float:
    """What the checkpoints kept, the adapter of each epoch and the save under way take at most."""
    if shape is None:
        return MINIMUM_FREE_GIB
    adapter_gib = 4 * shape.adapter(training) / 2**30
    copies = COPIES_OF_A_CHECKPOINT * training.keep_checkpoints + training.epochs + ADAPTER_COPIES
    return max(MINIMUM_FREE_GIB, copies * adapter_gib + DISK_RESERVE_GIB)


def check_engine(hardware: Hardware) -> Check:
    """What will compute; a warning where there is a GPU that the installed torch cannot use."""
    facts = {"engine": hardware.engine, "device": hardware.accelerator.name, "cores": hardware.cores}
    idle = hardware.accelerator.kind in {"cuda", "rocm", "xpu"} and hardware.torch_sees_gpu_kind == "cpu"
    return Check("engine", "warn" if idle else "ok", facts)


def check_four_bit(training: TrainingSettings, hardware: Hardware) -> list[Check]:
    """Whether 4-bit works here, where it is asked for."""
    if not training.four_bit:
        return []
    device = device_of(hardware)
    refusal = None if four_bit_works(device) else "training_four_bit_unavailable"
    return [Check("four_bit", "bad" if refusal else "ok", {"device": device}, refusal)]


def check_processes(training: TrainingSettings, hardware: Hardware) -> list[Check]:
    """Whether so many processes can train here together. A launcher's may be on other machines: it knows."""
    processes, kind = training.processes, hardware.accelerator.kind
    if processes == 1 or launcher.world() > 1:
        return []
    if kind == "mps":
        return [Check("processes", "bad", {"device": kind}, "training_processes_unsupported")]
    devices = hardware.accelerator.count if kind != "cpu" else processes
    refusal = "training_too_few_devices" if processes > devices else None
    return [Check("processes", "bad" if refusal else "ok", {"processes": processes, "devices": devices}, refusal)]


@dataclass(frozen=True)
class SuggestedFix:
    """A way on for a training that broke off: `name` says which, `changes` are the settings that differ, `step` is
    that of the checkpoint from which it would go on; 0 is the beginning."""

    name: str
    changes: dict[str, Any]
    step: int = 0


def fix_for(code: str, settings: TrainingSettings) -> SuggestedFix | None:
    """The one thing to try after an error; None where nothing that a branch may change would help."""
    if code in OUT_OF_MEMORY:
        if smaller := smaller_batch(settings):
            return SuggestedFix("smaller_batch", smaller)
        if not settings.gradient_checkpointing:
            return SuggestedFix("gradient_checkpointing", {"gradient_checkpointing": True})
    if code == "training_diverged":
        rate = max(SMALLEST_RATE, round(settings.learning_rate / RATE_DIVISOR, 12))
        if rate < settings.learning_rate:
            return SuggestedFix("lower_rate", {"learning_rate": rate})
    return None


def smaller_batch(settings: TrainingSettings) -> dict[str, int] | None:
    """The largest smaller batch with which each step still learns from as many samples: half, for odd sizes less."""
    for batch in range(settings.batch_size // 2, 0, -1):
        factor, rest = divmod(settings.batch_size, batch)
        accumulation = settings.gradient_accumulation * factor
        if not rest and accumulation <= MOST_ACCUMULATION:
            return {"batch_size": batch, "gradient_accumulation": accumulation}
    return None


def suggested_fix(project: Project, job: JobSnapshot | None) -> SuggestedFix | None:
    """What would help a training that broke off. None where it did not break off, or nothing would help."""
    if job is None or job.state not in (JobState.FAILED, JobState.INTERRUPTED) or job.error is None:
        return None
    try:
        run = open_run(project, job.id)
        settings = TrainingSettings.model_validate(run.request["training"])
    except (AppError, FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    fix = fix_for(job.error.key, settings)
    complete = checkpoints.complete_checkpoints(run.trainer_folder)
    return replace(fix, step=complete[-1].step) if fix and complete else fix

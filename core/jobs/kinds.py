"""The kinds of jobs: a row for each, the only place that knows what is true of a kind. Loads no stage.

A new kind is a row here, its stage's module, and its name for people, `job.kind.<kind>`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core import keys
from core.jobs.job import ACCELERATOR, JobState

Tab = Literal["documents", "model", "samples", "training"]
Step = Literal["documents", "model", "samples", "training", "export"]

STOPPED = frozenset({JobState.PAUSED, JobState.INTERRUPTED})
NEVER: frozenset[JobState] = frozenset()


# No library of a child calls home, and none asks for a model that is not there (hub access is asked for by name).
CHILD_ENVIRONMENT = {
    keys.ENVIRONMENT_KEY: "",  # whoever needs a key is handed it
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "TRL_EXPERIMENTAL_SILENCE": "1",
    "UNSLOTH_DISABLE_STATISTICS": "1",
    "TOKENIZERS_PARALLELISM": "true",
    "PYTHONUTF8": "1",
    "PYTHONUNBUFFERED": "1",
    # Torch's threads wait for each other by spinning. Where other programs want the cores too, a long spin burns
    # the very time that the awaited thread needs: on two busy cores a training step took thirty times as long.
    "GOMP_SPINCOUNT": "10000",
    "KMP_BLOCKTIME": "1",
}


# llama.cpp's threads wait for each other after each of the hundred operations of a token, not after long ones as
# torch's do: 25 tokens of SmolLM2 took 4 to 12 s on two busy cores with the number above, 1 s with this one.
LLAMA_CPP = {"GOMP_SPINCOUNT": "1000"}


@dataclass(frozen=True)
class Kind:
    """What is true of a kind of job.

    `tab` shows it, unless it is shown only where it was asked for; `step` is what it does of the way to a model.
    `stage` is the module whose `run(context, run)` does it, in a child process: some of them bring torch along. A
    kind without one is done by a thread of the app. `lock` is the kind whose lock it shares, because both must not
    work on a project at the same time; by default it has its own. `environment` goes to its child beside that of
    all; `keeps_rank` says that the processes which torchrun started do it together. `within` is the function whose
    context, of (context, project), the stage runs in. `then` is the kind that follows when it is done, which the
    function `start` of that kind's row starts. `shown_again` are the states in which the
    next app offers the newest run to go on. `reads_run` says that it reads a training run.
    """

    tab: Tab | None
    step: Step | None = None
    stage: str = ""
    lane: str | None = None
    lock: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps_rank: bool = False
    within: str = ""
    then: str = ""
    start: str = ""
    shown_again: frozenset[JobState] = STOPPED
    reads_run: bool = False


SAMPLES_FOLLOW = "core.samples.store.relinking:samples_follow"

KINDS: dict[str, Kind] = {
    "rag": Kind("documents", "documents", "core.documents.ingest", within=SAMPLES_FOLLOW),
    "rechunk": Kind(
        "documents",
        "documents",
        "core.documents.rechunking",
        lock="rag",
        within=SAMPLES_FOLLOW,
        start="core.rag_processor:rechunk_if_needed",
    ),
    # A base model that was just made brings its own tokenizer, with which the chunks are then counted.
    "practice_base": Kind("model", "model", "core.training.practice_base", ACCELERATOR, then="rechunk"),
    "unpack_base": Kind(
        "model", "model", "core.models.unpacking", ACCELERATOR, environment=LLAMA_CPP, then="rechunk"
    ),
    "download": Kind(
        "model",
        "model",
        "core.models.downloading",
        # The one kind that asks Hugging Face, unless the person wants none to; by plain HTTP, which can be stopped
        # and continued.
        environment={
            "HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", ""),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        },
        then="rechunk",
    ),
    "sft": Kind("samples", "samples", then="gate"),
    "import": Kind("samples", "samples", lock="sft", then="gate"),
    "gate": Kind("samples", start="core.sft_generator:start_checks"),
    "pull": Kind("samples"),
    "sft_test": Kind("samples"),
    "preflight": Kind(None, stage="core.training.preflight", shown_again=NEVER),  # as quick as starting it again
    "train": Kind(
        "training",
        "training",
        "core.training.train",
        ACCELERATOR,
        keeps_rank=True,
        # What stopped a training that failed may be mended by now, and its checkpoints are still there.
        shown_again=STOPPED | {JobState.FAILED},
    ),
    "evaluate": Kind("training", stage="core.proof.evaluate", lane=ACCELERATOR, reads_run=True),
    "export": Kind("training", "export", "core.export.write", ACCELERATOR, environment=LLAMA_CPP, reads_run=True),
    "ask": Kind("training", stage="core.proof.ask", environment=LLAMA_CPP, shown_again=NEVER),  # as quick again
    "bundle": Kind("training", reads_run=True),
}

UNKNOWN = Kind(None)
"""What is true of a kind that a later version wrote into a project."""


def kind_of(name: str) -> Kind:
    """The row of a kind."""
    return KINDS.get(name, UNKNOWN)


def lock_of(name: str) -> str:
    """The name of the lock that work of this kind holds in its project."""
    return kind_of(name).lock or name


def of_tab(tab: Tab) -> tuple[str, ...]:
    """The kinds that a tab shows."""
    return tuple(name for name, kind in KINDS.items() if kind.tab == tab)


def of_step(step: str) -> tuple[str, ...]:
    """The kinds that do a step; none for what is no step."""
    return tuple(name for name, kind in KINDS.items() if kind.step == step)

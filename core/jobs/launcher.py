"""What torchrun or `accelerate launch` tells this process: which rank it is, and of how many. Loads no torch.

Rank 0 is the app or the command as always. Every other rank only computes: it writes nothing, and ends with rank 0.
"""

import importlib
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import psutil

from core.jobs.kinds import CHILD_ENVIRONMENT, KINDS
from utils.errors import AppError

STARTED_BY_US = "CUSTOM_AI_STORE"
"""Set where rank 0 itself started this rank: the file through which the ranks find each other."""
_OF_A_RANK = {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
_ASKS = "ACCELERATE_USE_"
_SHARDING = {"FSDP", "DEEPSPEED", "MEGATRON_LM", "PARALLELISM_CONFIG"}
_PREFIXES = ("TORCHELASTIC_", "ACCELERATE_", "FSDP_", "GROUP_", "ROLE_")


def rank() -> int:
    """This process's number among all; 0 where it is alone."""
    return int(os.environ.get("RANK", 0))


def world() -> int:
    """How many processes were launched together; 1 without a launcher."""
    return int(os.environ.get("WORLD_SIZE", 1))


def launch() -> str:
    """What tells this launch by torchrun from every other one, however often it repeats the command; else empty.

    The --rdzv-id where one was given, else the folder that each torchrun makes for what its processes die of.
    """
    given = os.environ.get("TORCHELASTIC_RUN_ID", "")
    if given != "none":
        return given
    errors = os.environ.get("TORCHELASTIC_ERROR_FILE", "")  # FOLDER/attempt_0/RANK/error.json
    return str(Path(errors).parents[2]) if errors else ""


def restarts() -> int:
    """How often this torchrun has repeated the command; 0 the first time."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))


def sharding() -> str:
    """The way in which a launcher asked to split the model over the processes, such as "FSDP"; empty without one."""
    asked = (
        name.removeprefix(_ASKS) for name, value in os.environ.items() if name.startswith(_ASKS) and value == "true"
    )
    return next((name for name in asked if name in _SHARDING), "")


def require_all_processes() -> None:
    """Raises AppError `launch_one_process` where accelerate started only this one of several."""
    if world() > 1 or "ACCELERATE_MIXED_PRECISION" not in os.environ:
        return
    words = [word for parent in psutil.Process().parents() for word in _words_of(parent)]
    for name, value in pairwise([*words, ""]):
        option, _, joined = name.partition("=")
        asked = joined or value
        if option in ("--num_processes", "--num-processes") and asked.isdecimal() and int(asked) > 1:
            raise AppError("launch_one_process", processes=int(asked))


def _words_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def without_rank(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for work that one process does alone, whoever launched it."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _OF_A_RANK and not name.startswith(_PREFIXES)
    }


def follow(folder: Path) -> int:
    """The whole life of a rank above 0: `folder` is the run's where rank 0 started it, else that of all projects."""
    os.environ.update(CHILD_ENVIRONMENT)
    return importlib.import_module(KINDS["train"].stage).follow(folder)

"""Processes that train one adapter together: how they find each other, agree, and notice that one is gone.

Rank 0 is a run's child process as always, with its lock, events and files. It starts the other ranks on this
machine itself; or a launcher has started them all, on one machine or several, and rank 0 tells them its run.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import torch
import torch.distributed as dist

from core.jobs import launcher
from core.jobs.child_process import own_command
from core.jobs.job import JobState, WorkInterrupted
from core.jobs.runs import Run
from utils.errors import AppError
from utils.files import parse_json

SILENCE = timedelta(minutes=10)
"""So long may one rank wait for another; a machine that vanished without closing its connections is noticed then."""
MEETING = timedelta(days=1)
"""So long may the ranks of a launcher wait for rank 0, which may first have a model to make."""
WATCH_SECONDS = 0.3
LOST_GRACE_SECONDS = 15.0
BACKENDS = {"cpu": "gloo", "cuda": "nccl", "xpu": "xccl"}
CALL, ANSWER, JOINED, ERROR_KEY = "custom_ai/call", "custom_ai/answer", "custom_ai/joined", "custom_ai/error"


@dataclass
class Ranks:
    """This process among those that train together; alone unless made by `lead` or `join`."""

    rank: int = 0
    world: int = 1
    on_this_machine: int = 1
    _store: Any = None
    _others: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _meeting: Path | None = None
    _group: Any = None
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def agree(self, *wishes: bool) -> tuple[bool, ...]:
        """For each wish whether any rank has it: all ranks get the same answer, so all do the same next."""
        if self.world == 1:
            return wishes
        votes = torch.tensor(wishes, dtype=torch.int32)
        dist.all_reduce(votes, op=dist.ReduceOp.MAX, group=self._group)
        return tuple(bool(vote) for vote in votes.tolist())

    def first_says(self, value: Any) -> Any:
        """Rank 0's value, on all ranks."""
        if self.world == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, group=self._group)
        return box[0]

    def wait(self) -> None:
        """Until all ranks have come here."""
        if self.world > 1:
            dist.barrier(group=self._group)

    def part(self) -> None:
        """After the last exchange of a training that ended well or was stopped: none leaves while another talks.

        Not called after an error: taking the group apart would wait for a rank that is no longer there.
        """
        if self.world > 1:
            self.wait()
            dist.destroy_process_group()

    def tell_error(self, error: AppError) -> None:
        """On a rank above 0: leave rank 0 the reason why it will be alone."""
        self._store.set(ERROR_KEY, json.dumps({"code": error.code, "params": error.params}, default=str))

    def lost(self, error: BaseException) -> AppError | None:
        """What a failed exchange with another rank means, or None where `error` is something else."""
        text = str(error).lower()
        if self.world == 1 or not (isinstance(error, dist.DistError) or "gloo" in text or "nccl" in text):
            return None
        return self._reason()

    def end(self) -> None:
        """On rank 0: dismiss the ranks that it started. All that they had to write is written."""
        self._ended.set()
        for other in self._others:
            if other.stdin:
                other.stdin.close()
        for other in self._others:
            try:
                other.wait(timeout=LOST_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                other.kill()
        if self._meeting:
            shutil.rmtree(self._meeting, ignore_errors=True)

    def connect(self, device_kind: str) -> "Ranks":
        """Meet all others. Raises AppError `training_processes_unsupported`, `training_too_few_devices`."""
        require_devices(device_kind, self.on_this_machine)
        if device_kind == "cpu":
            os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"  # it would say cpu:0, from where no optimizer can be loaded
        else:
            torch.accelerator.set_device_index(int(os.environ["LOCAL_RANK"]))
        backend = BACKENDS[device_kind]
        dist.init_process_group(backend, store=self._store, rank=self.rank, world_size=self.world, timeout=SILENCE)
        # What the ranks agree on are a few numbers in main memory, which a GPU's backend does not carry.
        self._group = None if backend == "gloo" else dist.new_group(backend="gloo", timeout=SILENCE)
        return self

    def watch(self, run: Run) -> None:
        """On rank 0: where a rank it started dies, and this one waits for it in vain, end the run as interrupted."""

        def look() -> None:
            while not self._ended.wait(WATCH_SECONDS):
                if any(other.poll() not in (None, 0) for other in self._others):
                    break
            # Usually the next exchange with the lost rank fails by itself, and the run ends in the usual way.
            if not self._ended.wait(LOST_GRACE_SECONDS):
                error = self._reason()
                run.write_state(JobState.INTERRUPTED, error={"code": error.code, "params": error.params})
                for other in self._others:
                    other.kill()
                os._exit(1)

        if self._others:
            threading.Thread(target=look, name="watch-ranks", daemon=True).start()

    def _reason(self) -> AppError:
        if self._store.check([ERROR_KEY]):
            told = parse_json(self._store.get(ERROR_KEY))
            return AppError(told["code"], **told["params"])
        return AppError("training_process_lost", processes=self.world)


def lead(run: Run, device_kind: str, look: Callable[[], None]) -> Ranks:
    """Rank 0: start the others, or meet those that a launcher started. What `look` raises while it waits ends that.

    Raises WorkInterrupted where one does not come; AppError `training_processes_changed`,
    `training_processes_unsupported`, `training_too_few_devices`.
    """
    processes, launched = run.request.get("processes", 1), launcher.world()
    if launched > 1 and processes != launched:
        raise AppError("training_processes_changed", was=processes, now=launched)
    if processes == 1:
        return Ranks()
    if launched > 1:
        return _called_together(run, look).connect(device_kind)
    require_devices(device_kind, processes)
    meeting = Path(tempfile.mkdtemp(prefix="custom-ai-ranks-"))
    os.environ.update(_rank_environment(0, processes))
    others = [_start_rank(run, rank, processes, meeting / "store") for rank in range(1, processes)]
    ranks = Ranks(0, processes, processes, dist.FileStore(str(meeting / "store"), processes), others, meeting)
    ranks.watch(run)
    return ranks.connect(device_kind)


def join(folder: Path) -> tuple[Run, Ranks]:
    """A rank above 0, not yet connected, and the run that rank 0 works on."""
    if meeting := os.environ.get(launcher.STARTED_BY_US):
        _end_with_rank_0()
        return Run(folder), _this_rank(dist.FileStore(meeting, launcher.world()))
    store, call = _launchers_store(), uuid.uuid4().hex
    store.set(f"{CALL}/{launcher.rank()}", call)
    while not store.check([f"{ANSWER}/{call}"]):  # again and again, because waiting inside would be deaf to signals
        time.sleep(WATCH_SECONDS)
    answer = parse_json(store.get(f"{ANSWER}/{call}"))
    own = dist.PrefixStore(answer["meeting"], store)
    own.add(JOINED, 1)
    return Run(folder.resolve() / answer["run"]), _this_rank(own)


def require_devices(device_kind: str, processes: int) -> None:
    """Raises AppError where so many processes cannot compute on this machine's devices, or not in the way asked for.

    Accelerate splits a model on GPUs only, and elsewhere would train whole copies without a word.
    """
    if (asked := launcher.sharding()) and (asked != "FSDP" or device_kind != "cuda"):
        raise AppError("training_sharding_unsupported", asked=asked, device=device_kind)
    if device_kind not in BACKENDS or not dist.is_available():
        raise AppError("training_processes_unsupported", device=device_kind)
    devices = torch.accelerator.device_count() if device_kind != "cpu" else processes
    if processes > devices:
        raise AppError("training_too_few_devices", devices=devices, processes=processes)


def require_sharded(accelerator: Any) -> None:
    """Raises AppError `training_sharding_unsupported` where each rank holds a whole copy all the same."""
    if (asked := launcher.sharding()) and accelerator.distributed_type.value != asked:
        raise AppError("training_sharding_unsupported", asked=asked, device=accelerator.device.type)


def _called_together(run: Run, look: Callable[[], None]) -> Ranks:
    """Rank 0 among those that a launcher started: all know the run, and share a part of the store of their own.

    torchrun keeps one store for all its restarts. So that nobody takes for an answer what an earlier attempt left
    there, each rank calls by a name that it just made up, and only what bears that name is meant for it.
    """
    store, meeting = _launchers_store(), uuid.uuid4().hex
    own, others = dist.PrefixStore(meeting, store), range(1, launcher.world())
    place = f"{run.project.root.name}/{run.folder.parent.name}/{run.id}"
    began = time.monotonic()
    while own.add(JOINED, 0) < len(others):
        look()
        if time.monotonic() - began > SILENCE.total_seconds():
            raise WorkInterrupted(AppError("training_process_lost", processes=launcher.world()))
        for call in (f"{CALL}/{other}" for other in others):
            if store.check([call]):
                store.set(f"{ANSWER}/{store.get(call).decode()}", json.dumps({"meeting": meeting, "run": place}))
        time.sleep(WATCH_SECONDS)
    return _this_rank(own)


def _launchers_store() -> Any:
    store, _, _ = next(dist.rendezvous("env://", timeout=MEETING))
    return store


def _this_rank(store: Any) -> Ranks:
    world = launcher.world()
    return Ranks(launcher.rank(), world, int(os.environ.get("LOCAL_WORLD_SIZE", world)), store)


def _start_rank(run: Run, rank: int, world: int, meeting: Path) -> "subprocess.Popen[bytes]":
    """Another rank on this machine, which prints where this process prints and lives as long as its pipe."""
    environment = {**os.environ, **_rank_environment(rank, world), launcher.STARTED_BY_US: str(meeting)}
    return subprocess.Popen([*own_command(), "rank", str(run.folder)], stdin=subprocess.PIPE, env=environment)


def _rank_environment(rank: int, world: int) -> dict[str, str]:
    """What torchrun would set. The ranks of one machine talk over its loopback, without any network."""
    environment = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world}
    found = {name: str(value) for name, value in environment.items()}
    for name, addresses in psutil.net_if_addrs().items():
        if os.name != "nt" and any(address.address == "127.0.0.1" for address in addresses):
            found.setdefault("GLOO_SOCKET_IFNAME", name)
    return found


def _end_with_rank_0() -> None:
    """End this process when rank 0 closes the pipe, by its own death too."""

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(1)

    threading.Thread(target=wait, name="end-with-rank-0", daemon=True).start()

"""Whether a process that is gone was killed for memory, told from counter files as Linux writes them."""

import time
from pathlib import Path

import psutil
import pytest

from core.jobs import memory_kills


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /proc and a /sys/fs/cgroup of the test's own."""
    monkeypatch.setattr(memory_kills, "PROC", tmp_path / "proc")
    monkeypatch.setattr(memory_kills, "CONTROL_GROUPS", tmp_path / "groups")
    put(tmp_path / "proc/vmstat", "nr_free_pages 1\noom_kill 2\n")
    return tmp_path


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def in_group(machine: Path, kills: int) -> None:
    put(machine / "proc/self/cgroup", "0::/user.slice/app.scope\n")
    put(machine / "groups/user.slice/app.scope/memory.events", f"low 0\nmax 3\noom 1\noom_kill {kills}\n")


def test_a_kill_in_the_own_group_is_certain(machine: Path) -> None:
    in_group(machine, 0)
    before = memory_kills.counts()
    in_group(machine, 1)
    assert memory_kills.verdict(before) == "child_out_of_memory"


def test_a_kill_in_the_own_group_is_found_with_old_control_groups_too(machine: Path) -> None:
    put(machine / "proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/box\n1:name=systemd:/\n")
    file = machine / "groups/memory/box/memory.oom_control"
    put(file, "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    before = memory_kills.counts()
    assert memory_kills.verdict(before) is None
    put(file, "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    assert memory_kills.verdict(before) == "child_out_of_memory"


def test_a_kill_somewhere_on_the_machine_is_a_probability(machine: Path) -> None:
    in_group(machine, 0)
    before = memory_kills.counts()
    put(machine / "proc/vmstat", "oom_kill 3\n")
    assert memory_kills.verdict(before) == "child_probably_out_of_memory"


def test_where_all_counters_stand_still_it_was_somebody_else(machine: Path) -> None:
    in_group(machine, 5)
    assert memory_kills.verdict(memory_kills.counts()) is None


def test_without_counters_or_with_a_group_that_is_gone_nobody_can_tell(machine: Path) -> None:
    in_group(machine, 0)
    before = memory_kills.counts()
    put(machine / "proc/self/cgroup", "0::/user.slice/another.scope\n")
    assert memory_kills.verdict(before) == "child_probably_out_of_memory"
    assert memory_kills.verdict({"at": time.time()}) == "child_probably_out_of_memory"


def test_a_machine_that_was_started_anew_ended_all_its_processes_itself(machine: Path) -> None:
    assert memory_kills.verdict({"at": psutil.boot_time() - 100, "vmstat": 1}) is None

"""Whether a process that is gone was killed for memory, told from counter files as Linux writes them."""

import time

import psutil
import pytest

from core.jobs import memory_kills

CERTAIN, PROBABLE = "child_out_of_memory", "child_probably_out_of_memory"
GROUP = "groups/user.slice/app.scope/memory.events"
BEGINNING = {
    "proc/vmstat": "nr_free_pages 1\noom_kill 2\n",
    "proc/self/cgroup": "0::/user.slice/app.scope\n",
    GROUP: "low 0\nmax 3\noom 1\noom_kill 5\n",
}


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Writes into a /proc and a /sys/fs/cgroup of the test's own."""

    def put(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)

    monkeypatch.setattr(memory_kills, "PROC", tmp_path / "proc")
    monkeypatch.setattr(memory_kills, "CONTROL_GROUPS", tmp_path / "groups")
    put(BEGINNING)
    return put


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ({GROUP: "oom_kill 6\n"}, CERTAIN),
        ({"proc/vmstat": "oom_kill 3\n"}, PROBABLE),  # anywhere on the machine
        ({"proc/self/cgroup": "0::/user.slice/another.scope\n"}, PROBABLE),  # a group that is gone says nothing
        ({}, None),
    ],
)
def test_a_kill_in_the_own_group_is_certain_and_one_elsewhere_a_probability(put, after, verdict):
    counted = memory_kills.counts()
    put(after)
    assert memory_kills.verdict(counted) == verdict


def test_without_counters_nobody_can_tell_and_a_machine_that_was_started_anew_ended_all_itself(put):
    assert memory_kills.verdict({"at": time.time()}) == PROBABLE
    assert memory_kills.verdict({"at": psutil.boot_time() - 100, "vmstat": 1}) is None

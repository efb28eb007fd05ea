"""The table of kinds of jobs: what its rows name is there. A new one is a recipe of CONTRIBUTING."""

from importlib.util import find_spec
from pkgutil import resolve_name

import pytest

from core.jobs.kinds import KINDS, of_step, of_tab
from core.jobs.worker import lock_file
from ui.steps import STEPS as TABS
from ui.texts import KEYS


@pytest.mark.parametrize("name", KINDS)
def test_what_a_row_names_is_there(name):
    kind = KINDS[name]
    assert f"job.kind.{name}" in KEYS
    assert not kind.stage or find_spec(kind.stage)
    assert not kind.start or callable(resolve_name(kind.start))
    assert not kind.then or KINDS[kind.then].start
    assert kind.tab is None or kind.tab in TABS


def test_what_must_not_work_at_the_same_time_shares_a_lock(project):
    assert lock_file(project, "rechunk") == lock_file(project, "rag") != lock_file(project, "train")
    assert lock_file(project, "import") == lock_file(project, "sft")


def test_a_kind_of_a_later_version_is_known_to_no_tab(project):
    assert not any("later" in of_tab(tab) for tab in TABS)
    assert of_step("try") == ()
    assert lock_file(project, "later").name == ".later.lock"

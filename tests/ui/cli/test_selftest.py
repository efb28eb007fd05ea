"""The self-test: the whole path on this machine, and a report that can be sent."""

import tempfile
from pathlib import Path

import pytest
from running_app import result_of

from core import example
from core.jobs.job import Job, JobState
from core.jobs.services import Services
from core.project_manager import ProjectStore
from ui.cli import selftest
from utils.errors import AppError


@pytest.mark.slow
def test_the_self_test_takes_the_whole_path_and_leaves_nothing_but_its_report(tmp_path):
    result = result_of(tmp_path / "projects", "doctor", "--selftest", seconds=600, TMPDIR=tmp_path)
    steps = {step["step"]: step for step in result["steps"]}
    assert list(steps) == ["rag", "base", "sft", "train", "evaluate", "export_safetensors", "export", "page"]
    assert result["passed"] and all(step["passed"] for step in steps.values())
    assert "Going on at step" in result["stderr"]  # it was paused on the way
    assert steps["export"]["result"]["verification"]["passed"]
    assert not [*(tmp_path / "projects").iterdir(), *tmp_path.glob("selftest-*")]


def test_an_interrupt_between_two_jobs_pauses_the_started_one_before_its_folder_goes(tmp_path, monkeypatch):
    def jobs_of(services, project, **_):
        def work(context):
            while True:
                (project.root / "left.txt").write_text("still at work")
                context.checkpoint()

        services.runner.start(Job("evaluate", project.name, work, id="started"))
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(example, "jobs_of", jobs_of)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    services = Services(ProjectStore(tmp_path / "projects"))
    with pytest.raises(KeyboardInterrupt):
        selftest.selftest(services, "en")
    assert services.runner.get("started").state == JobState.PAUSED
    assert not [*tmp_path.glob("selftest-*")]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (AppError("disk_full", free_gib=0.1), "disk_full"),
        (PermissionError(13, "not allowed", f"{Path.home()}/llama.so"), "~/llama.so"),
        (AppError("gguf_unreadable", file=f"{Path.home()}/x.gguf"), "~/x.gguf"),
    ],
)
def test_a_step_that_fails_is_in_the_report_with_its_reason_and_without_the_persons_name(
    tmp_path, monkeypatch, trouble, reason
):
    def jobs_of(*_, **__):
        raise trouble
        yield

    monkeypatch.setattr(example, "jobs_of", jobs_of)
    tested = selftest.selftest(Services(ProjectStore(tmp_path)), "en")
    assert not tested["passed"]
    assert tested["report"].startswith("✗ Documents") and reason in tested["report"]
    assert str(Path.home()) not in tested["report"]

"""What to do next is told from what is there and from what is under way, and is always something that can be done."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core import example
from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.jobs.services import Services
from core.project_manager import Project
from tests.core.training.training_material import make_base
from tests.ui.documents_material import store_document
from tests.ui.samples_material import store_samples
from ui.page.view import View
from ui.project_bar import BarPosition, next_html, project_html
from ui.welcome import welcome_html
from utils import config


@pytest.fixture
def view(services: Services, project: Project, tmp_path: Path) -> Callable[[], View]:
    """A project in which a training can start."""
    store_document(project, "a.txt", ["Energie bleibt erhalten."])
    base = {"source": "path", "name": str(make_base(tmp_path / "base"))}
    project.save_config(config.changed(project.load_config(), base=base))
    store_samples(project, 8)
    return lambda: View(services, "de", project.name)


def test_while_a_training_runs_the_next_step_is_to_wait_although_its_best_adapter_is_there(project, view, puppet):
    best = project.checkpoints_folder / "best"
    best.mkdir(parents=True)
    (best / "adapter_config.json").write_text("{}")
    assert "Training starten" in next_html(view())
    training = puppet("train")
    assert "Es läuft gerade" in next_html(view())
    training.finish()


def test_after_a_finished_training_the_next_step_is_the_export(project, view):
    create_run(project, "train", {}).write_state(JobState.DONE, result={})
    assert view().t("next.export") in next_html(view())


def test_where_there_is_no_project_one_button_stands_out(services):
    def primary(*purpose: str) -> list[str]:
        view = View(services, "de", "", {BarPosition: BarPosition("", *purpose)})
        return re.findall(r'class="button primary" id="([\w.-]+)"', project_html(view) + welcome_html(view))

    assert primary() == ["welcome.try"]
    assert primary("create") == ["project-do"]


def test_a_project_with_the_name_of_a_sample_run_that_was_deleted_is_an_empty_one(
    services, project, act, monkeypatch
):
    monkeypatch.setitem(example._under_way, project.root, example.Example(ended=True))
    act("project.delete", name="Physik")
    assert example.of(services.projects.create("Physik")) is None

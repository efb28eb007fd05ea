"""Every viewer sees the truth, gets only what changed, and one broken place does not take the others down."""

from dataclasses import dataclass

import gradio as gr
from ui.page.live import Live

from core import access
from core.jobs.job import JobState
from core.jobs.runs import create_run, this_process
from core.jobs.worker import alone_with
from ui.documents.documents_list import ListPosition, list_html
from ui.page.job_panel import log_html
from ui.page.view import View


def documents_html(view: View) -> str:
    return list_html(view, ListPosition())


def test_a_page_that_was_open_before_shows_a_training_that_a_terminal_began(services, project):
    live = Live(services, "de")
    live.show(None, lambda view: (job := view.job(("train",))) and job.state)
    seen = live.refresh("Physik", {})
    assert seen[0] is None
    run = create_run(project, "train", {})
    with alone_with(project, "train"):
        run.write_state(JobState.RUNNING, process=this_process())
        assert live.refresh("Physik", seen[1])[0] == JobState.RUNNING
        run.write_state(JobState.PAUSED)
        assert services.runner.wait(run.id, 10).state == JobState.PAUSED


def test_a_page_gets_only_what_changed(services, project):
    live = Live(services, "de")
    live.show(None, lambda view: view.project.name)
    live.show(None, lambda view: str(view.project.load_config().training.epochs))
    first = live.refresh("Physik", {})
    assert first[:2] == ["Physik", "3"]
    assert all(is_skip(value) for value in live.refresh("Physik", first[2]))
    project.set("training", {"epochs": 9})
    changed = live.refresh("Physik", first[2])
    assert is_skip(changed[0])
    assert changed[1] == "9"


def is_skip(value: object) -> bool:
    return value == {"__type__": "update"}


def test_a_damaged_database_is_explained_where_it_stands_and_the_rest_goes_on(services, project):
    project.database.write_bytes(b"no database" * 100)
    live = Live(services, "de")
    live.show(gr.HTML(render=False), documents_html)
    live.show(gr.Button(render=False), documents_html)
    live.show(gr.HTML(render=False), lambda view: view.project.name)
    live.show_own(gr.HTML(render=False), list_html, gr.State(ListPosition()), lambda view, _: view.data_stamp)
    broken, button, name, own, _ = live.refresh("Physik", {}, ListPosition())
    assert 'class="box bad"' in broken and 'class="box bad"' in own
    assert is_skip(button)
    assert name == "Physik"
    assert "Noch keine Dokumente" in live.refresh("weg", {}, ListPosition())[0], "a project that is gone"


def test_a_place_that_fails_as_nobody_foresaw_says_so_and_the_rest_goes_on(services, project, caplog):
    def unforeseen(view: View) -> str:
        return view.project.name[10_000]

    live = Live(services, "de")
    live.show(gr.HTML(render=False), unforeseen)
    live.show(gr.Button(render=False), unforeseen)
    live.show(gr.HTML(render=False), lambda view: view.project.name)
    live.show_own(
        gr.HTML(render=False), lambda view, _: unforeseen(view), gr.State(0), lambda view, _: unforeseen(view)
    )
    broken, button, name, own, _ = live.refresh("Physik", {}, 0)
    assert "IndexError" in broken and "IndexError" in own
    assert is_skip(button)
    assert name == "Physik"
    assert "unforeseen" in caplog.text  # whoever mends it finds where


def test_the_last_change_is_shown_however_soon_it_follows_the_one_before(services, project, puppet):
    live = Live(services, "de")
    live.show(None, lambda view: view.job(("rag",)).state)
    job = puppet("rag")
    job.report(lambda context: context.progress(1, 10))
    first = live.refresh("Physik", {}, at_once=False)
    job.finish()
    assert (first[0], live.refresh("Physik", first[1], at_once=False)[0]) == ("running", "done")


def test_a_second_viewer_gets_updates_whole_although_gradio_takes_apart_those_of_the_first(services, project):
    live = Live(services, "de")
    live.show(None, lambda view: gr.update(value="Weiter", interactive=True))
    for _ in range(2):
        update = live.refresh("Physik", {})[0]
        assert (update.pop("value"), update.pop("interactive")) == ("Weiter", True)


@dataclass(frozen=True)
class Place:
    page: int = 0


def test_each_viewer_sees_a_place_at_their_own_position(services, project):
    live = Live(services, "de")
    live.show(None, lambda view: view.project.name)
    live.show_own(None, lambda view, place: f"page {place.page}", gr.State(Place()), lambda view, place: 0)
    one, other = (live.refresh("Physik", {}, Place(page)) for page in (1, 2))
    assert (one[1], other[1]) == ("page 1", "page 2")
    assert all(is_skip(value) for value in live.refresh("Physik", one[2], Place(1)))
    turned = live.refresh("Physik", one[2], Place(5))
    assert is_skip(turned[0])
    assert turned[1] == "page 5"


def test_a_guest_who_asks_for_anothers_project_hears_nothing_of_its_jobs(services, project, puppet):
    """Their messages, logs and results name documents and say what a model answered."""
    job = puppet("rag")
    job.report(lambda context: context.log("documents.reading", file="geheim.pdf", page=1, pages=2))
    view = View(services, "de", "Physik")
    assert "geheim.pdf" in log_html(view, view.job(("rag",)))
    job.finish()
    with access.acting_as(access.Visitor("anna")):
        for name in ("Physik", " Physik", "Physik "):
            theirs = View(services, "de", name)
            assert (theirs.jobs, theirs.job(("rag",)), theirs.result("rag")) == ([], None, None)
    assert View(services, "de", "Physik").result("rag") == {}

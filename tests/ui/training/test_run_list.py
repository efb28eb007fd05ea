"""How the history looks: every run with its figures, runs over each other, and what they differ in."""

import pytest

from core import trainer
from core.jobs.job import Job, JobState
from core.jobs.runs import this_process
from core.training import derived_runs
from tests.ui.runs_material import add_checkpoint, make_run, publish
from ui.page.view import View
from ui.texts import text
from ui.training import history_words, run_list
from ui.training.run_history import details_html
from ui.training.run_list import HistoryPosition
from utils.files import write_json


@pytest.fixture
def at(services, project):
    """What a viewer sees who is somewhere in the history."""

    def view(language="de", **position):
        return View(services, language, project.name, {HistoryPosition: HistoryPosition("Physik", **position)})

    return view


def test_a_row_tells_state_base_losses_and_time(services, project, at):
    assert "Noch kein Training." in run_list.list_html(at())
    assert run_list.list_html(View(services, "de", "Nirgends")) != ""
    publish(project, make_run(project))
    shown = run_list.list_html(at())
    for words in ("fertig", "Übungsmodell", "4,000 → 1,000", "1,500 (Epoche 2)", "1 min 30 s", "in Gebrauch"):
        assert words in shown
    english = run_list.list_html(at("en"))
    assert "4.000 → 1.000" in english and "Practice model" in english


def test_the_table_has_pages_and_reads_only_the_one_that_is_shown(project, at, monkeypatch):
    made = [make_run(project) for _ in range(run_list.ROWS_SHOWN + 2)]
    read, real = [], trainer.read_run
    monkeypatch.setattr(trainer, "read_run", lambda run, published: (read.append(run.id), real(run, published))[1])
    second = run_list.list_html(at(page=1))
    assert read == [made[1].id, made[0].id]
    assert "11 bis 12 von 12" in second
    assert run_list.list_html(at(page=99)) == second
    assert len(read) == 2, "what did not change is not read again"


def test_a_folder_that_cannot_be_read_is_shown_as_such_and_names_from_a_foreign_one_are_escaped(project, at):
    run, broken = make_run(project), make_run(project)
    write_json(run.folder / "run.json", {**run.request, "base": {"name": "<script>"}, "created": "<b>"})
    (broken.folder / "run.json").write_text("{")
    shown = run_list.list_html(at())
    assert "nicht lesbar" in shown and broken.id in shown
    shown += details_html(at(chosen=run.id))
    assert "<script>" not in shown and "<b>" not in shown


def test_a_run_that_waits_says_so_though_its_folder_cannot(services, project, at):
    run = make_run(project, JobState.INTERRUPTED)
    services.runner.adopt(Job("train", project.name, lambda _: {}, id=run.id), JobState.PAUSED)
    assert "angehalten" in run_list.list_html(at())


def test_a_run_whose_process_died_unseen_is_interrupted(project, at):
    run = make_run(project)
    run.write_state(JobState.RUNNING, process=this_process())
    assert "läuft" in run_list.list_html(at())
    run.write_state(JobState.RUNNING, process={"pid": 999_999_999, "created": 1.0})
    assert "unterbrochen" in run_list.list_html(at())


def test_the_page_is_drawn_anew_when_a_run_of_another_process_begins(project, view):
    make_run(project)
    stamp = view().stamp()
    assert view().stamp() == stamp
    make_run(project)
    assert view().stamp() != stamp


def test_what_a_run_has_written_since_is_shown(project, at):
    run = make_run(project)
    assert "4,000 → 1,000" in run_list.list_html(at())
    run.write_state(JobState.DONE, result={"loss": 0.5})
    assert "→ 0,500" in run_list.list_html(at())


def test_compared_runs_lie_over_each_other_and_their_differences_are_named(project, at):
    first, second = make_run(project, learning_rate=1e-4), make_run(project, learning_rate=2e-4, losses=(4.0, 3.5))
    shown = run_list.compared_html(at(compared=(second.id, first.id)))
    assert shown.count('<figure class="plot"') == 2
    assert shown.count("&quot;numbered&quot;:true") == 2
    different, same = shown.split("<details")
    assert 'data-label="Was">Lernrate' in different
    assert "0,0001</td>" in different
    assert 'data-label="Was">Epochen' in same


@pytest.mark.parametrize("name", ["", "../Physik", "/etc", "..", "x-train", "1/../2-train"])
def test_only_a_plain_name_leads_to_a_run(project, at, name):
    make_run(project)
    assert run_list.entry_of(at(), name) is None


def test_a_repeated_run_says_how_it_compares_with_the_first_time(project, at):
    first, again = make_run(project), make_run(project)
    write_json(again.folder / "run.json", {**again.request, "repeats": first.id})
    derived_runs.keep_original(again, first)
    shown = details_html(at(chosen=again.id))
    assert f"Wiederholt {first.id}." in shown
    assert "Versionen, Rechner und App sind dieselben" in shown


def test_a_branch_says_where_it_comes_from(project, at):
    run = make_run(project)
    write_json(run.folder / "run.json", {**run.request, "branch": {"run": "20260101-1-train", "step": 40}})
    shown = details_html(at(chosen=run.id))
    assert "Fortgesetzt ab 20260101-1-train, Schritt 40." in shown


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("training.learning_rate", 1e-5, "0,00001"),
        ("training.scheduler", "cosine", text("choice.scheduler.cosine", "de")),
        ("training.target_modules", [], "alle linearen"),
        ("training.target_modules", None, "–"),
        ("training.target_modules", ["x", "y"], "x, y"),
        ("training.four_bit", True, "ja"),
        ("run.loss", 1.23456, "1,235"),
        ("samples_sha256", "ab" * 32, "abababababab"),
        ("versions.torch", {"odd": 1}, "{'odd': 1}"),
    ],
)
def test_values_are_told_as_the_settings_show_them(name, value, told):
    assert history_words.value_words(name, value, "de") == told


@pytest.mark.parametrize(("of", "page"), [("2", 2), ("-1", 0), ("x", 0), ("9" * 30, 0)])
def test_a_page_is_a_number_whatever_is_sent(act, of, page):
    act("runs.onward", of)
    assert act.view().at(HistoryPosition).page == page


def test_before_a_first_training_the_one_button_leads_to_it(at):
    shown = run_list.list_html(at())
    assert 'class="button primary" href="?tab=training"' in shown


def test_the_best_of_several_checkpoints_is_named(project, at):
    run = make_run(project)
    add_checkpoint(run, 2)
    entry = run_list.entry_of(at(), run.id)
    assert history_words.point_choices(entry, "de")[0][1] == "4"
    assert [words.split(" · ")[0] for words, _ in history_words.point_choices(entry, "de")] == [
        "Schritt 4",
        "Schritt 2",
    ]

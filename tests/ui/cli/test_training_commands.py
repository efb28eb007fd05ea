"""The commands of step 4: the list of runs, going on from one, repeating one, packing one."""

import json
import time
import zipfile
from types import SimpleNamespace

import pytest
from runs_material import make_run

from core import exporter, trainer
from core.jobs.job import Job, JobState
from core.project_manager import Project
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import append_samples
from core.training import derived_runs
from core.training.history import Chosen
from ui.cli import training_commands
from ui.cli.command_line import run


@pytest.fixture
def app(services, capsys, monkeypatch):
    """A command on the test's projects; returns exit code, result and what was said."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")

    def command(*arguments):
        code = run([*map(str, arguments), "--projects", str(services.projects.folder)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def started(monkeypatch, project):
    """What would have been trained; a job that is done at once stands in for it."""
    calls = []

    def branch(services, project, *arguments):
        calls.append(("branch", *arguments))
        return SimpleNamespace(id=made.id)

    def repeat(services, project, name):
        calls.append(("repeat", trainer.find(project, name).id))
        return SimpleNamespace(id=made.id)

    made = make_run(project)
    monkeypatch.setattr(trainer, "continue_from_checkpoint", branch)
    monkeypatch.setattr(trainer, "reproduce_training", repeat)
    monkeypatch.setattr(training_commands, "finish", lambda services, snapshot: {"run": snapshot.id})
    return calls


def test_runs_are_listed_for_people_and_for_programs(app, project):
    assert app("runs", "Physik")[1] == "No training yet.\n"
    first, second = make_run(project), make_run(project, JobState.PAUSED)
    code, out, _ = app("runs", "Physik", "--json")
    listed = json.loads(out)["runs"]
    assert code == 0
    assert [entry["id"] for entry in listed] == [second.id, first.id]
    assert [entry["state"] for entry in listed] == ["paused", "done"]
    assert listed[1]["checkpoints"] == [{"step": 4, "epoch": 2.0, "eval_loss": 1.5}]
    assert listed[1]["training"]["epochs"] == 2
    table = app("runs", "Physik")[1].splitlines()
    assert table[0].split()[:2] == ["Run", "State"]
    assert second.id in table[1]
    assert "4.000 → 1.000" in table[2]


def test_a_branch_starts_at_a_run_and_a_step_with_the_flags_as_changes(app, project, started):
    name = make_run(project).id
    assert app("train", "Physik", "--from", f"{name}:4", "--learning-rate", "5e-5")[0] == 0
    assert app("train", "Physik", "--from", name)[0] == 0
    assert started == [("branch", name, 4, {"learning_rate": "5e-5"}), ("branch", name, None, {})]
    assert project.load_config().training.learning_rate != 5e-5, "the project keeps its own settings"


@pytest.mark.parametrize(
    ("what", "words"),
    [("nothing", "no longer exists"), ("2:3", "no longer exists"), ("{id}:x", "Step")],
)
def test_a_run_or_step_that_is_none_is_refused(app, project, started, what, words):
    name = make_run(project).id
    code, _, err = app("train", "Physik", "--from", what.replace("{id}", name))
    assert code == 1
    assert words in err
    assert "hint:" in err
    assert started == []


def test_a_run_is_repeated_by_its_name_and_by_nothing_else(app, project, started, tmp_path):
    name = make_run(project).id
    assert app("train", "Physik", "--reproduce", name)[0] == 0
    code, _, err = app("train", "Physik", "--reproduce", tmp_path / "a.zip")
    assert (code, "hint:" in err) == (1, True)
    assert started == [("repeat", name)]


def test_any_run_and_checkpoint_is_compared_exported_and_asked(app, project, started, monkeypatch):
    def note(*_, chosen, also=()):
        started.append(chosen)
        return SimpleNamespace(id="job")

    for name in ("start_evaluation", "start_export", "start_question"):
        monkeypatch.setattr(exporter, name, note)
    run = make_run(project)
    assert app("evaluate", "Physik", "--run", f"{run.id}:4")[0] == 0
    assert app("export", "Physik", "--run", run.id)[0] == 0
    assert app("export", "Physik")[0] == 0
    assert app("ask", "Physik", "Wer?", "--run", run.id, "--json")[0] == 0
    assert started == [Chosen(run, 4), Chosen(run), None, Chosen(run)]


@pytest.mark.parametrize(
    ("several", "kept", "also"),
    [
        ("f16,q8_0", "q8_0", ["f16"]),
        ("q8_0,f16", "f16", ["q8_0"]),
        ("q8_0,", "q8_0", []),
        ("", "q4_k_m", []),
        ("f16,q9", "q4_k_m", None),
        ("q9,f16", "q4_k_m", None),
    ],
)
def test_of_several_quantizations_the_last_is_kept_and_an_unknown_one_changes_nothing(
    app, project, started, monkeypatch, several, kept, also
):
    def note(*_, chosen, also):
        started.append(also)
        return SimpleNamespace(id="job")

    monkeypatch.setattr(exporter, "start_export", note)
    changes, change = [], Project.change_config
    monkeypatch.setattr(Project, "change_config", lambda *given: (changes.append(given), change(*given)))
    project.set("output", {"quantization": "q4_k_m"})
    changes.clear()
    code, _, err = app("export", "Physik", "--quantization", several)
    assert (code, started) == ((0, [also]) if also is not None else (1, [])), err
    assert project.load_config().output.quantization == kept
    assert len(changes) == (several not in ("", "f16,q9", "q9,f16"))


def test_an_interrupt_between_start_and_waiting_pauses_what_was_started_before_it_says_saved(
    app, project, monkeypatch
):
    runners = []

    def work(context):
        while True:
            context.checkpoint()
            time.sleep(0.01)

    def start(services, project, **_):
        runners.append(services.runner)
        services.runner.start(Job("evaluate", project.name, work, id="started"))
        raise KeyboardInterrupt

    monkeypatch.setattr(exporter, "start_evaluation", start)
    code, _, err = app("evaluate", "Physik")
    assert (code, "the state is saved" in err) == (130, True)
    assert runners[0].get("started").state == JobState.PAUSED


def test_a_repetition_says_how_it_compares(app, project, started, monkeypatch):
    outcome = derived_runs.Outcome("first", (), True)
    monkeypatch.setattr(trainer, "outcome", lambda run: outcome)
    code, out, err = app("train", "Physik", "--reproduce", make_run(project).id, "--json")
    assert (code, json.loads(out)["repetition"]["identical"]) == (0, True)
    assert "the same bit by bit" in err
    assert "repetition" not in app("train", "Physik", "--reproduce", make_run(project).id)[1]


@pytest.mark.parametrize("flags", [("--resume", "--reproduce", "x"), ("--preset", "magic")])
def test_two_ways_to_begin_and_a_preset_that_does_not_exist_are_wrong_usage(app, project, flags):
    with pytest.raises(SystemExit) as usage:
        app("train", "Physik", *flags)
    assert usage.value.code == 2


def test_the_newest_finished_run_is_packed_unless_another_is_named(app, project):
    assert app("bundle", "Physik")[0] == 1
    made = [make_run(project) for _ in range(2)]
    make_run(project, JobState.PAUSED)
    code, out, _ = app("bundle", "Physik", "--json")
    result = json.loads(out)
    assert (code, result["run"]) == (0, made[1].id)
    with zipfile.ZipFile(result["file"]) as archive:
        assert "## Repeat it" in archive.read("README.md").decode()
    assert json.loads(app("bundle", "Physik", made[0].id, "--json")[1])["run"] == made[0].id


def test_a_preset_fills_the_settings_flags_win_and_what_was_chosen_is_told(app, project):
    append_samples(project.samples_file, [Sample(f"{number}?", "Yes.", str(number)) for number in range(100)])
    code, _, err = app(
        "train", "Physik", "--preset", "thorough", "--epochs", "2", "--target-modules", "q_proj,v_proj"
    )
    assert code == 1 and "model" in err  # none is chosen yet, so nothing trains in this test
    assert "LoRA rank 32" in err
    settings = project.load_config().training
    assert (settings.lora_rank, settings.epochs, settings.target_modules) == (32, 2, ("q_proj", "v_proj"))


def test_a_layer_that_does_not_exist_is_refused_by_its_label(app, project):
    code, _, err = app("train", "Physik", "--target-modules", "x_proj")
    assert code == 1 and "“Which layers learn”" in err

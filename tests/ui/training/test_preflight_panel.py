"""What is missing for a training, in words; and how samples are read."""

from dataclasses import asdict

import pytest

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_samples
from core.training.readiness import Check
from tests.core.training.machine_material import write_model
from ui.cli.training_commands import show_check
from ui.tab_training import blocked, train_html
from ui.training import preflight_panel
from ui.training.example_view import examples_html
from ui.training.preflight_panel import checks_html, look_blocked, look_html, refusal, result_html
from utils import config

HOSTILE = "</span><script>alert('x')</script>\u202e & <b>"
EXAMPLE = {
    "why": "longest",
    "tokens": 1234,
    "missing": 17,
    "segments": [
        {"role": "read", "tokens": 5, "text": HOSTILE, "left_out": 0, "rest": ""},
        {"role": "learned", "tokens": 9, "text": HOSTILE, "left_out": 2345, "rest": HOSTILE},
        {"role": "end", "tokens": 1, "text": "<|end|>", "left_out": 0, "rest": ""},
    ],
}
FIGURES = {"rows": 18, "held_out_rows": 2, "longest": 12_345, "median": 30.5, "learned_tokens": 400}
FIGURES |= {"max_length": 64, "suggestion": None, "seconds": 1.2}


@pytest.fixture
def model(project, tmp_path):
    """A folder that says it holds a model, chosen, and samples to learn from."""
    folder = write_model(tmp_path / "model")
    base = {"source": "path", "name": str(folder)}
    project.save_config(config.changed(project.load_config(), base=base))
    append_samples(project.samples_file, [Sample(f"q{n}", f"a{n}", str(n), Source("x", 1, n)) for n in range(20)])
    return folder


def finished(project, folder, **more):
    """A look that is done, of the samples as they are now."""
    basis = trainer.preflight_basis(project.samples_file, folder, project.load_config().training)
    result = {
        "basis": basis,
        "checks": [
            asdict(Check("rows", "ok", {"samples": 20, "rows": 18, "held_out": 2, "max_length": 64})),
            asdict(Check("cut", "warn", {"cut": 3, "rows": 20, "max_length": 64, "missing": 1500})),
        ],
        "examples": [EXAMPLE],
        **FIGURES,
        **more,
    }
    run = create_run(project, "preflight", {"basis": basis})
    run.write_state(JobState.DONE, result=result)


def test_what_is_missing_is_said_once_with_what_to_do_and_start_gives_the_first_reason(project, view):
    shown = checks_html(view())
    assert 'class="bad"' in shown and "✗" in shown and 'aria-label="Problem"' in shown
    assert "Erzeuge im dritten Schritt mehr Beispiele." in refusal(view()) and "Wähle im zweiten Schritt" in shown
    assert refusal(view()) == blocked(view()) == look_blocked(view())
    assert refusal(view()) not in shown and train_html(view()).count(refusal(view())) == 2  # at either button


def test_where_all_is_there_start_is_free_and_while_a_training_runs_nothing_is_checked(model, view, puppet):
    shown = checks_html(view())
    assert 'class="bad"' not in shown and shown.startswith("<details") and shown.count('class="ok"') == 5
    assert "5 Prüfungen in Ordnung" in shown
    assert (refusal(view()), blocked(view()), look_blocked(view())) == ("", "", "")
    puppet("train")
    assert checks_html(view()) == ""


def test_a_look_is_not_kept_from_by_what_only_a_training_needs(model, view, monkeypatch):
    monkeypatch.setattr("core.training.readiness.free_disk_gib", lambda folder: 0.1)
    assert "GiB frei" in blocked(view()) and look_blocked(view()) == ""


def test_a_finished_look_shows_figures_findings_and_examples(project, model, view):
    finished(project, model, suggestion=2048)
    shown = result_html(view())
    assert "höchste Länge 2.048" in shown and "12.345 Tokens" in shown
    assert "Veraltet" not in shown


def test_what_a_look_found_stands_among_the_checks_as_long_as_it_holds(project, model, view):
    finished(project, model)
    shown = checks_html(view())
    assert shown.index("3 von 20 Antworten") < shown.index("6 Prüfungen in Ordnung") and "1.500 Tokens" in shown
    project.set("training", {"max_length": 99})
    assert "3 von 20 Antworten" not in checks_html(view())


def more_samples(project, _):
    append_samples(project.samples_file, [Sample("neu", "neu", "neu")])


def another_model(_, folder):
    write_model(folder, vocab_size=401)


@pytest.mark.parametrize(
    "change",
    [
        more_samples,
        another_model,
        lambda project, _: project.set("training", {"max_length": 99}),
        lambda project, _: project.set("training", {"seed": 1}),
        lambda project, _: project.set("training", {"held_out_share": 0.3}),
        lambda project, _: project.set("training", {"train_on_answers": False}),
    ],
)
def test_a_look_is_outdated_once_what_it_rests_on_has_changed(project, model, view, change):
    finished(project, model)
    project.set("training", {"learning_rate": 1e-5, "epochs": 9})
    assert "Veraltet" not in result_html(view())
    change(project, model)
    assert "Veraltet" in result_html(view())


def test_before_the_first_look_and_after_one_of_another_version_it_says_what_it_is_for(project, model, view):
    assert "ohne das Modell zu laden" in look_html(view()) and result_html(view()) == ""
    finished(project, model, basis={"samples": "old"})
    assert "ohne das Modell zu laden" in look_html(view()) and result_html(view()) == ""


def test_a_look_under_way_shows_how_far_it_is(project, model, view, puppet):
    finished(project, model)
    running = puppet("preflight")
    running.report(lambda context: context.progress(50, 200, "preflight.encoding"))
    assert "50/200" in look_html(view()) and "läuft" in look_blocked(view())
    assert "job.preflight.stop" in look_html(view())
    running.finish()
    assert "job.preflight" not in look_html(view())


def test_hostile_text_in_a_sample_stays_text(view):
    shown = examples_html(view(), [EXAMPLE])
    assert "<script" not in shown and "<b>" not in shown and "&lt;script&gt;" in shown
    assert shown.count("<div") == shown.count("</div>") and shown.count("<span") == shown.count("</span>")


def test_roles_are_told_by_more_than_a_colour(view):
    shown = examples_html(view(), [EXAMPLE])
    for words in ("nur gelesen", "wird gelernt", "Ende der Antwort"):
        assert shown.count(words) >= 2  # in the legend, and at the piece itself
    assert "[… 2.345 Zeichen …]" in shown and "1.234 Tokens, 17 weitere fehlen" in shown


def test_the_terminal_shows_the_same_lines(model, view):
    checks = [asdict(check) for check in preflight_panel.current(view())]
    lasting = {"about_seconds": 90.0}
    lines = show_check({"checks": checks, "time": lasting}, "de").splitlines()
    assert lines[0].startswith("✓ ") and "etwa 1 min 30 s; länger" in lines[-1]
    assert len(lines) == len(checks) + 1

"""What came of a training: verdicts in words, files to download, whose result it is."""

import pytest

from core import access
from core.jobs.job import JobState
from core.jobs.runs import create_run
from tests.ui.runs_material import make_run
from ui.page.view import View
from ui.training.training_results import answer_html, answers_html, evaluation_html, exported_html

COMPARISON = {
    "verdict": "no_better",
    "samples": 15,
    "chunks": 12,
    "wins": 7,
    "base_loss": 5.2,
    "tuned_loss": 5.1,
    "difference": -0.1,
    "low": -0.3,
    "high": 0.1,
    "answers": [{"question": "<b>Was?</b>", "expected": "Das.", "base": "?", "tuned": "Das."}],
}
CHECKS = [{"name": "loads", "passed": True, "figures": {"seconds": 0.1}, "reason": ""}]
FILE = {
    "file": "p-f16.gguf",
    "quantization": "f16",
    "passed": True,
    "checks": CHECKS,
    "answers": [],
    "bytes": 9_000_000,
}


def finished(project, kind: str, **result: object) -> str:
    run = create_run(project, kind, {})
    run.write_state(JobState.DONE, result={"run": run.id, **result})
    return run.id


def test_no_better_is_a_result_that_is_shown_with_its_figures_and_answers_as_text(project, view):
    finished(project, "evaluate", **{**COMPARISON, "run": finished(project, "train")})
    shown = evaluation_html(view())
    assert view().t("evaluation.no_better") in shown and "5,200" in shown
    assert "früheren Training" not in shown
    assert "<b>Was?</b>" not in answers_html(view()) and "&lt;b&gt;Was?" in answers_html(view())


def test_more_than_three_answers_are_folded(project, view):
    answers = [{**COMPARISON["answers"][0], "question": f"Frage {number}"} for number in range(5)]
    finished(project, "evaluate", **{**COMPARISON, "answers": answers[:3]})
    assert "<details" not in answers_html(view())
    finished(project, "evaluate", **{**COMPARISON, "answers": answers})
    first, folded = answers_html(view()).split("<details")
    assert "Frage 2" in first and "Frage 3" not in first
    assert "Weitere Antworten (2)" in folded and "Frage 4" in folded


def test_a_comparison_and_an_export_of_an_earlier_training_say_so(project, view):
    earlier = finished(project, "train")
    finished(project, "evaluate", **{**COMPARISON, "run": earlier})
    finished(project, "export", run=earlier, folder="/x", verification={"passed": True, "files": [FILE]})
    assert "früheren Training" not in exported_html(view())
    finished(project, "train")
    assert "früheren Training" in evaluation_html(view())
    assert "früheren Training" in exported_html(view())


def test_an_export_is_shown_where_it_lies_after_its_project_was_renamed_and_to_the_host_only(services, project, view):
    finished(project, "export", run="r", folder="/before/Physik/models/final/gguf", verification={"files": [FILE]})
    assert str(project.final_folder / "gguf") in exported_html(view())
    assert "/before" not in exported_html(view())
    guests = services.projects.rename(project.name, "Anders")
    (guests.root / ".owner").write_text("anna")
    with access.acting_as(access.Visitor("anna")):
        shown = exported_html(View(services, "de", "Anders"))
    assert FILE["file"] in shown
    assert str(services.projects.folder) not in shown


FIGURES = {
    "perplexity": 28.85,
    "perplexity_change_percent": 3.4,
    "low_percent": -0.5,
    "high_percent": 7.1,
    "tokens": 138,
}


@pytest.mark.parametrize(
    ("state", "tone", "words", "mark"),
    [
        ({"passed": True}, "good", "geprüft", "✓"),  # as an early version wrote it
        ({"passed": True, "amber": False}, "good", "geprüft", "✓"),
        ({"passed": True, "amber": True}, "warn", "fraglich", "?"),
        ({"passed": False, "amber": False}, "bad", "weicht ab", "✗"),
    ],
)
def test_a_file_is_green_amber_or_red_with_its_reason_and_its_interval(state, tone, words, mark, project, view):
    check = {"name": "probabilities", "figures": FIGURES, "reason": "" if tone == "good" else "few_tokens", **state}
    finished(project, "export", run="r", folder="/x", verification={"files": [{**FILE, **state, "checks": [check]}]})
    shown = exported_html(view())
    assert f'<span class="badge {tone}">{words}</span>' in shown
    assert f"{mark} Gleiche Wahrscheinlichkeiten (Perplexität 28" in shown and "138 Tokens" in shown
    assert (view().t("verify.reason.few_tokens") in shown) == (tone != "good")


def test_an_aborted_training_makes_no_result_outdated_and_each_says_whose_it_is(project, view):
    done = make_run(project)
    finished(project, "evaluate", **{**COMPARISON, "run": done.id, "step": 4})
    create_run(project, "train", {}).write_state(JobState.CANCELLED)
    shown = evaluation_html(view())
    assert "früheren Training" not in shown
    assert f"Training {done.id}, Stand nach Schritt 4" in shown
    finished(project, "ask", answer="V", tokens=1, seconds=0.8, ended=True, file="p.gguf", run="another", step=2)
    assert "früheren Training" in answer_html(view())
    assert "another, Stand nach Schritt 2" in answer_html(view())


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("created", "In Ollama angelegt als „physik“"),
        ("not_running", "ollama create physik -f Modelfile"),
        ("elsewhere", "wird es nirgendwohin geschickt"),
        ("failed", "unsupported &lt;architecture&gt;"),
    ],
)
def test_an_export_to_ollama_says_what_became_of_it_and_what_to_do(project, view, state, said):
    outcome = {"state": state, "name": "physik", "command": "ollama create physik -f Modelfile"}
    outcome |= {"problem": "unsupported <architecture>", "place": "127.0.0.1:11434"}
    report = {**FILE, "file": "Modelfile"}
    finished(project, "export", run="r", folder="/x", verification={"files": [report]}, ollama=outcome)
    shown = exported_html(view())
    assert said in shown
    assert "<strong>Ollama</strong>" in shown


@pytest.mark.parametrize("ended", [True, False])
def test_an_answer_that_was_broken_off_is_not_shown_as_one_that_ended(project, view, ended):
    finished(project, "ask", answer="V V V", tokens=256, seconds=0.8, ended=ended, file="p-f16.gguf")
    assert ("Nach 256 Tokens abgebrochen" in answer_html(view())) is not ended

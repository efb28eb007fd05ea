"""Projects that an early version wrote: they open, go on and export. fixtures/old_projects.sh made them.

`samples` has documents, chunks and samples; `trained` two trainings beside, a comparison and an export of the newest;
`unfinished` a training of three epochs that was paused in the second one, and killed after it had gone on. What is
asked goes through the command line, and what is checked lies on the disk, so that both outlive the modules between.
"""

import json
import logging
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from running_app import ROOT, result_of

from core.jobs.services import Services, reattach
from core.project_manager import ProjectStore
from ui import layout
from ui.page.parts import shown as drawn
from ui.page.view import View
from utils.files import read_json

FIXTURES = ROOT / "tests" / "fixtures"
NAMES = ("samples", "trained", "unfinished")
STEPS = {1: 27, 2: 54, 3: 81}  # at the end of each epoch
UNINTERRUPTED_LOSS = 3.1364  # at the end of the same training, when nobody paused or killed it


class OldProjects:
    """Fresh copies of the three projects, and the app of today on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "projects"
        for name in NAMES:
            shutil.unpack_archive(FIXTURES / f"old_{name}.tar.xz", self.folder)

    def app(self, *words: object) -> dict:
        return result_of(self.folder, *words)

    def trainings(self, name: str) -> list[str]:
        """The ids of the folders of trainings, by name."""
        return sorted(path.name for path in (self.folder / name / "runs").glob("*-train"))

    def runs(self, name: str) -> dict[str, str]:
        """Each training's state by its id, newest first, as the app tells it."""
        return {run["id"]: run["state"] for run in self.app("runs", name)["runs"]}

    def chunks(self, name: str) -> dict[int, tuple[str, str]]:
        """The stored chunks: document and text by id."""
        with closing(sqlite3.connect(self.folder / name / "data" / "rag.db")) as database:
            return {row[0]: row[1:] for row in database.execute("SELECT id, filename, chunk_text FROM documents")}

    def samples(self, name: str) -> list[dict]:
        lines = (self.folder / name / "data" / "sft_data.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def old(tmp_path: Path) -> OldProjects:
    return OldProjects(tmp_path)


def in_its_chunk(sample: dict, chunks: dict[int, tuple[str, str]]) -> bool:
    """Whether a sample names the chunk that its answer stands in, word for word, as the practice helper wrote it."""
    document, text = chunks.get(sample["source"].get("chunk_id"), ("", ""))
    return document == sample["source"]["document"] and sample["output"] in " ".join(text.split())


def test_old_projects_are_listed_and_their_pages_show_how_far_they_are(old, caplog):
    assert old.app("list")["projects"] == list(NAMES)
    services = Services(ProjectStore(old.folder))
    caplog.set_level(logging.WARNING)
    try:
        reattach(services)
        shown = {name: View(services, "en", name) for name in NAMES}
        assert [view.problem for view in shown.values()] == [None] * 3
        status = {name: view.status for name, view in shown.items()}
        # The practice model brought its own tokenizer, with which the documents of two projects were cut anew.
        assert [(each.documents, each.chunks, each.samples) for each in status.values()] == [
            (2, 9, 30), (2, 11, 30), (2, 11, 30),
        ]  # fmt: skip
        assert [each.next_step for each in status.values()] == ["model", "try", "training"]
        assert [file.name for file in status["trained"].exported] == ["trained-q8_0.gguf", "trained-f16.gguf"]
        parts = [layout.FRAME, *layout.SCREENS.values()]
        places = [render for part in parts for render in part.places.values()]
        pages = {name: "".join(drawn(render, view) for render in places) for name, view in shown.items()}
    finally:
        services.runner.shutdown()
    for name in ("trained", "unfinished"):
        assert all(run in pages[name] for run in old.trainings(name))
    assert "sprachmodelle.de.md" in pages["samples"]
    assert "Was ist die Feinabstimmung?" in pages["samples"]
    assert not [record for record in caplog.records if record.name.startswith(("core", "ui"))], caplog.text


def test_old_samples_name_the_chunk_of_their_text_when_the_chunks_are_cut_anew_and_more_are_written(old):
    before = old.samples("samples")
    assert all(in_its_chunk(sample, old.chunks("samples")) for sample in before)
    assert old.app("search", "samples", "Tokens")["hits"]
    new = old.folder / "new.txt"
    new.write_text("Ein Pendel ist ein Körper, der an einem Faden hin und her schwingt. " * 2, "utf-8")
    old.app("rag", "samples", new, "--chunk-tokens", 160, "--overlap-tokens", 40)
    assert old.app("rechunk", "samples")["documents"] == 2
    chunks = old.chunks("samples")
    assert len(chunks) > 20
    kept = old.samples("samples")
    assert [sample["id"] for sample in kept] == [sample["id"] for sample in before]
    assert all(in_its_chunk(sample, chunks) for sample in kept)

    assert old.app("sft", "samples", "--samples", 40)["samples"] == 40
    written = old.samples("samples")
    assert written[:30] == kept
    assert all(in_its_chunk(sample, chunks) for sample in written)
    assert old.app("check-samples", "samples")["samples"] == 40
    assert old.app("overview", "samples")["coverage"] == 1.0
    target = old.folder / "taken.jsonl"
    assert old.app("export-samples", "samples", target)["samples"] == 40


def test_old_samples_whose_chunks_went_when_a_model_was_chosen_name_their_chunk_again_after_a_check(old):
    lost = [each for each in old.samples("trained") if not in_its_chunk(each, old.chunks("trained"))]
    assert len(lost) == 26
    old.app("check-samples", "trained")
    samples, chunks = old.samples("trained"), old.chunks("trained")
    assert len(samples) == 30
    assert all(in_its_chunk(sample, chunks) for sample in samples)


@pytest.mark.parametrize("at_work", ["nobody", "another process of that number"])
def test_an_old_training_that_was_killed_counts_as_interrupted(old, at_work):
    (run,) = old.trainings("unfinished")
    state_file = old.folder / "unfinished" / "runs" / run / "state.json"
    state = read_json(state_file)
    assert state["state"] == "running"
    state["process"]["pid"] = os.getpid() if at_work != "nobody" else 2**22 + 1
    state_file.write_text(json.dumps(state))
    assert old.runs("unfinished") == {run: "interrupted"}


@pytest.mark.slow
def test_an_old_training_goes_on_within_its_epoch_and_ends_as_if_nobody_had_stopped_it(old):
    result = old.app("train", "unfinished", "--resume")
    assert "Going on at step 35." in result["stderr"]
    assert (result["state"], result["epochs"], result["steps"]) == ("done", 3, STEPS[3])
    # On the machine that wrote it the adapter is the same to the last bit; another one rounds otherwise.
    assert result["loss"] == pytest.approx(UNINTERRUPTED_LOSS, rel=0.02)
    assert [result["run"]] == old.trainings("unfinished")
    assert old.runs("unfinished") == {result["run"]: "done"}
    folder = old.folder / "unfinished"
    lines = (folder / "runs" / result["run"] / "metrics.jsonl").read_text().splitlines()
    points = [json.loads(line) for line in lines]
    assert [point["step"] for point in points if "loss" in point] == list(range(1, STEPS[3] + 1))
    assert [point["step"] for point in points if "eval_loss" in point] == list(STEPS.values())
    notes = {path.parent.name: read_json(path) for path in folder.glob("models/checkpoints/*/checkpoint.json")}
    assert {name: note["step"] for name, note in notes.items() if name != "best"} == {
        f"epoch_{number}": step for number, step in STEPS.items()
    }
    assert notes["best"]["step"] in STEPS.values()


def test_the_file_that_an_early_version_exported_answers(old):
    asked = old.app("ask", "trained", "Was ist ein Token?")
    assert asked["answer"] and asked["file"] == "trained-q8_0.gguf"


@pytest.mark.slow
def test_any_old_training_is_compared_repeated_and_branched_and_the_new_ones_are_newer(old):
    first, second = old.trainings("trained")
    assert list(old.runs("trained")) == [second, first]
    compared = old.app("evaluate", "trained", "--run", first)
    assert (compared["run"], compared["step"], compared["samples"]) == (first, STEPS[1], 3)
    noted = read_json(min((old.folder / "trained" / "runs").glob("*-evaluate")) / "evaluation.json")
    assert noted["run"] == second
    assert compared["base_loss"] == pytest.approx(noted["base_loss"], rel=0.02)

    repeated = old.app("train", "trained", "--reproduce", second)
    assert (repeated["state"], repeated["steps"]) == ("done", STEPS[2])
    assert repeated["repetition"]["of"] == second
    branched = old.app("train", "trained", "--from", f"{first}:{STEPS[1]}", "--epochs", 2)
    assert (branched["state"], branched["steps"]) == ("done", STEPS[2])
    newest_first = [branched["run"], repeated["run"], second, first]
    assert old.runs("trained") == dict.fromkeys(newest_first, "done")
    assert list(old.runs("trained")) == newest_first


@pytest.mark.slow
def test_the_newest_old_training_is_exported_again_checked_and_asked_by_its_id(old):
    newest = old.trainings("trained")[1]
    exported = old.app("export", "trained")
    assert (exported["run"], exported["step"]) == (newest, STEPS[2])
    assert exported["verification"]["passed"], exported["verification"]
    files = [Path(file).name for file in exported["files"]]
    assert files == ["safetensors", "trained-q8_0.gguf"]
    assert old.app("ask", "trained", "What is a token?", "--run", newest)["answer"]

"""One of two apps on one folder: does at random what a page or a command asks for, and notes what was acknowledged.

Called with the projects' folder, the file for its notes, its name, a seed and how many rounds. Names of projects are
never used again, so that a name and the renames that followed say which project was meant.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from core import projects, rag_processor, sft_generator  # noqa: E402
from core.documents.store.chunk_store import ChunkStore  # noqa: E402
from core.jobs.job import JobSnapshot, JobState  # noqa: E402
from core.jobs.services import Services  # noqa: E402
from core.project_manager import Project, ProjectStore  # noqa: E402
from core.samples.store.sample_store import SampleStore  # noqa: E402
from utils.errors import AppError  # noqa: E402

REFUSALS = {
    *("project_missing", "project_busy", "project_gone", "job_already_running", "documents_running"),
    *("samples_not_at_rest", "sample_gone", "no_chunks", "no_usable_chunks", "config_missing", "store_unwritable"),
}
MOST_PROJECTS = 4
DELETIONS = 6
TEXT = "Wasser kocht bei hundert Grad. Eis ist gefrorenes Wasser. Dampf ist gasförmiges Wasser. " * 20


class App:
    def __init__(self, folder: Path, notes: Path, name: str, seed: int) -> None:
        self.services = Services(ProjectStore(folder))
        self.name, self.dice, self.round = name, random.Random(seed), 0
        self.notes, self.scratch = notes.open("a"), notes.parent
        self.mine: dict[str, list[str]] = {}  # what this app brought in, by the name that the project had then

    def play(self, rounds: int) -> None:
        for self.round in range(rounds):
            names = self.services.projects.names()
            name = self.dice.choice(names) if names else ""
            action: Callable[[str], Any]
            if self.round < DELETIONS:  # so that there are some, however often a project is busy later
                action = self.delete if self.round % 2 else self.create
            elif len(names) < 2 or (len(names) < MOST_PROJECTS and self.dice.random() < 0.1):
                action = self.create
            else:
                action = self.dice.choices(list(self.ACTIONS), list(self.ACTIONS.values()))[0].__get__(self)
            try:
                action(name)
            except AppError as refused:
                assert refused.code in REFUSALS, refused
                self.note("refused", name, action.__name__, refused.code)

    def note(self, *what: Any) -> None:
        """What was acknowledged; one line, so that another process's view of the order is the clock's."""
        print(json.dumps([time.monotonic(), self.name, *what]), file=self.notes, flush=True)

    def token(self) -> str:
        return f"{self.name}{self.round}"

    def open(self, name: str) -> Project:
        return self.services.projects.open(name)

    def finish(self, job: JobSnapshot) -> dict[str, Any]:
        end = self.services.runner.wait(job.id, timeout=60)
        if end.error:
            raise AppError(end.error.key, **end.error.params)
        assert end.state == JobState.DONE and end.result is not None, end
        return end.result

    def create(self, _: str) -> None:
        self.note("create", projects.create_project(self.services, f"p {self.token()}").name)

    def set_field(self, name: str) -> None:
        section = {"a": "training", "b": "sft"}[self.name]  # one field for each app, of which the last one set counts
        self.open(name).set(section, {"seed": self.round})
        self.note("set", name, section, self.round)

    def bring_in(self, name: str) -> None:
        file = self.scratch / f"{self.token()}.jsonl"
        file.write_text(json.dumps({"instruction": self.token(), "output": "x", "id": self.token()}) + "\n")
        result = self.finish(sft_generator.start_import(self.services, self.open(name), file, file.name))
        assert result["imported"] == 1
        self.note("sample", name, self.token(), self.token(), "new")
        self.mine.setdefault(name, []).append(self.token())

    def edit(self, name: str) -> None:
        for own_id in self.mine.get(name, [])[-1:]:
            SampleStore(self.open(name)).edit(own_id, f"{own_id} {self.token()}", "y")
            self.note("sample", name, own_id, f"{own_id} {self.token()}", "edited")

    def accept(self, name: str) -> None:
        for own_id in self.mine.get(name, [])[:1]:
            SampleStore(self.open(name)).set_status([own_id], "accepted")
            self.note("status", name, own_id, "accepted")

    def write_samples(self, name: str) -> None:
        project = self.open(name)
        if not ChunkStore(project.database).count():
            self.read_document(name)
        project.set("sft", {"samples": self.dice.randint(2, 30), "provider": "practice"})
        result = self.finish(sft_generator.start_samples(self.services, project))
        self.note("at least", name, result["samples"])

    def read_document(self, name: str) -> None:
        file = self.scratch / f"{self.token()}.txt"
        file.write_text(f"{self.token()}. {TEXT}")
        result = self.finish(rag_processor.start_documents(self.services, self.open(name), [file]))
        assert [found["status"] for found in result["documents"]] == ["done"], result
        self.note("document", name, file.name)

    def remove_document(self, name: str) -> None:
        project = self.open(name)
        for source in ChunkStore(project.database).documents()[:1]:
            rag_processor.remove_documents(self.services, project, [source.filename])
            self.note("no document", name, source.filename)

    def rename(self, name: str) -> None:
        new = projects.rename_project(self.services, name, f"p {self.token()}").name
        self.note("rename", name, new)
        self.mine[new] = self.mine.pop(name, [])

    def delete(self, name: str) -> None:
        projects.delete_project(self.services, name)
        self.note("delete", name)

    ACTIONS: ClassVar[dict[Callable[..., None], int]] = {
        set_field: 20,
        bring_in: 20,
        edit: 15,
        accept: 10,
        write_samples: 5,
        read_document: 1,
        remove_document: 2,
        rename: 15,
        delete: 3,
    }
    """What an app does, and how often."""


if __name__ == "__main__":
    folder, notes, own_name, seed, rounds = sys.argv[1:]
    app = App(Path(folder), Path(notes), own_name, int(seed))
    app.play(int(rounds))
    app.services.runner.shutdown()

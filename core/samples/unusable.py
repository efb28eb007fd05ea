"""Answers that held no sample: the last ones are kept, with the reason, so that a person can look at them."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from core.project_manager import Project
from core.samples.drafts import Task
from utils.files import append_line, read_records, write_text_atomic

FILE_NAME = "unusable.jsonl"
MOST_KEPT = 50
MOST_BYTES = 2**20  # of the file, before the older answers are let go
MOST_CHARACTERS = 6000  # of an answer


@dataclass(frozen=True)
class UnusableAnswer:
    """An answer as it came, and what kept it from being used, as `answers.Parsed` calls it."""

    at: float
    model: str
    document: str
    page: int | None
    problem: str
    answer: str


def note_unusable(project: Project, model: str, task: Task, answer: str, problem: str) -> None:
    """Keep an answer."""
    document, page = (task.chunk.filename, task.chunk.page) if task.chunk else ("", None)
    kept = UnusableAnswer(round(time.time(), 3), model, document, page, problem, answer[:MOST_CHARACTERS])
    path = log_file(project)
    if path.exists() and path.stat().st_size > MOST_BYTES:
        write_text_atomic(path, "".join(map(_line, reversed(unusable_answers(project)))))
    append_line(path, _line(kept).rstrip())


def unusable_answers(project: Project) -> list[UnusableAnswer]:
    """The last answers that held no sample, the newest first."""
    return list(read_records(log_file(project), UnusableAnswer))[: -MOST_KEPT - 1 : -1]


def log_file(project: Project) -> Path:
    """Where they are kept."""
    return project.root / "logs" / FILE_NAME


def _line(answer: UnusableAnswer) -> str:
    return json.dumps(asdict(answer), ensure_ascii=True) + "\n"

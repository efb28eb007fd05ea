"""What left the machine: a line for each request to a helper elsewhere. Knows files; knows no network and no key."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from core.project_manager import Project
from core.samples.drafts import Task
from core.samples.providers.chat import ChatRequest
from utils.files import append_line, parse_json, read_lines

FILE_NAME = "sent.jsonl"


@dataclass
class Outbound:
    """Everything that went to one place: requests, characters of them, and how many chunks of each document."""

    place: str
    requests: int = 0
    characters: int = 0
    first: float = 0.0
    last: float = 0.0
    models: set[str] = field(default_factory=set)
    documents: Counter[str] = field(default_factory=Counter)


def note_request(project: Project, place: str, model: str, task: Task, request: ChatRequest) -> None:
    """Note a request before it leaves."""
    line = {
        "at": round(time.time(), 3),
        "place": place,
        "model": model,
        "document": task.chunk.filename if task.chunk else None,
        "page": task.chunk.page if task.chunk else None,
        "chunk_id": task.chunk.id if task.chunk else None,
        "characters": sum(len(message["content"]) for message in request.messages),
    }
    append_line(log_file(project), json.dumps(line, ensure_ascii=False))


def log_file(project: Project) -> Path:
    """Where it is noted what left the machine."""
    return project.root / "logs" / FILE_NAME


def summary(project: Project) -> list[Outbound]:
    """What left the machine, by the place that it went to."""
    places: dict[str, Outbound] = {}
    for text in read_lines(log_file(project)):
        try:
            line = parse_json(text)
            place = places.setdefault(line["place"], Outbound(line["place"], first=line["at"]))
            place.requests += 1
            place.characters += line["characters"]
            place.last = line["at"]
            place.models.add(line["model"])
            if line["document"]:
                place.documents[line["document"]] += 1
        except (ValueError, KeyError, TypeError):
            continue  # half a line, of a writer that was killed
    return list(places.values())

"""Whole runs against a server that gives the documented errors of the providers in the middle of good answers."""

import itertools
import json

import pytest
from aiohttp import web
from documented_errors import DOCUMENTED
from recording_context import RecordingContext
from store_material import add_document

from core.documents.store.chunk_store import ChunkStore, NewChunk, SourceFile
from core.project_manager import ProjectStore
from core.samples import pace as pacing
from core.samples.generate import Access, generate_samples
from core.samples.providers.http_errors import Recipient, of_content, of_status
from tests.core.samples.http_server import HttpServer
from tests.refusals import code_of
from utils.config import SftSettings

WANTED = 200
AT_ONCE = 8  # good answers between two errors


class Errors(HttpServer):
    """Gives these errors, with some good answers before each."""

    def __init__(self, errors, before=AT_ONCE):
        super().__init__()
        self._left = iter([response for error in errors for response in (*[None] * before, error)])
        self._number = itertools.count(1)

    def routes(self):
        return [web.post("/v1/chat/completions", self._answer)]

    async def _answer(self, request):
        if error := next(self._left, None):
            return web.Response(status=error.status, text=error.text, headers=error.headers)
        number = next(self._number)
        pair = {"instruction": f"Was leistet Gerät {number}?", "output": f"Gerät {number} fördert Wasser."}
        choice = {"message": {"content": json.dumps({"samples": [pair]})}, "finish_reason": "stop"}
        return web.json_response({"choices": [choice], "usage": {}})


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    for name in ("FIRST_WAIT_SECONDS", "LONGEST_ASKED_WAIT_SECONDS"):
        monkeypatch.setattr(pacing, name, 0.001)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = ProjectStore(tmp_path_factory.mktemp("errors")).create("Geräte")
    chunks = [NewChunk(f"Gerät {n} fördert Wasser durch Leitung {n}.", {"tokens": 9}) for n in range(WANTED)]
    add_document(ChunkStore(project.database), SourceFile("g.md", "g.md", "ab", "done"), chunks)
    return project


def samples_written(project, errors, before=AT_ONCE, wanted=WANTED):
    project.samples_file.unlink(missing_ok=True)
    with Errors(errors, before) as server:
        settings = SftSettings(
            provider="openrouter", model="m", base_url=server.address, samples=wanted, concurrency=2, language="de"
        )
        return generate_samples(RecordingContext(), project, settings, Access("sk-test-0123"))["samples"]


def test_all_errors_that_pass_spread_over_one_run_cost_no_sample(project):
    passing = [error for error in DOCUMENTED if error.passes]
    assert len(passing) > 60
    assert samples_written(project, passing, before=3) == WANTED


@pytest.mark.parametrize(
    "error", [each for each in DOCUMENTED if not each.passes], ids=lambda each: f"{each.provider} {each.status}"
)
def test_an_error_that_nothing_can_help_stops_the_run_with_its_reason(project, error):
    assert code_of(lambda: samples_written(project, [error], wanted=20)) == error.code


def test_each_error_is_understood_as_what_it_is():
    recipient = Recipient("llm.example", "m", "sk-test-0123")
    for error in DOCUMENTED:
        if error.status != 200:
            found = of_status(recipient, error.status, error.headers, error.text)
        elif isinstance(error.body, dict):
            found = of_content(recipient, error.body.get("choices", [error.body])[0])
        else:
            continue
        assert found.error.code == error.code, (error, found.words)


@pytest.mark.parametrize("error", [each for each in DOCUMENTED if each.provider == "a gateway" or each.status == 400])
def test_the_same_error_again_and_again_stops_the_run_soon_with_its_reason(project, error):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacing, "SLOWED_DOWN_SECONDS", 0.05)
        assert code_of(lambda: samples_written(project, [error] * 2000, before=0)) == error.code

"""The server that tests and benchmarks of helper models lean on does what it is told."""

import asyncio
import json
from collections import Counter
from dataclasses import asdict

import aiohttp
import pytest

from tests.core.samples.fault_server import UNDER_WAY_SECONDS, USUAL_FAULTS, Faults, FaultServer
from tests.core.samples.helper_answers import AnswerMaker, question_about, sentences_of

TEXT = "Die Pumpe fördert vierzig Liter Wasser. Die Feder hält einem Druck von neun Bar stand.\n\nEnde."
PROMPT = f"Schreibe 2 verschiedene Beispiele.\n\nText:\n{TEXT}\n\nAntworte nur mit JSON in dieser Form."
BODY = {"model": "x", "messages": [{"role": "user", "content": PROMPT}]}


def test_answers_are_sentences_of_the_text_and_differ_while_there_are_some() -> None:
    assert sentences_of(PROMPT) == [
        "Die Pumpe fördert vierzig Liter Wasser.",
        "Die Feder hält einem Druck von neun Bar stand.",
    ]
    maker = AnswerMaker()
    outputs = [sample["output"] for sample in maker.answer(BODY["messages"])["samples"]]
    assert outputs == sentences_of(PROMPT)
    one = [{"role": "user", "content": PROMPT.replace("2 verschiedene", "ein")}]
    again = maker.answer(one)
    assert again["samples"][0]["output"] in outputs
    maker.take_back({"samples": [{"output": outputs[1]}]})
    assert maker.answer(one)["samples"][0]["output"] == outputs[1]
    assert "Die Pumpe fördert" in question_about(outputs[0])


def test_no_more_sentences_than_the_text_has() -> None:
    assert sentences_of("Nichts.") == ["Dazu steht in diesem Text nichts."]


async def ask(address: str, times: int) -> list[tuple[int, str]]:
    async with aiohttp.ClientSession() as session:

        async def once() -> tuple[int, str]:
            async with session.post(f"{address}/chat/completions", json=BODY) as response:
                return response.status, await response.text()

        return await asyncio.gather(*(once() for _ in range(times)))


def test_without_faults_all_are_answered_at_once() -> None:
    with FaultServer(latency_seconds=1) as server:  # time enough for all to arrive, also on a busy machine
        answers = asyncio.run(ask(server.base_url, 8))
    assert server.most_in_flight == server.requests == server.answered == 8
    assert [status for status, _ in answers] == [200] * 8
    choice = json.loads(answers[0][1])["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert len(json.loads(choice["message"]["content"])["samples"]) == 2


def test_faults_happen_as_often_as_they_should() -> None:
    server = FaultServer(faults=USUAL_FAULTS)
    drawn = Counter(server._next_fault() for _ in range(20_000))
    for name, share in asdict(USUAL_FAULTS).items():
        assert drawn[name] / 20_000 == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    ("faults", "status", "reason"),
    [
        (Faults(too_many=1), 429, None),
        (Faults(server_error=1), 500, None),
        (Faults(prose=1), 200, "stop"),
        (Faults(cut_off=1), 200, "length"),
    ],
)
def test_each_fault_looks_like_the_real_one(faults: Faults, status: int, reason: str | None) -> None:
    with FaultServer(faults=faults) as server:
        found, text = asyncio.run(ask(server.base_url, 1))[0]
    assert found == status
    if reason:
        choice = json.loads(text)["choices"][0]
        assert choice["finish_reason"] == reason
        with pytest.raises(ValueError, match=r".+"):
            json.loads(choice["message"]["content"])


def test_whoever_comes_back_during_a_pause_is_noticed() -> None:
    with FaultServer(faults=Faults(too_many=1), retry_after_seconds=60) as server:
        asyncio.run(ask(server.base_url, 1))
        server._pause_from -= UNDER_WAY_SECONDS
        asyncio.run(ask(server.base_url, 1))
    assert server.early == 1

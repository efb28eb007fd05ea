"""A GGUF file as helper model: a real child process with a real llama.cpp in it."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.jobs import child_process
from core.samples.providers.chat import open_helper
from core.samples.providers.local_gguf import LocalGguf
from core.samples.providers.open_ai_chat import OpenAiChat
from tests.core.samples.providers.helper_use import refusal_of, said_of, using
from utils.config import SftSettings

ROOT = Path(__file__).resolve().parents[4]


def with_helper(file, use):
    return using(LocalGguf(str(file), 2, 512), use)


def error_of(file, question):
    return refusal_of(LocalGguf(str(file), 2, 512), lambda helper: helper.ask(question))


def gone(pid):
    try:
        psutil.Process(pid).wait(20)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_several_questions_at_once_are_answered_as_the_schema_wants(tiny_gguf, question):
    async def several(helper):
        short = replace(question, most_tokens=20)
        answers = await asyncio.gather(*(helper.ask(short) for _ in range(4)))
        assert {(answer.answer_tokens, answer.cost_usd) for answer in answers} == {(20, 0.0)}
        assert (await helper.ask(question)).text.lstrip().startswith("{")
        assert await helper.models() == []

    with_helper(tiny_gguf, several)


def test_the_context_is_for_each_question_not_for_all(tiny_gguf, question):
    def long(words):
        return replace(question, messages=({"role": "user", "content": "Wasser. " * words},), most_tokens=4)

    async def several(helper):
        answers = await asyncio.gather(*(helper.ask(long(150)) for _ in range(2)))
        assert all(answer.prompt_tokens > 256 for answer in answers), answers
        await helper.ask(long(400))

    error = refusal_of(LocalGguf(str(tiny_gguf), 2, 512), several)
    assert said_of(error) == ("helper_prompt_too_long", "skip")


def test_the_key_is_needed_and_seen_by_nobody(tiny_gguf, question):
    async def look(helper):
        await helper.ask(replace(question, most_tokens=2))
        chat = await helper._starting
        child = psutil.Process(helper._child.pid)
        assert chat._http.recipient.key not in " ".join([*child.cmdline(), *child.environ().values()])
        stranger = OpenAiChat(chat._http.base_url, "tiny", None)
        try:
            await stranger.ask(question)
        finally:
            await stranger.close()

    assert said_of(refusal_of(LocalGguf(str(tiny_gguf), 2, 512), look))[0] == "helper_key_missing"


def test_closing_ends_the_child_and_starts_none_where_nothing_was_asked(tiny_gguf, question):
    async def ask(helper):
        await helper.ask(replace(question, most_tokens=2))
        return helper._child.pid

    async def nothing(helper):
        await helper.close()
        return helper._child

    assert gone(with_helper(tiny_gguf, ask))
    assert with_helper(tiny_gguf, nothing) is None


APP = """
import asyncio, sys
from core.samples.providers.chat import ChatRequest
from core.samples.providers.local_gguf import LocalGguf
async def run():
    helper = LocalGguf(sys.argv[1], 1, 512)
    await helper.ask(ChatRequest(({'role': 'user', 'content': 'Hallo'},), None, 0.0, 1, 4))
    print(helper._child.pid, flush=True)
    await asyncio.sleep(600)
assert not {'xllamacpp', 'torch'} & sys.modules.keys()  # the app loads no llama.cpp for it
asyncio.run(run())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_the_child_ends_when_the_app_is_killed(tiny_gguf):
    app = subprocess.Popen([sys.executable, "-c", APP, str(tiny_gguf)], stdout=subprocess.PIPE, cwd=ROOT)
    with app.stdout:
        child = int(app.stdout.readline())
        assert psutil.pid_exists(child)
        app.kill()
        app.wait()
    assert gone(child)


def test_a_child_that_dies_in_the_middle_is_said_plainly(tiny_gguf, question):
    async def kill(helper):
        await helper.ask(replace(question, most_tokens=2))
        helper._child.kill()
        await helper.ask(question)

    assert said_of(refusal_of(LocalGguf(str(tiny_gguf), 2, 512), kill)) == ("local_model_ended", "stop")


def test_whoever_gives_up_waiting_takes_the_model_from_nobody(tiny_gguf, question):
    async def impatient(helper):
        first = asyncio.create_task(helper.ask(question))
        await asyncio.sleep(0)
        first.cancel()
        return (await helper.ask(replace(question, most_tokens=3))).answer_tokens

    assert with_helper(tiny_gguf, impatient) == 3


def test_a_child_that_dies_while_it_loads_is_said_plainly(tiny_gguf, question, monkeypatch):
    monkeypatch.setattr(child_process, "own_command", lambda: [sys.executable, "-c", "raise SystemExit(3)"])
    error = error_of(tiny_gguf, question)
    assert (error.error.code, error.error.params) == ("local_model_ended", {"file": "tiny model.gguf", "code": 3})


def test_a_file_that_is_no_model_is_refused_with_its_name(tmp_path, question):
    text, broken = tmp_path / "notes.gguf", tmp_path / "broken.gguf"
    text.write_text("no model", encoding="utf-8")
    broken.write_bytes(b"GGUF" + bytes(300))
    devices = ("/dev/zero", "/dev/tty") if sys.platform == "linux" else ()
    for file, code in (
        (tmp_path / "gone.gguf", "local_model_missing"),
        *((Path(file), "local_model_unreadable") for file in (tmp_path, *devices)),
        (text, "local_model_no_gguf"),
        (broken, "gguf_unreadable"),
    ):
        error = error_of(file, question)
        assert (*said_of(error), error.error.params["file"]) == (code, "stop", file.name)


def test_the_settings_open_a_file(tiny_gguf, question):
    settings = SftSettings(provider="local", model=str(tiny_gguf), concurrency=2, context_tokens=1024)
    short = replace(question, most_tokens=5)
    assert using(open_helper(settings, None), lambda helper: helper.ask(short)).answer_tokens == 5

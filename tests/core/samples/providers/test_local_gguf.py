"""A GGUF file as helper model: a real child process with a real llama.cpp in it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from core.jobs import child_process
from core.samples.providers.chat import ChatRequest, HelperError, open_helper
from core.samples.providers.local_gguf import LocalGguf
from core.samples.providers.open_ai_chat import OpenAiChat
from utils.config import SftSettings

ROOT = Path(__file__).resolve().parents[4]
Result = TypeVar("Result")


def with_helper(file: object, use: Callable[[LocalGguf], Awaitable[Result]], slots: int = 2) -> Result:
    async def run() -> Result:
        helper = LocalGguf(str(file), slots, 512)
        try:
            return await use(helper)
        finally:
            await helper.close()

    return asyncio.run(run())


def error_of(file: object, question: ChatRequest) -> HelperError:
    with pytest.raises(HelperError) as raised:
        with_helper(file, lambda helper: helper.ask(question))
    return raised.value


def gone(pid: int, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_several_questions_at_once_are_answered(tiny_gguf: Path, question: ChatRequest) -> None:
    short = replace(question, most_tokens=20)

    async def several(helper: LocalGguf) -> None:
        answers = await asyncio.gather(*(helper.ask(short) for _ in range(4)))
        assert [answer.answer_tokens for answer in answers] == [20] * 4
        assert {answer.cost_usd for answer in answers} == {0.0}
        assert await helper.models() == []

    with_helper(tiny_gguf, several)


def test_an_answer_begins_as_the_schema_wants(tiny_gguf: Path, question: ChatRequest) -> None:
    answer = with_helper(tiny_gguf, lambda helper: helper.ask(question))
    assert answer.text.lstrip().startswith("{")


def test_the_context_is_for_each_question_not_for_all(tiny_gguf: Path, question: ChatRequest) -> None:
    nearly_full = replace(question, messages=({"role": "user", "content": "Wasser. " * 150},), most_tokens=4)

    async def several(helper: LocalGguf) -> None:
        answers = await asyncio.gather(*(helper.ask(nearly_full) for _ in range(2)))
        assert all(answer.prompt_tokens > 256 for answer in answers), answers
        with pytest.raises(HelperError) as raised:
            await helper.ask(replace(nearly_full, messages=({"role": "user", "content": "Wasser. " * 400},)))
        assert (raised.value.error.code, raised.value.reaction) == ("helper_prompt_too_long", "skip")

    with_helper(tiny_gguf, several)


def test_the_key_is_needed_and_seen_by_nobody(tiny_gguf: Path, question: ChatRequest) -> None:
    async def look(helper: LocalGguf) -> None:
        await helper.ask(replace(question, most_tokens=2))
        assert helper._child is not None
        chat = await helper._starting
        key = chat._http.recipient.key
        child = psutil.Process(helper._child.pid)
        assert key not in " ".join(child.cmdline())
        assert key not in " ".join(child.environ().values())
        stranger = OpenAiChat(chat._http.base_url, "tiny", None)
        try:
            with pytest.raises(HelperError) as raised:
                await stranger.ask(question)
        finally:
            await stranger.close()
        assert raised.value.error.code == "helper_key_missing"

    with_helper(tiny_gguf, look)


def test_closing_ends_the_child(tiny_gguf: Path, question: ChatRequest) -> None:
    async def ask(helper: LocalGguf) -> int:
        await helper.ask(replace(question, most_tokens=2))
        assert helper._child is not None
        return helper._child.pid

    assert gone(with_helper(tiny_gguf, ask))


def test_closing_before_anything_was_asked_starts_nothing(tiny_gguf: Path) -> None:
    async def nothing(helper: LocalGguf) -> None:
        await helper.close()
        assert helper._child is None

    with_helper(tiny_gguf, nothing)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_the_child_ends_when_the_app_is_killed(tiny_gguf: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from core.samples.providers.chat import ChatRequest\n"
        "from core.samples.providers.local_gguf import LocalGguf\n"
        "async def run():\n"
        "    helper = LocalGguf(sys.argv[1], 1, 512)\n"
        "    await helper.ask(ChatRequest(({'role': 'user', 'content': 'Hallo'},), None, 0.0, 1, 4))\n"
        "    print(helper._child.pid, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(run())\n"
    )
    app = subprocess.Popen([sys.executable, "-c", program, str(tiny_gguf)], stdout=subprocess.PIPE, cwd=ROOT)
    assert app.stdout
    with app.stdout:
        child = int(app.stdout.readline())
        assert psutil.pid_exists(child)
        os.kill(app.pid, signal.SIGKILL)
        app.wait()
    assert gone(child)


def test_a_child_that_dies_in_the_middle_is_said_plainly(tiny_gguf: Path, question: ChatRequest) -> None:
    async def kill(helper: LocalGguf) -> HelperError:
        await helper.ask(replace(question, most_tokens=2))
        assert helper._child is not None
        helper._child.kill()
        with pytest.raises(HelperError) as raised:
            await helper.ask(question)
        return raised.value

    error = with_helper(tiny_gguf, kill)
    assert (error.error.code, error.reaction) == ("local_model_ended", "stop")


def test_whoever_gives_up_waiting_takes_the_model_from_nobody(tiny_gguf: Path, question: ChatRequest) -> None:
    async def impatient(helper: LocalGguf) -> int:
        first = asyncio.create_task(helper.ask(question))
        await asyncio.sleep(0)
        first.cancel()
        return (await helper.ask(replace(question, most_tokens=3))).answer_tokens

    assert with_helper(tiny_gguf, impatient) == 3


def test_a_child_that_dies_while_it_loads_is_said_plainly(
    tiny_gguf: Path, question: ChatRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "own_command", lambda: [sys.executable, "-c", "raise SystemExit(3)"])
    error = error_of(tiny_gguf, question)
    assert (error.error.code, error.error.params) == ("local_model_ended", {"file": "tiny model.gguf", "code": 3})


def test_a_file_that_is_no_model_is_refused_with_its_name(tmp_path: Path, question: ChatRequest) -> None:
    text = tmp_path / "notes.gguf"
    text.write_text("no model", encoding="utf-8")
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(300))
    expected = [
        (tmp_path / "gone.gguf", "local_model_missing"),
        (tmp_path, "local_model_unreadable"),
        *(
            (Path(device), "local_model_unreadable")
            for device in ("/dev/zero", "/dev/tty")
            if sys.platform == "linux"
        ),
        (text, "local_model_no_gguf"),
        (broken, "gguf_unreadable"),
        ("", "no_helper_model"),
    ]
    for file, code in expected:
        error = error_of(file, question)
        assert (error.error.code, error.reaction) == (code, "stop")
        if file:
            assert error.error.params["file"] == Path(str(file)).name


def test_the_app_does_not_load_llama_cpp_for_it() -> None:
    program = (
        "import sys, core.samples.providers.local_gguf; sys.exit(bool({'xllamacpp', 'torch'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_the_settings_open_a_file(tiny_gguf: Path, question: ChatRequest) -> None:
    async def ask() -> int:
        settings = SftSettings(provider="local", model=str(tiny_gguf), concurrency=2, context_tokens=1024)
        helper = open_helper(settings, None)
        try:
            return (await helper.ask(replace(question, most_tokens=5))).answer_tokens
        finally:
            await helper.close()

    assert asyncio.run(ask()) == 5

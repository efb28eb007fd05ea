"""What the tests of helper models share: a question, and a GGUF file that is made once."""

from pathlib import Path

import pytest

from core.samples.providers.chat import ChatRequest

SCHEMA = {
    "type": "object",
    "properties": {"instruction": {"type": "string"}, "output": {"type": "string"}},
    "required": ["instruction", "output"],
    "additionalProperties": False,
}


@pytest.fixture
def question() -> ChatRequest:
    text = "Schreibe ein Beispiel.\n\nText:\nDie Pumpe fördert vierzig Liter Wasser in der Minute."
    messages = ({"role": "system", "content": "Du bist Fachmann."}, {"role": "user", "content": text})
    return ChatRequest(messages, SCHEMA, 0.7, 42, 300)


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from gguf_material import write_tiny_gguf

    return write_tiny_gguf(tmp_path_factory.mktemp("gguf"))


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

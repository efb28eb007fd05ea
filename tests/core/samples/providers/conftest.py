"""What the tests of helper models share: a question, and a GGUF file that is made once."""

import pytest

from core.samples.providers.chat import ChatRequest

SCHEMA = {
    "type": "object",
    "properties": {"instruction": {"type": "string"}, "output": {"type": "string"}},
    "required": ["instruction", "output"],
    "additionalProperties": False,
}


@pytest.fixture
def question():
    text = "Schreibe ein Beispiel.\n\nText:\nDie Pumpe fördert vierzig Liter Wasser in der Minute."
    messages = ({"role": "system", "content": "Du bist Fachmann."}, {"role": "user", "content": text})
    return ChatRequest(messages, SCHEMA, 0.7, 42, 300)


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory):
    """Two megabytes with tokenizer and chat template: real for llama.cpp, of no use to anybody."""
    from core.export.gguf import write_f16
    from tests.core.model_material import make_base, read_project

    folder = tmp_path_factory.mktemp("gguf")
    project = read_project(folder)
    make_base(project)
    write_f16(project.practice_folder, folder / "tiny model.gguf", "tiny")
    return folder / "tiny model.gguf"

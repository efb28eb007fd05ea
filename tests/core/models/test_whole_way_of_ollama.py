"""Each kind of model that Ollama spreads, in each quantization: chosen as in tab 2, unpacked, trained, exported.

Every step runs in a process of its own, as in the app. With `-s` a table of the figures is printed.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from core import base_models, exporter, projects, trainer
from core.jobs.job import JobState
from core.jobs.services import Services
from core.models import unpacking
from core.models.unpacked import Note, read_note
from core.project_manager import Project, ProjectStore
from tests.core.models.gguf_models import KINDS, LARGEST_LOGIT_CHANGE, logits_of, make_model, store_model
from tests.core.training.training_material import make_project
from utils.config import BaseChoice
from utils.files import read_json

QUANTIZATIONS = ("f16", "q8_0", "q4_k_m")
CHATML = (
    "{{- range $i, $_ := .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
    "<|im_start|>assistant\n"
)
# Ollama adds the begin token by itself to what the tokenizers of Llama 3 read, and not to what those of Qwen do.
TEMPLATES = {"llama": CHATML, "qwen2": f"<|endoftext|>{CHATML}", "qwen3": f"<|endoftext|>{CHATML}"}


@dataclass(frozen=True)
class Way:
    """What became of one model: the project it was trained in, and the folder that its GGUF was unpacked into."""

    project: Project
    made_of: Path
    unpacked: Path
    note: Note


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    """All nine, two at a time: models of this size are trained on one core."""
    folder = tmp_path_factory.mktemp("ways")
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        for name in ("OLLAMA_MODELS", "CUSTOM_AI_CACHE", "CUSTOM_AI_CONFIG"):
            patch.setenv(name, str(folder / name.lower()))
        patch.setenv("OLLAMA_HOST", "127.0.0.1:9")
        going = {}
        for kind in KINDS:
            make_model(kind, folder / kind)
            for quantization in QUANTIZATIONS:
                name = store_model(folder / "ollama_models", folder / kind, kind, quantization, layers_of(kind))
                going[kind, quantization] = pool.submit(go, folder, kind, quantization, name)
        print("\nmodel, GGUF | logits: largest and mean change, same choice | llama.cpp: same choice, mean |Δ log p|")
        yield going
        pool.shutdown(cancel_futures=True)


def layers_of(kind):
    return (
        ("template", TEMPLATES[kind].encode()),
        ("params", b'{"stop": ["<|im_start|>", "<|im_end|>"], "temperature": 0.6}'),
        ("system", b"You are a pirate."),
    )


def go(folder, kind, quantization, name):
    """The whole way with the calls of the tabs, in a project and an app of its own."""
    services = Services(ProjectStore(folder / f"{kind}-{quantization}"))
    try:
        project = make_project(folder / f"{kind}-{quantization}")
        base_models.choose_base(project, BaseChoice(source="ollama", name=name))
        assert not projects.status(project).base_ready
        unpacked = Path(str(finished(services, base_models.make_ready(services, project))["folder"]))
        assert projects.status(project).base_ready
        project.set("training", {"epochs": 1, "max_length": 128})
        assert finished(services, trainer.start_training(services, project))["steps"]
        # Random weights prefer no token clearly. Rounded anew to 8 bits they change every eighth choice, which an
        # export rightly calls less sure, so that only f16 shows whether the way itself changes anything.
        project.set("output", {"format": "ollama", "quantization": "f16"})
        finished(services, exporter.start_export(services, project))
    finally:
        services.runner.shutdown()
    note = read_note(unpacked)
    return Way(project, folder / kind, unpacked, note)


def finished(services, job):
    end = services.runner.wait(job.id, 300)
    assert end.state == JobState.DONE, end.error
    return end.result or {}


@pytest.mark.slow
@pytest.mark.parametrize("quantization", QUANTIZATIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_ollama_is_chosen_unpacked_trained_and_exported(kind, quantization, ways):
    way = ways[kind, quantization].result()
    assert way.note.quantization == quantization.upper()
    say_and_check_logits(kind, quantization, way)
    for folder in ("safetensors", "gguf", "ollama"):
        report = read_json(way.project.final_folder / folder / "verification.json")
        assert report["passed"], [check for entry in report["files"] for check in entry["checks"]]
    written = (way.project.final_folder / "ollama" / "Modelfile").read_text(encoding="utf-8")
    assert TEMPLATES[kind] in written
    assert "PARAMETER temperature 0.6\n" in written
    assert written.count("PARAMETER stop") == 3  # its own two, and the one more that the file ends answers with
    assert "pirate" not in written  # which training never saw


def say_and_check_logits(kind, quantization, way):
    """The unpacked base beside the model that the GGUF was made of; beside llama.cpp on the GGUF by its note."""
    ids = AutoTokenizer.from_pretrained(way.unpacked)(unpacking.COMPARED_TEXT, add_special_tokens=False)["input_ids"]
    original, unpacked = logits_of(way.made_of, ids), logits_of(way.unpacked, ids)
    change = (original - unpacked).abs()
    same = (original.argmax(-1) == unpacked.argmax(-1)).float().mean()
    told = f"{kind}, {quantization} | {change.max():.4f}, {change.mean():.4f}, {same:.0%}"
    print(f"{told} | {way.note.same_choice:.0%}, {way.note.difference:.4f}")
    if quantization in LARGEST_LOGIT_CHANGE:
        assert float(change.max()) < LARGEST_LOGIT_CHANGE[quantization]
    assert not way.note.is_doubtful

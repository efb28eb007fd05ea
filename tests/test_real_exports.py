"""What is exported of real models: green where it is right, red with the reason where it was broken on purpose."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from core.export.gguf_source import write_into_source
from core.export.ollama import Handover, hand_over
from core.models.llama_server import LlamaServer
from core.proof import verify
from core.proof.reference import ENOUGH_TOKENS, Reference
from core.samples.store.sft_dataset import read_samples
from core.training.training_data import read_language
from tests.core.proof import broken_files
from tests.core.proof.broken_files import keys, rewritten, swapped_tokens, template, unchanged, unknown_end
from tests.core.recording_context import RecordingContext
from tests.real_models import UNSEEN, is_in_style
from utils.files import read_json

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1800)]  # the first one of a model trains it
SYSTEM = "You are a helpful AI assistant named SmolLM"
QUIET = lambda done, total: None  # noqa: E731


def folder_of(model, name):
    return Path(model.project.final_folder) / name


def file_of(model, quantization):
    return next(folder_of(model, "gguf").glob(f"*-{quantization}.gguf"))


@pytest.mark.parametrize("name", ["smollm2", "gemma3"])
def test_every_file_of_a_real_model_is_green_and_as_exact_as_its_quantization_promises(name, real_model):
    model = real_model(name)
    files = {file["quantization"]: file for file in model.exported["verification"]["files"]}
    files |= {"safetensors": read_json(folder_of(model, "safetensors") / "verification.json")["files"][0]}
    assert set(files) == {"f16", "q8_0", "q4_k_m", "safetensors"}
    for quantization, file in files.items():
        figures = {check["name"]: check["figures"] for check in file["checks"]}
        print(name, quantization, file.get("bytes"), file.get("seconds"), figures["probabilities"])
        assert file["passed"] and not file["amber"], file["checks"]
        assert figures["tokens"]["same"] == figures["tokens"]["of"] >= 100
        limit = 6 if quantization == "q4_k_m" else 1
        assert abs(figures["probabilities"]["perplexity_change_percent"]) <= limit
        assert quantization == "safetensors" or figures["probabilities"]["tokens"] >= ENOUGH_TOKENS


@pytest.mark.parametrize("name", ["smollm2", "gemma3"])
def test_the_smallest_file_answers_unseen_questions_in_the_taught_form(name, real_model):
    model = real_model(name)
    assert model.exported
    with LlamaServer(file_of(model, "q4_k_m"), 512) as server:
        asked = ([{"role": "user", "content": question}] for question in UNSEEN)
        assert sum(is_in_style(server.chat(messages, 48).text) for messages in asked) >= 9
    assert is_in_style(model.app("ask", UNSEEN[0])["answer"])


@pytest.fixture(scope="module")
def asked_little(real_model):
    """name → the exported model and a reference that is asked little: what is broken shows at once."""

    @cache
    def load(name):
        model = real_model(name)
        assert model.exported
        samples = list(read_samples(model.project.samples_file))[:20]
        reference = Reference.load(folder_of(model, "safetensors"), read_language(model.unpacked), samples)
        return model, replace(reference, asked=reference.asked[:3])

    return load


@pytest.mark.parametrize("name", ["smollm2", "gemma3"])
def test_a_hand_off_to_ollama_is_green_and_keeps_what_the_base_brought(name, asked_little, tmp_path, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    model, reference = asked_little(name)
    file = tmp_path / "tools.gguf"
    os.link(file_of(model, "q4_k_m"), file)
    what = Handover(file, model.unpacked, "tools", "q4_k_m", 2048, tmp_path / "none")
    report, outcome = hand_over(RecordingContext(), reference, what)
    assert report["passed"] and not report["amber"], report["checks"]
    assert {"ollama_template", "ollama_prompts"} <= {check["name"] for check in report["checks"]}
    assert (SYSTEM in (tmp_path / "Modelfile").read_text()) is (name == "smollm2"), outcome


def other_adapter(model, file):
    """The same base with the training of another: each matrix gets the rows of its neighbour."""
    base = AutoModelForCausalLM.from_pretrained(model.unpacked, dtype=torch.float32)
    tuned = PeftModel.from_pretrained(base, adapter := model.project.checkpoints_folder / "best")
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            parameter.data = parameter.data.roll(1, 0)
    merged = file.parent / "merged"
    tuned.merge_and_unload().to(torch.float16).save_pretrained(merged)
    read_language(model.unpacked).tokenizer.save_pretrained(merged)
    write_into_source(model.file, merged, adapter, file, "other", QUIET)
    return file


BREAKS = {
    "template": (lambda model, file, to: rewritten(file, to, template("assistant", "helper")), "prompts_differ"),
    "system text": (lambda model, file, to: rewritten(file, to, template(SYSTEM, "You are")), "prompts_differ"),
    "stop": (lambda model, file, to: rewritten(file, to, unknown_end(2, 0)), "runs_on"),
    "eos": (lambda model, file, to: rewritten(file, to, keys(tokenizer__ggml__eos_token_id=1)), "settings_differ"),
    "bos": (
        lambda model, file, to: rewritten(file, to, keys(tokenizer__ggml__add_bos_token=True)),
        "settings_differ",
    ),
    "vocabulary": (lambda model, file, to: rewritten(file, to, swapped_tokens(260, 284)), "tokens_differ"),
    "rope": (lambda model, file, to: rewritten(file, to, keys(llama__rope__freq_base=10_000.0)), "settings_differ"),
    "other base": (
        lambda model, file, to: rewritten(file, to, unchanged, broken_files.swapped_layers(10, 11)),
        "other_model",
    ),
    "adapter swapped": (lambda model, file, to: other_adapter(model, to), "other_model"),
    "truncated": (lambda model, file, to: broken_files.truncated(file, to), "unreadable"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_hand_off_that_was_broken_on_purpose_is_red_for_the_right_reason(what, asked_little, tmp_path):
    model, reference = asked_little("smollm2")
    broken, reason = BREAKS[what]
    report = verify.verify_gguf(broken(model, file_of(model, "f16"), tmp_path / "broken.gguf"), "f16", reference)
    assert not report["passed"]
    assert reason in {check["reason"] for check in report["checks"] if not check["passed"]}, report["checks"]

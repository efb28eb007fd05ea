"""An export from end to end with a tiny model: merge, three quantizations, and llama.cpp that loads each of them."""

from pathlib import Path
from types import SimpleNamespace

import gguf as gguf_format
import pytest
from tokenizers import normalizers
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.export import write
from core.jobs.runs import create_run
from core.models.gguf_tokenizer import note_begin, plain_ids
from core.proof import ask, verify
from core.proof.reference import Reference
from core.training.training_data import Language
from tests.core.model_material import make_base, pretend_training, read_project
from tests.core.models.gguf_models import make_tokenizer
from tests.core.recording_context import RecordingContext
from tests.refusals import code_of, refusal_of
from utils.files import read_json

ALL = ["f16", "q4_k_m", "q8_0"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    project = read_project(tmp_path_factory.mktemp("export"))
    make_base(project)
    return pretend_training(project)


@pytest.fixture(scope="module")
def exported(trained):
    request = {"train_run": trained.id, "format": "gguf", "quantization": ALL}
    return write.run(RecordingContext(), create_run(trained.project, "export", request))


@pytest.fixture(scope="module")
def project(trained, exported):
    return trained.project


def report_of(project, folder="gguf"):
    return read_json(project.final_folder / folder / "verification.json")


def file_of(project, quantization):
    return next(project.final_folder.glob(f"gguf/*-{quantization}.gguf"))


def export(project, context, trained):
    request = {"train_run": trained.id, "format": "gguf", "quantization": ["f16"]}
    return write.run(context, create_run(project, "export", request))


def test_every_file_that_was_asked_for_is_there_under_a_name_that_every_system_takes(project, trained, exported):
    names = sorted(Path(file).name for file in exported["files"] if file.endswith(".gguf"))
    assert names == [f"Groesse-Mass-100-{quantization}.gguf" for quantization in ALL]
    assert all(Path(file).exists() for file in exported["files"])
    sizes = [file_of(project, name).stat().st_size for name in ("q4_k_m", "q8_0", "f16")]
    assert sizes == sorted(sizes)
    kinds = {tensor.tensor_type.name for tensor in gguf_format.GGUFReader(file_of(project, "q4_k_m")).tensors}
    assert {"Q4_K", "Q6_K"} <= kinds and "F16" not in kinds
    of = {"run": trained.id, "step": 1}
    for told in (exported, report_of(project), report_of(project, "safetensors")):
        assert told.items() >= of.items()


def test_the_merged_folder_loads_is_base_plus_adapter_and_knows_its_template_and_its_end_token(project):
    folder, name = project.final_folder / "safetensors", "model.layers.0.mlp.up_proj.weight"
    base, model = (AutoModelForCausalLM.from_pretrained(place) for place in (project.practice_folder, folder))
    assert (base.state_dict()[name] - model.state_dict()[name]).abs().max() > 1e-3
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.chat_template
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id


def test_llama_cpp_reads_text_and_questions_as_transformers_does_and_of_f16_gives_the_same_answers(project):
    reports = {entry["quantization"]: entry["checks"] for entry in report_of(project)["files"]}
    assert sorted(reports) == ALL
    for quantization, checks in reports.items():
        alike = {"loads", "tokens", "prompts", "stop_token"}
        wanted = alike | ({"answers", "probabilities"} if quantization == "f16" else set())
        assert wanted <= {check["name"] for check in checks if check["passed"]}, checks


def test_the_model_card_names_base_data_and_checks(project, trained):
    card = (project.final_folder / "gguf" / "model_card.md").read_text(encoding="utf-8")
    for told in (f"| run | {trained.id} |", "| checkpoint | step 1 |", "practice model", "energie.md (12)"):
        assert told in card
    assert "| tokens | yes |" in card


@pytest.mark.parametrize(("composes", "composed"), [(True, 1), (False, 0)])
def test_a_tokenizer_that_composes_accents_is_compared_on_composed_text(composes, composed):
    composing, server = make_tokenizer("qwen2"), make_tokenizer("qwen2")
    if composes:
        composing.backend_tokenizer.normalizer = normalizers.NFC()
    reference = Reference(Language(composing, frozenset(), False), None, [], [], ["Größe", "e\u0301", "abc"])
    check = verify.check_tokens(SimpleNamespace(tokenize=lambda text: plain_ids(server, text)), reference)
    assert check.passed
    assert check.figures == {"same": 3, "of": 3, "composed": composed}


def test_an_exported_file_answers_a_question_and_what_is_no_gguf_is_refused(project, tmp_path, monkeypatch):
    monkeypatch.setattr(ask, "ANSWER_TOKENS", 8)

    def answer(file):
        return ask.run(RecordingContext(), create_run(project, "ask", {"file": str(file), "question": "Energie?"}))

    assert 1 <= answer(file_of(project, "q4_k_m"))["tokens"] <= 8
    broken = tmp_path / "kaputt.gguf"
    broken.write_bytes(b"GGUF" + bytes(200))
    refused = refusal_of(lambda: answer(broken))
    assert (refused.code, refused.params["file"]) == ("gguf_unreadable", "kaputt.gguf")


def test_a_stop_keeps_the_former_export_and_too_little_disk_is_said_before_anything_is_written(
    project, trained, monkeypatch
):
    class Stopping(RecordingContext):
        def progress(self, done, total, key=None, /, **params):
            if key == "export.reference":
                raise KeyboardInterrupt

    before = sorted(path.name for path in project.final_folder.rglob("*"))
    with pytest.raises(KeyboardInterrupt):
        export(project, Stopping(), trained)
    monkeypatch.setattr("utils.files.free_disk_gib", lambda folder: 0.01)
    assert code_of(lambda: export(project, RecordingContext(), trained)) == "disk_full"
    other = create_run(project, "train", trained.request)
    assert code_of(lambda: export(project, RecordingContext(), other)) == "adapter_missing"
    assert sorted(path.name for path in project.final_folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "expected"), [("CON", "CON"), ("../..", "model"), ("日本", "model"), ("a b/c", "a-b-c")]
)
def test_hostile_project_names_make_harmless_file_names(name, expected):
    assert write.safe_name(name) == expected


def test_a_base_without_a_template_is_asked_with_the_begin_token_that_it_had(tmp_path):
    project = read_project(tmp_path)
    make_base(project)
    tokenizer = AutoTokenizer.from_pretrained(project.practice_folder)
    tokenizer.chat_template, begin = None, (tokenizer.bos_token, tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(f"{begin[0]} $A", special_tokens=[begin])
    tokenizer.save_pretrained(project.practice_folder)
    (project.practice_folder / "chat_template.jinja").unlink(missing_ok=True)
    note_begin(project.practice_folder, True)
    export(project, RecordingContext(), pretend_training(project))
    (file,) = report_of(project)["files"]
    assert {"tokens", "prompts"} <= {check["name"] for check in file["checks"] if check["passed"]}, file
    asked = AutoTokenizer.from_pretrained(project.final_folder / "safetensors").apply_chat_template(
        [{"role": "user", "content": "Was?"}], return_dict=True
    )["input_ids"]
    assert asked.count(begin[1]) == 1 and asked[0] == begin[1]

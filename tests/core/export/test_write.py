"""An export from end to end with a tiny model: merge, three quantizations, and llama.cpp that loads each of them."""

import json
import unicodedata
from pathlib import Path

import gguf as gguf_format
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.export import write
from core.jobs.runs import Run, create_run
from core.project_manager import Project
from core.proof import ask, verify
from core.training import checkpoints
from tests.core.model_material import make_base, pretend_training, read_project
from tests.core.recording_context import RecordingContext
from utils.errors import AppError

ALL = ["f16", "q4_k_m", "q8_0"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    project = read_project(tmp_path_factory.mktemp("export"))
    make_base(project)
    return pretend_training(project)


@pytest.fixture(scope="module")
def exported(trained: Run) -> dict[str, object]:
    request = {"train_run": trained.id, "format": "gguf", "quantization": ALL}
    return write.run(RecordingContext(), create_run(trained.project, "export", request))


@pytest.fixture(scope="module")
def project(trained: Run, exported: dict[str, object]) -> Project:
    return trained.project


def checks_of(project: Project, quantization: str) -> dict[str, dict]:
    report = json.loads((project.final_folder / "gguf" / "verification.json").read_text(encoding="utf-8"))
    entry = next(entry for entry in report["files"] if entry["quantization"] == quantization)
    return {check["name"]: check for check in entry["checks"]}


def test_every_file_that_was_asked_for_is_there_under_a_name_that_every_system_takes(
    exported: dict[str, object],
) -> None:
    names = sorted(Path(file).name for file in exported["files"] if file.endswith(".gguf"))
    assert names == [f"Groesse-Mass-100-{quantization}.gguf" for quantization in ALL]
    assert all(Path(file).exists() for file in exported["files"])


def test_the_merged_folder_loads_and_knows_its_template_and_its_end_token(project: Project) -> None:
    folder = project.final_folder / "safetensors"
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.chat_template
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id


def test_the_merged_model_is_base_plus_adapter(project: Project) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    base = AutoModelForCausalLM.from_pretrained(project.practice_folder).state_dict()[name]
    merged = AutoModelForCausalLM.from_pretrained(project.final_folder / "safetensors").state_dict()[name]
    assert (base - merged).abs().max() > 1e-3


@pytest.mark.parametrize("quantization", ALL)
def test_llama_cpp_reads_text_and_questions_as_transformers_does(project: Project, quantization: str) -> None:
    checks = checks_of(project, quantization)
    for name in ("loads", "tokens", "prompts", "stop_token"):
        assert checks[name]["passed"], checks[name]


def test_the_f16_file_gives_the_same_greedy_answers_as_transformers(project: Project) -> None:
    checks = checks_of(project, "f16")
    assert checks["answers"]["passed"], checks["answers"]
    assert checks["probabilities"]["passed"], checks["probabilities"]


def test_the_small_file_really_holds_k_quants(project: Project) -> None:
    file = next(project.final_folder.glob("gguf/*-q4_k_m.gguf"))
    kinds = {tensor.tensor_type.name for tensor in gguf_format.GGUFReader(file).tensors}
    assert {"Q4_K", "Q6_K"} <= kinds
    assert "F16" not in kinds


def test_the_files_shrink_with_the_quantization(project: Project) -> None:
    sizes = [
        next(project.final_folder.glob(f"gguf/*-{name}.gguf")).stat().st_size for name in ("f16", "q8_0", "q4_k_m")
    ]
    assert sizes == sorted(sizes, reverse=True)


def test_the_export_says_of_which_run_and_checkpoint_it_is(
    project: Project, trained: Run, exported: dict[str, object]
) -> None:
    of = {"run": trained.id, "step": 1}
    for folder in ("gguf", "safetensors"):
        report = json.loads((project.final_folder / folder / "verification.json").read_text(encoding="utf-8"))
        assert report.items() >= of.items()
    assert exported.items() >= of.items()


def test_the_model_card_names_base_data_and_checks(project: Project, trained: Run) -> None:
    card = (project.final_folder / "gguf" / "model_card.md").read_text(encoding="utf-8")
    assert f"| run | {trained.id} |" in card
    assert "| checkpoint | step 1 |" in card
    assert "practice model" in card
    assert "energie.md (12)" in card
    assert "| tokens | yes |" in card


class Characters:
    """A tokenizer and a llama.cpp in one: a token for each character, of which one side may compose accents first."""

    def __init__(self, composes: bool) -> None:
        self.composes = composes

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        return {"input_ids": [ord(one) for one in (unicodedata.normalize("NFC", text) if self.composes else text)]}

    def tokenize(self, text: str) -> list[int]:
        return [ord(one) for one in text]


@pytest.mark.parametrize(("composes", "composed"), [(True, 1), (False, 0)])
def test_a_tokenizer_that_composes_accents_is_compared_on_composed_text(composes: bool, composed: int) -> None:
    texts = ["Größe", "e\u0301", "abc"]
    reference = verify.Reference(Path(), Characters(composes), [], [], texts)
    check = verify.check_tokens(Characters(False), reference)  # type: ignore[arg-type]
    assert check.passed
    assert check.figures == {"same": 3, "of": 3, "composed": composed}


def test_an_exported_file_answers_a_question(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "ANSWER_TOKENS", 8)
    file = next(project.final_folder.glob("gguf/*-q4_k_m.gguf"))
    request = {"file": str(file), "question": "Was ist Energie?"}
    answer = ask.run(RecordingContext(), create_run(project, "ask", request))
    assert 1 <= answer["tokens"] <= 8


def test_a_file_that_is_no_gguf_is_refused_with_its_name(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "kaputt.gguf"
    broken.write_bytes(b"GGUF" + bytes(200))
    with pytest.raises(AppError, match="gguf_unreadable"):
        ask.run(RecordingContext(), create_run(project, "ask", {"file": str(broken), "question": "?"}))


def test_a_stop_keeps_the_former_export_and_leaves_nothing_half_made(project: Project) -> None:
    class Stopping(RecordingContext):
        def progress(self, done: float, total: float | None, key: str | None = None, /, **params: object) -> None:
            if key == "export.reference":
                raise KeyboardInterrupt

    before = sorted(path.name for path in project.final_folder.rglob("*"))
    train_run = json.loads(next(project.runs_folder.glob("*-export/run.json")).read_text())["train_run"]
    request = {"train_run": train_run, "format": "gguf", "quantization": ["f16"]}
    with pytest.raises(KeyboardInterrupt):
        write.run(Stopping(), create_run(project, "export", request))
    assert sorted(path.name for path in project.final_folder.rglob("*")) == before


def test_too_little_disk_is_said_before_anything_is_written(
    project: Project, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.files.free_disk_gib", lambda folder: 0.01)
    request = {"train_run": trained.id, "format": "gguf", "quantization": ["f16"]}
    with pytest.raises(AppError, match="disk_full"):
        write.run(RecordingContext(), create_run(project, "export", request))


def test_an_adapter_of_another_run_is_not_exported(project: Project, trained: Run) -> None:
    other = create_run(project, "train", trained.request)
    with pytest.raises(AppError, match="adapter_missing"):
        checkpoints.whole_adapter(other, None)


@pytest.mark.parametrize(
    ("name", "expected"), [("CON", "CON"), ("../..", "model"), ("日本", "model"), ("a b/c", "a-b-c")]
)
def test_hostile_project_names_make_harmless_file_names(name: str, expected: str) -> None:
    assert write.safe_name(name) == expected

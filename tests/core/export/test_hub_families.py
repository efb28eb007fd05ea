"""Models of the families that Hugging Face spreads: trained for some steps, written as GGUF, read by llama.cpp."""

import gguf
import pytest

from core.export import write
from core.export.convertible import require_convertible
from core.jobs.runs import create_run
from core.training import train
from tests.core.models.hub_families import FAMILIES, make_family
from tests.core.recording_context import RecordingContext
from tests.core.training.training_material import TrainingContext, make_project, make_run
from utils.config import TrainingSettings
from utils.files import read_json

SETTINGS = TrainingSettings(epochs=1, batch_size=4, max_length=128, learning_rate=1e-3).model_dump()


def exported(folder, base):
    """The reports of f16, q8_0 and safetensors, and the f16 file."""
    require_convertible(base)
    project = make_project(folder / "projects")
    run = make_run(project, base, **SETTINGS)
    assert train.run(TrainingContext(), run)["steps"]
    request = {"train_run": run.id, "format": "gguf", "quantization": ["f16", "q8_0"]}
    write.run(RecordingContext(), create_run(project, "export", request))
    reports = [read_json(project.final_folder / name / "verification.json") for name in ("gguf", "safetensors")]
    files = {file["quantization"]: file for report in reports for file in report["files"]}
    return files, next(project.final_folder.glob("gguf/*-f16.gguf"))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_what_llama_cpp_reads_and_expects_of_each_family_is_what_transformers_does(family, tmp_path):
    files, file = exported(tmp_path, make_family(tmp_path / "base", family))
    assert set(files) == {"f16", "q8_0", "safetensors"}
    for quantization, report in files.items():
        figures = {check["name"]: check["figures"] for check in report["checks"]}
        assert report["passed"] and not report["amber"], (quantization, report["checks"])
        assert figures["tokens"]["of"] >= 100 and figures["prompts"]["of"] == 10
        assert abs(figures["probabilities"]["perplexity_change_percent"]) < 1
        assert figures["probabilities"]["tokens"] >= 300
    tokens = gguf.GGUFReader(file).fields["tokenizer.ggml.tokens"].contents()
    assert not [token for token in tokens if token.startswith("[PAD")]  # every added token has its name

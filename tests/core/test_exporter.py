"""What an export is asked for: the chosen quantization, and others only where somebody names them."""

import pytest

from core import exporter
from core.project_manager import ProjectStore


@pytest.mark.parametrize(
    ("output", "also", "wanted"),
    [
        ({"format": "gguf", "quantization": "q4_k_m"}, (), ["q4_k_m"]),
        ({"format": "gguf", "quantization": "q8_0"}, ("f16", "q8_0"), ["f16", "q8_0"]),
        ({"format": "gguf", "quantization": "f16"}, ("q4_k_m",), ["f16", "q4_k_m"]),
        ({"format": "ollama", "quantization": "q4_k_m"}, ("f16",), ["q4_k_m"]),
    ],
)
def test_only_the_quantizations_that_were_asked_for_are_written(output, also, wanted, tmp_path, monkeypatch):
    project = ProjectStore(tmp_path).create("Physik")
    project.set("output", output)
    monkeypatch.setattr(exporter, "tuned_model", lambda *_: {})
    monkeypatch.setattr(exporter, "start_child_job", lambda services, project, kind, request: request)
    assert exporter.start_export(None, project, also=also)["quantization"] == wanted

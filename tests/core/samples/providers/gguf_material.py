"""A GGUF file of two megabytes with tokenizer and chat template: real for llama.cpp, of no use to anybody."""

from pathlib import Path

from core.export.gguf import write_converted
from tests.core.model_material import make_base, read_project


def write_tiny_gguf(folder: Path) -> Path:
    """Train a tiny practice base in `folder` and convert it."""
    project = read_project(folder)
    make_base(project)
    file = folder / "tiny model.gguf"
    write_converted(project.practice_folder, file, "f16")
    return file

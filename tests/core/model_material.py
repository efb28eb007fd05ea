"""A small project that has everything an export needs: chunks, samples, a practice base and an adapter."""

import shutil

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from core.documents.ingest import process_documents
from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.project_manager import ProjectStore
from core.samples.store.sample import Generator, Sample, Source
from core.samples.store.sft_dataset import append_sample
from core.training import practice_base
from tests.core.recording_context import RecordingContext
from tests.material import ENERGY_TEXT
from utils.config import TrainingSettings
from utils.files import write_json

HOSTILE_NAME = "Größe & „Maß“ 100%"
SMALL = practice_base.Size(
    vocabulary=600, hidden=256, feed_forward=256, layers=2, steps=30, batch=4, sequence_tokens=48
)


def read_project(folder):
    """A project whose chunks come from a real document."""
    project = ProjectStore(folder / "projects").create(HOSTILE_NAME)
    document = folder / "energie.md"
    document.write_text(ENERGY_TEXT, encoding="utf-8")
    process_documents(RecordingContext(), project, [document])
    return project


def make_base(project, seed=42):
    """A practice base that is even smaller than the app's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(practice_base, "SIZE", SMALL)
        return practice_base.run(RecordingContext(), create_run(project, "practice_base", {"seed": seed}))


def add_samples(project, count):
    """Samples of one document, each of a chunk of its own."""
    for number in range(count):
        append_sample(
            project.samples_file,
            Sample(
                f"Was ist Energie Nummer {number}?",
                f"Energie Nummer {number} ist die Fähigkeit, Arbeit zu verrichten.",
                f"s{number}",
                Source("energie.md", 1, number),
                Generator("practice", "practice"),
            ),
        )


def pretend_training(project):
    """A finished training run with a random, but strong adapter: exports must carry it, whatever it is."""
    add_samples(project, 12)
    settings = TrainingSettings(held_out_share=0.2).model_dump()
    base = {"source": "practice", "name": "practice", "folder": "models/practice_base"}
    run = create_run(project, "train", {"base": base, "training": settings, "samples_sha256": "0", "engine": "trl"})
    shutil.copy2(project.samples_file, run.samples_file)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(project.practice_folder)
    tuned = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, target_modules="all-linear"))
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    best = project.checkpoints_folder / "best"
    tuned.save_pretrained(best)
    write_json(best / "checkpoint.json", {"run": run.id, "step": 1, "epoch": 1})
    run.write_state(JobState.DONE, result={"run": run.id, "steps": 3, "loss": 1.5, "first_loss": 3.0})
    return run

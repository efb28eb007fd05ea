"""What keeps a training from starting, what is only worth a warning, and what helps one that broke off."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from core import base_models, trainer
from core.hardware_detector import Accelerator
from core.jobs.job import JobState
from core.jobs.runs import create_run, list_runs
from core.models import bases
from core.models.model_shape import Shape
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_samples
from core.training import readiness
from core.training.readiness import fix_for, smaller_batch
from tests.core.training.machine_material import machine, write_model
from tests.refusals import code_of
from ui.texts import KEYS, LANGUAGES, text
from utils import config
from utils.config import TrainingSettings

HARDWARE = machine("cpu", 12.0, 16.0)
GPU = replace(HARDWARE, accelerator=Accelerator("cuda", "GPU", 8.0, 7.0, count=2), torch_sees_gpu_kind="cuda")


@pytest.fixture
def project(services):
    made = services.projects.create("Physik")
    append_samples(made.samples_file, [Sample(f"q{n}", f"a{n}", str(n), Source("x", 1, n)) for n in range(20)])
    return made


def choose(project, folder, **training):
    base = {"source": "path", "name": str(folder)}
    project.save_config(config.changed(project.load_config(), base=base, training=training))


def found(project, hardware=HARDWARE):
    return {check.name: check for check in trainer.readiness_of(project, project.load_config(), hardware).checks}


def test_a_project_that_has_everything_is_ready(project, tmp_path):
    choose(project, write_model(tmp_path / "model"))
    checks = found(project)
    assert [check for check in checks.values() if check.state != "ok"] == []
    assert set(checks) == {"samples", "base", "memory", "disk", "engine", "format"}
    readiness.require(list(checks.values()))


def test_every_check_has_its_words_in_both_languages(project, tmp_path):
    choose(project, write_model(tmp_path / "model"), four_bit=True, processes=2, max_length=4096)
    mac = replace(HARDWARE, accelerator=Accelerator("mps", "M4", 12.0))
    idle = replace(GPU, torch_sees_gpu_kind="cpu", accelerator=replace(GPU.accelerator, free_memory_gib=0.1))
    blind = replace(GPU, accelerator=replace(GPU.accelerator, free_memory_gib=None))
    for hardware in (HARDWARE, GPU, mac, idle, blind):
        for check in found(project, hardware).values():
            key = f"error.{check.refusal}" if check.refusal else f"check.{check.name}.{check.state}"
            assert all(text(key, language, **check.params) for language in LANGUAGES)
            assert not check.refusal or f"hint.{check.refusal}" in KEYS


def test_only_samples_that_are_left_to_learn_from_count(project):
    project.set("training", {"held_out_share": 0.2})
    assert found(project)["samples"].params == {"samples": 16, "held_out": 4}
    rejected = [{"instruction": f"q{n}", "output": "a", "status": "rejected"} for n in range(30)]
    project.samples_file.write_text("".join(json.dumps(one) + "\n" for one in rejected))
    assert (found(project)["samples"].refusal, found(project)["samples"].params["samples"]) == ("too_few_samples", 0)


def test_a_model_that_lost_its_end_is_refused_before_anything_starts(services, project, tmp_path):
    weights = write_model(tmp_path / "model") / "model.safetensors"
    choose(project, weights.parent)
    weights.write_bytes(weights.read_bytes()[:-1])
    assert found(project)["base"].refusal == "base_torn"
    for start in (trainer.start_training, trainer.start_preflight):
        assert code_of(lambda: start(services, project)) == "base_torn"  # noqa: B023
    assert list_runs(project) == []


def test_a_disk_that_is_too_small_for_all_checkpoints_refuses(services, project, tmp_path, monkeypatch):
    choose(project, write_model(tmp_path / "model"))
    monkeypatch.setattr(readiness, "free_disk_gib", lambda folder: 0.5)
    assert found(project)["disk"].refusal == "disk_full"
    assert code_of(lambda: trainer.start_training(services, project)) == "disk_full"
    assert list_runs(project) == []


def test_larger_adapters_and_more_epochs_need_more_disk():
    shape = Shape(8_000_000_000, 16_000_000_000, 4096, 14336, 32, 128_000, 4096, 1024, tied=False)
    sizes = ((1, 16), (20, 16), (1, 64))
    small, *larger = (readiness.disk_gib(shape, TrainingSettings(epochs=e, lora_rank=rank)) for e, rank in sizes)
    assert 1 < small < min(larger)
    assert readiness.disk_gib(None, TrainingSettings()) == 1.0


def test_4_bit_and_processes_are_refused_where_they_cannot_work(project):
    project.set("training", {"four_bit": True, "processes": 3})
    mac = found(project, replace(HARDWARE, accelerator=Accelerator("mps", "M4")))
    refusals = (mac["four_bit"].refusal, mac["processes"].refusal)
    assert refusals == ("training_four_bit_unavailable", "training_processes_unsupported")
    two = found(project, GPU)
    assert (two["four_bit"].state, two["processes"].refusal) == ("ok", "training_too_few_devices")
    assert found(project)["processes"].state == "ok"


def test_too_little_memory_and_a_length_beyond_the_models_are_said_and_refuse_nothing(project, tmp_path):
    choose(project, write_model(tmp_path / "model"), max_length=4096)
    assert found(project)["context"].params == {"max_length": 4096, "context": 2048}
    short = found(project, replace(HARDWARE, free_ram_gib=0.1))["memory"]
    assert (short.state, short.refusal) == ("bad", None)


def test_a_gpu_that_torch_cannot_use_is_a_warning(project):
    assert found(project, replace(GPU, torch_sees_gpu_kind="cpu"))["engine"].state == "warn"
    assert found(project, GPU)["engine"].state == "ok"


def test_a_start_freezes_the_expected_work_and_looks_for_its_model_once(services, project, tmp_path, monkeypatch):
    choose(project, write_model(tmp_path / "model"))
    looked = Counter()
    for name in ("resolve", "fingerprint"):
        real = getattr(bases, name)

        def counted(*given, name=name, real=real):
            looked[name] += 1
            return real(*given)

        monkeypatch.setattr(bases, name, counted)
    for number in (1, 2):  # the second one compares its model with the first one's
        job = trainer.start_training(services, project)
        assert looked == {"resolve": number, "fingerprint": number}
        services.runner.cancel(job.id)
        services.runner.wait(job.id, 60)
    frozen = list_runs(project, "train")[0].request["time"]
    assert frozen["work"] > 0 and frozen["kind"]["device"] == "cpu"


def test_a_look_runs_as_a_job_of_its_own(services, project, base):
    base_models.choose_base(project, config.BaseChoice(source="path", name=str(base)))
    job = services.runner.wait(trainer.start_preflight(services, project).id, 120)
    assert job.state == JobState.DONE and job.result["rows"] > 0
    assert trainer.is_preflight_readable(job.result)
    unfinished = create_run(project, "preflight", {})
    newest = trainer.start_preflight(services, project)
    assert not unfinished.folder.exists()
    assert {run.id for run in list_runs(project, "preflight")} == {job.id, newest.id}
    services.runner.wait(newest.id, 120)


@pytest.mark.parametrize(
    ("batch", "accumulation", "smaller"),
    [(2, 1, 1), (3, 2, 1), (4, 3, 2), (6, 1, 3), (9, 5, 3), (15, 1, 5), (16, 4, 8)],
)
def test_a_smaller_batch_keeps_what_a_step_learns_from(batch, accumulation, smaller):
    found = smaller_batch(TrainingSettings(batch_size=batch, gradient_accumulation=accumulation))
    assert found == {"batch_size": smaller, "gradient_accumulation": batch * accumulation // smaller}


@pytest.mark.parametrize(
    ("code", "settings", "expected"),
    [
        ("training_out_of_memory", {"batch_size": 2}, "smaller_batch"),
        ("child_probably_out_of_memory", {"batch_size": 1}, "gradient_checkpointing"),
        ("child_out_of_memory", {"batch_size": 1, "gradient_checkpointing": True}, None),
        # A batch that accumulation cannot make up for is left.
        ("training_out_of_memory", {"batch_size": 2, "gradient_accumulation": 64}, "gradient_checkpointing"),
        ("disk_full", {"batch_size": 8}, None),
        ("child_killed", {"batch_size": 8}, None),
    ],
)
def test_what_is_tried_when_memory_is_short_and_that_other_errors_have_no_fix(code, settings, expected):
    assert getattr(fix_for(code, TrainingSettings(**settings)), "name", None) == expected


@pytest.mark.parametrize(("rate", "lower"), [(1e-3, 2e-4), (3e-5, 1e-5), (1e-5, None)])
def test_a_training_that_went_off_the_rails_gets_a_fifth_of_its_rate_within_bounds(rate, lower):
    found = fix_for("training_diverged", TrainingSettings(learning_rate=rate))
    assert (found.changes["learning_rate"] if found else None) == lower

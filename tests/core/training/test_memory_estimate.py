"""What a training needs: the formula's properties, what earlier runs teach it, and one run that is measured."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest

from core import pipeline, training_pipeline
from core.hardware_detector import Accelerator, Hardware
from core.jobs import JobState
from core.runs import Run, create_run
from core.samples.sft_dataset import Sample, append_sample
from core.training import memory_estimate
from core.training.memory_estimate import Place, Shape
from utils.config import TrainingSettings

SHAPE = Shape(
    parameters=1_236_000_000,
    stored_bytes=2_472_000_000,
    hidden=2048,
    feed=8192,
    layers=16,
    vocabulary=128_256,
    queries=2048,
    keys=512,
    tied=True,
)
CPU, GPU = Place("cpu", True), Place("cuda", True)
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 400,
    "tie_word_embeddings": False,
}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "config"))


def needed(place: Place = CPU, longest: int = 1024, shape: Shape = SHAPE, **settings: object) -> float:
    return memory_estimate.estimate(shape, TrainingSettings(max_length=4096, **settings), place, longest).total_gib


def weights_file(folder: Path, **tensors: list[int]) -> None:
    """A file of weights as far as anyone reads it who loads none: its table of contents."""
    header = json.dumps({name: {"shape": shape} for name, shape in tensors.items()}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)


def machine(kind: str = "cpu", free_gib: float | None = 8.0) -> Hardware:
    return Hardware(
        accelerator=Accelerator(kind, "x", None if kind == "cpu" else 8.0, None if kind == "cpu" else free_gib),
        cpu_name="x",
        cores=2,
        ram_gib=16.0,
        free_ram_gib=free_gib or 0.0,
        free_disk_gib=100.0,
        bf16=True,
        unsloth_installed=False,
        torch_sees_gpu_kind="cpu",
    )


def training_run(project, formula_gib: float, estimated_gib: float, device: str = "cpu") -> Run:
    memory = {"device": device, "formula_gib": formula_gib, "estimated_gib": estimated_gib}
    return create_run(project, "train", {"memory": memory})


def measured(gib: float, device: str = "cpu") -> dict[str, object]:
    return {"device": device, "ram_gib": gib, "device_gib": 0.0, "device_reserved_gib": gib}


@pytest.mark.parametrize("place", [CPU, GPU, Place("cpu", False), Place("mps", False)])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_more_batch_length_or_rank_never_needs_less(place: Place, checkpointing: bool) -> None:
    usual = {"gradient_checkpointing": checkpointing}
    for sizes in (
        [needed(place, batch_size=batch, **usual) for batch in (1, 2, 4, 8, 16)],
        [needed(place, longest, **usual) for longest in (64, 256, 1024, 4096)],
        [needed(place, lora_rank=rank, **usual) for rank in (8, 16, 32, 64)],
        [needed(place, target_modules=modules, **usual) for modules in ("q_proj,v_proj", "attention", "")],
    ):
        assert all(less < more for less, more in itertools.pairwise(sizes))


@pytest.mark.parametrize("place", [CPU, GPU])
def test_four_bit_needs_less_than_sixteen(place: Place) -> None:
    assert needed(place, four_bit=True) < needed(place)


def test_checkpointing_needs_less_for_long_inputs() -> None:
    assert needed(longest=2048, batch_size=4, gradient_checkpointing=True) < 0.6 * needed(longest=2048, batch_size=4)


def test_what_is_cut_off_takes_no_memory_and_padding_does() -> None:
    assert needed(longest=9000) == needed(longest=4096)
    assert needed(longest=1009) == needed(longest=1024) > needed(longest=1008)


def test_the_logits_are_bounded_by_the_chunk_of_the_loss() -> None:
    short = memory_estimate.estimate(SHAPE, TrainingSettings(), CPU, 512).terms["logits"]
    assert short == memory_estimate.estimate(SHAPE, TrainingSettings(), CPU, 1024).terms["logits"]


def test_large_weights_are_in_sixteen_bits_and_small_ones_on_a_cpu_are_not() -> None:
    small = replace(SHAPE, parameters=100_000_000, stored_bytes=200_000_000)

    def bytes_each(shape: Shape, place: Place) -> float:
        terms = memory_estimate.estimate(shape, TrainingSettings(), place, 512).terms
        return terms["weights"] / shape.parameters / memory_estimate.FACTORS.get("weights", 1.0)

    assert [bytes_each(SHAPE, CPU), bytes_each(small, CPU), bytes_each(small, GPU)] == [2, 4, 2]


def test_a_model_is_read_from_its_config_and_what_is_no_model_is_not(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    weights_file(tmp_path, embed=[400, 64], head=[400, 64], layers=[1000])
    shape = memory_estimate.read_shape(tmp_path)
    assert shape is not None
    assert (shape.queries, shape.keys, shape.embeddings, shape.linear) == (64, 32, 51_200, 1000)
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["OtherForCausalLM"]}))
    assert memory_estimate.read_shape(tmp_path) is None
    (tmp_path / "config.json").write_text("{")
    assert memory_estimate.read_shape(tmp_path) is None


def test_without_a_tokenizer_samples_count_as_long_as_they_may_be(tmp_path: Path) -> None:
    append_sample(tmp_path / "samples.jsonl", Sample("Wer?", "Er.", "1"))
    assert memory_estimate.longest_tokens(tmp_path / "samples.jsonl", tmp_path, 512) == 512


def test_the_light_says_whether_it_fits(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    weights_file(tmp_path, all=[60_000])
    settings = TrainingSettings(batch_size=4)

    def light(hardware: Hardware) -> str:
        found = memory_estimate.outlook(tmp_path, tmp_path / "none", settings, hardware, 512)
        assert found is not None
        return found.light

    found = memory_estimate.outlook(tmp_path, tmp_path / "none", settings, machine(), 512)
    assert found is not None
    total = found.estimate.total_gib
    lights = [light(machine(free_gib=free)) for free in (2 * total, 1.1 * total, 0.9 * total)]
    assert lights == ["green", "amber", "red"]
    assert light(machine("cuda", None)) == "unknown"
    assert [way.saved_gib for way in found.savings] == sorted((way.saved_gib for way in found.savings), reverse=True)
    assert {"batch_size", "max_length", "gradient_checkpointing"} <= {way.name for way in found.savings}


def test_processes_on_one_machine_share_its_memory_and_on_gpus_each_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    weights_file(tmp_path, all=[60_000])

    def free(kind: str) -> float | None:
        settings = TrainingSettings(processes=4)
        found = memory_estimate.outlook(tmp_path, tmp_path / "none", settings, machine(kind), 512)
        return found and found.free_gib

    assert (free("cpu"), free("cuda")) == (2.0, 8.0)


def test_runs_correct_later_estimates_on_the_same_kind_of_device(project) -> None:
    assert memory_estimate.correction("cpu") == 1.0
    for _ in range(3):
        memory_estimate.note_run(training_run(project, 2.0, 2.0), measured(2.4))
    assert memory_estimate.correction("cpu") == pytest.approx(1.2)
    assert memory_estimate.correction("cuda") == 1.0
    memory_estimate.note_run(training_run(project, 2.0, 2.4), measured(2.4))
    assert memory_estimate.correction("cpu") == pytest.approx(1.2)  # learned from the formula, not from the corrected
    assert memory_estimate.noted_runs()[-1].error == pytest.approx(0.0)


def test_a_single_odd_run_changes_little_and_no_run_more_than_is_likely(project) -> None:
    for gib in (2.2, 2.2, 2.2, 40.0):
        memory_estimate.note_run(training_run(project, 2.0, 2.0), measured(gib))
    assert memory_estimate.correction("cpu") == pytest.approx(1.1)
    for _ in range(9):
        memory_estimate.note_run(training_run(project, 2.0, 2.0), measured(40.0))
    assert memory_estimate.correction("cpu") == memory_estimate.CORRECTION_BOUNDS[1]


def test_a_damaged_line_and_a_run_without_an_estimate_teach_nothing(project) -> None:
    memory_estimate.note_run(create_run(project, "train", {}), measured(3.0))
    memory_estimate.note_run(training_run(project, 2.0, 2.0, "cuda"), measured(3.0))
    assert not memory_estimate.log_file().exists()
    memory_estimate.log_file().parent.mkdir(parents=True)
    memory_estimate.log_file().write_text(
        '{"device": "cpu"}\nnonsense\n{"at": 1, "device": "cpu", "formula_gib": 0}\n'
    )
    assert memory_estimate.noted_runs() == []


def test_on_a_gpu_what_torch_reserved_counts_and_the_context(project) -> None:
    compared = memory_estimate.compare(training_run(project, 4.0, 5.0, "cuda").request, measured(3.0, "cuda"))
    assert compared is not None
    assert compared.measured_gib == pytest.approx(3.0 + memory_estimate.CONTEXT_GIB)


@pytest.mark.slow
def test_the_estimate_of_a_real_run_is_within_a_quarter(services, project, tmp_path: Path) -> None:
    from benchmarks.memory import Case, Model, make_model, make_samples
    from core.samples.sft_dataset import append_samples
    from utils.config import BaseChoice

    case = Case(Model("llama", 512, 1408, 8, 4096), batch=4, length=512)
    base = make_model(tmp_path, case.model)
    append_samples(project.samples_file, make_samples(base, case))
    pipeline.choose_base(project, BaseChoice(source="path", name=str(base)))
    project.set("training", case.settings.model_dump())
    services.settings.force_cpu = True
    job = services.runner.wait(training_pipeline.start_training(services, project).id, 300)
    assert job.state == JobState.DONE, job.error
    assert job.result is not None
    memory = job.result["memory"]
    assert memory["needed_gib"] == pytest.approx(memory["ram_gib"], abs=0.01)
    assert memory["estimated_gib"] == pytest.approx(memory["needed_gib"], rel=0.25)
    assert any(line.key == "training.memory_expected" for line in job.log)
    assert memory_estimate.noted_runs()[0].measured_gib == memory["needed_gib"]

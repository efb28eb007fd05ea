"""Presets: within bounds, as large as the data and as small as the memory ask for, with the reasons told."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from core.estimates import memory
from core.models import bases
from core.models.model_shape import Shape
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import append_samples
from core.training import presets
from core.training.presets import PRESETS, Situation, choose
from core.training.presets import _light as light
from tests.core.training.machine_material import ONE_BILLION, machine
from tests.core.training.training_material import make_project
from ui.texts import KEYS, LANGUAGES, message_text
from utils import config
from utils.config import HELD, BaseChoice, TrainingSettings, settings_with

EIGHT_BILLION = Shape(8_030_000_000, 16_060_000_000, 4096, 14336, 32, 128_256, 4096, 1024, tied=False)
TINY = Shape(2_000_000, 8_000_000, 64, 128, 2, 400, 64, 64, tied=True)
USUAL = TrainingSettings()


MACHINES = st.builds(
    machine,
    kind=st.sampled_from(["cpu", "cuda", "rocm", "xpu", "mps"]),
    free_gib=st.floats(0.1, 120) | st.none(),
    total_gib=st.sampled_from([4.0, 8.0, 16.0, 24.0, 80.0]),
)
SITUATIONS = st.builds(
    Situation,
    shape=st.sampled_from([None, TINY, ONE_BILLION, EIGHT_BILLION]),
    samples=st.integers(0, 100_000),
    held_out=st.integers(0, 50_000),
    longest=st.integers(1, 40_000),
    hardware=MACHINES,
    practice=st.booleans(),
    context_tokens=st.none() | st.integers(64, 131_072),
    four_bit_works=st.booleans(),
    correction=st.floats(0.7, 1.6),
)
KEPT = st.builds(TrainingSettings, held_out_share=st.floats(0, 0.5), processes=st.integers(1, 16))
NAMES = st.sampled_from(sorted(PRESETS))


def filled(preset, kept=USUAL):
    return config.changed(kept, **preset.values)


def why(preset):
    return {reason.key.removeprefix("preset.why.") for reason in (*preset.reasons, *preset.fit_reasons)}


@given(NAMES, SITUATIONS, KEPT)
def test_a_preset_is_within_bounds_recognised_again_and_tells_its_reasons_in_both_languages(name, situation, kept):
    preset = choose(name, situation, kept)
    settings = filled(preset, kept)
    assert preset.equals(settings)
    same = ("seed", "held_out_share", "processes")
    assert [getattr(settings, field) for field in same] == [getattr(kept, field) for field in same]
    assert settings.max_length <= max(64, situation.context_tokens or 32_768)
    for message in preset.words:
        assert message.key in KEYS
        assert all("=" not in message_text(message.key, message.params, language) for language in LANGUAGES)


@given(NAMES, SITUATIONS, KEPT)
def test_a_preset_fits_wherever_any_setting_does_and_four_bit_is_the_last_resort(name, situation, kept):
    settings = filled(choose(name, situation, kept), kept)
    if settings.four_bit:
        assert situation.four_bit_works
        without = {"four_bit": False, "gradient_checkpointing": True, "batch_size": 1, "max_length": 32_768}
        sixteen = config.changed(settings, **without)
        assert settings.max_length < situation.longest or light(sixteen, situation) == "red"
    if situation.shape is None or memory.free_gib(situation.hardware) is None:
        return
    for four_bit in (False, situation.four_bit_works):
        least = config.changed(settings, batch_size=1, gradient_checkpointing=True, four_bit=four_bit)
        assert light(settings, situation) != "red" or light(least, situation) == "red"


@given(SITUATIONS, KEPT)
def test_a_more_thorough_preset_learns_longer_with_more_room(situation, kept):
    # Where memory is no question: what it takes away, it takes away from each by what that one needs.
    chosen = [choose(name, replace(situation, shape=None), kept) for name in ("quick", "balanced", "thorough")]
    steps = [preset.plan.params["steps"] for preset in chosen]
    for values in (steps, *([p.values[name] for p in chosen] for name in ("epochs", "lora_rank", "early_stopping"))):
        assert values == sorted(values)


def test_a_hundred_samples_and_a_small_model_on_a_large_gpu():
    preset = choose("balanced", Situation(ONE_BILLION, 90, 10, 400, machine()), USUAL)
    held = {name: getattr(USUAL, name) for name in settings_with(HELD)}
    learned = {"epochs": 4, "learning_rate": 3e-4, "lora_rank": 16, "lora_alpha": 32, "early_stopping": 2}
    fitted = {"batch_size": 4, "gradient_accumulation": 1, "gradient_checkpointing": False, "four_bit": False}
    assert preset.values == {**held, **learned, **fitted, "max_length": 1024}
    assert why(preset) == {"small_batch", "short", "early_stopping"}


def test_many_samples_are_learned_in_large_steps_and_few_times_and_a_large_model_more_carefully():
    large_gpu = machine(free_gib=80, total_gib=80)
    preset = choose("balanced", Situation(ONE_BILLION, 18_000, 2000, 400, large_gpu), USUAL)
    assert (preset.values["epochs"], preset.values["batch_size"], preset.effective_batch) == (2, 16, 16)
    assert (preset.values["learning_rate"], why(preset)) == (2e-4, set())
    large = choose("balanced", Situation(EIGHT_BILLION, 900, 100, 400, large_gpu), USUAL)
    assert (large.values["learning_rate"], "large_model" in why(large)) == (1e-4, True)


def test_with_less_memory_batch_checkpointing_and_four_bit_come_one_after_the_other():
    situation = Situation(ONE_BILLION, 900, 100, 1024, machine())
    frees = (160, 24, 8, 5.6, 4.8, 4, 3.4, 2)
    places = [machine(free_gib=free, total_gib=48) for free in frees]
    chosen = [choose("balanced", replace(situation, hardware=place), USUAL) for place in places]
    assert [" ".join(sorted(why(preset))) for preset in chosen] == [
        *("", "batch", "checkpointing", "checkpointing tight"),
        *("four_bit", "four_bit tight", "too_large", "too_large"),
    ]
    assert {preset.effective_batch for preset in chosen} == {16}


def test_only_a_quick_training_cuts_long_samples():
    situation = Situation(ONE_BILLION, 900, 100, 5000, machine(free_gib=70, total_gib=80))
    lengths = {name: choose(name, situation, USUAL).values["max_length"] for name in PRESETS}
    assert lengths == {"quick": 2048, "balanced": 5056, "thorough": 5056}


def test_without_enough_held_out_samples_nothing_stops_early():
    few, enough = (Situation(ONE_BILLION, 60 - held_out, held_out, 400, machine()) for held_out in (6, 12))
    assert choose("thorough", few, USUAL).values["early_stopping"] == 0
    assert choose("thorough", enough, USUAL).values["early_stopping"] == 2


def test_the_practice_model_keeps_what_suits_it():
    preset = choose("balanced", Situation(TINY, 121, 14, 200, machine("cpu", 8.0), practice=True), USUAL)
    assert preset.values.items() >= bases.PRACTICE_TRAINING.items()
    assert (preset.values["epochs"], why(preset)) == (3, {"practice"})
    assert preset.equals(TrainingSettings(**bases.PRACTICE_TRAINING))


def test_any_change_of_what_is_learned_makes_settings_ones_own_and_how_it_fits_does_not():
    preset = choose("balanced", Situation(ONE_BILLION, 4500, 500, 400, machine()), USUAL)
    settings = filled(preset)
    batch, accumulation = settings.batch_size // 2, settings.gradient_accumulation * 2
    for same in ({"batch_size": batch, "gradient_accumulation": accumulation}, {"four_bit": True}, {"seed": 7}):
        assert preset.equals(config.changed(settings, **same))
    assert preset.fits(settings) and not preset.fits(config.changed(settings, four_bit=True))
    for other in ({"batch_size": batch}, {"epochs": 9}, {"lora_dropout": 0.1}, {"target_modules": ("q_proj",)}):
        assert not preset.equals(config.changed(settings, **other))


def test_a_project_tells_what_its_presets_are_chosen_for(tmp_path, base, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "config"))
    project = make_project(tmp_path / "projects")
    append_samples(project.samples_file, [Sample("a", "b", "x", status="rejected")])
    hardware = machine("cpu", 8.0)
    before = presets.situation_of(project, hardware)
    assert (before.shape, before.samples, before.held_out, before.practice) == (None, 20, 4, False)
    choice = BaseChoice(source="path", name=str(base))
    project.save_config(project.load_config().model_copy(update={"base": choice}))
    after = presets.situation_of(project, hardware)
    assert after.shape is not None and after.context_tokens == 256
    assert 20 < after.longest <= 256
    preset = presets.apply(project, "quick", hardware)
    assert preset.equals(project.load_config().training)
    assert project.load_config().training.max_length == 256

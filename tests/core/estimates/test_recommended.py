"""Three models to take first: what fits, speaks the language and is at hand, from the smallest to the largest."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import access
from core.access import Visitor
from core.estimates import recommended as module
from core.estimates import run_log, run_time, what_fits
from core.estimates.recommended import PATIENCE_SECONDS, Candidate, candidates, recommended
from core.models import hub_models
from core.models.ollama_store import list_models
from tests.core.estimates.test_what_fits import put
from tests.core.models.ollama_material import put_model
from tests.core.models.test_gguf_header import FIGURES, write
from tests.core.training.machine_material import ONE_BILLION, machine
from utils.config import TrainingSettings

GPU, LAPTOP = machine("cuda", 24.0), machine("cpu", 12.0, 16.0)


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("HF_HUB_CACHE", "CUSTOM_AI_CONFIG", "CUSTOM_AI_CACHE", "OLLAMA_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setattr(run_time, "_core_speed", lambda: 8e10)
    monkeypatch.setattr(run_time.hardware_detector, "cores_for_work", lambda: 4)


def one(name, billions, *, languages=("de", "en"), light="green", seconds=60.0, download=1, source="hf"):
    shape = replace(ONE_BILLION, parameters=round(billions * 1e9))
    return Candidate(source, name, shape, languages, light, seconds, download)


def names(found, language="de"):
    return {role: one.name for role, one in recommended(found, language).items()}


def of_list(hardware, ollama=(), **settings):
    return candidates(what_fits.hub_list(), ollama, TrainingSettings(**settings), hardware, None)


made = st.builds(
    one,
    st.uuids().map(str),
    st.floats(0.1, 30),
    languages=st.sampled_from([("en",), ("de", "en"), ("de", "en", "+"), ()]),
    light=st.sampled_from(["green", "amber", "red", "unknown"]),
    seconds=st.floats(1, 1e6),
    download=st.sampled_from([0, 10**9]),
    source=st.sampled_from(["hf", "ollama"]),
)


@given(st.lists(made, max_size=12), st.sampled_from(["de", "en", "fr", "ja", ""]))
def test_the_three_are_different_in_size_and_fit_whatever_there_is(found, language):
    chosen = recommended(found, language)
    sizes = [chosen[role].shape.parameters for role in ("fastest", "balanced", "best") if role in chosen]
    assert sizes == sorted(set(sizes)) and len(sizes) == len(chosen) <= 3
    assert all(one.light != "red" for one in chosen.values())
    possible = [one for one in found if one.light != "red"]
    assert bool(chosen) == bool(possible)
    if any(one.speaks(language) for one in possible):
        assert all(one.speaks(language) for one in chosen.values())


@pytest.mark.parametrize(
    ("language", "smallest"),
    [
        ("en", "HuggingFaceTB/SmolLM2-135M-Instruct"),
        ("de", "Qwen/Qwen2.5-0.5B-Instruct"),
        ("fr", "Qwen/Qwen2.5-0.5B-Instruct"),
        ("zh", "Qwen/Qwen2.5-0.5B-Instruct"),
    ],
)
@pytest.mark.parametrize("hardware", [GPU, machine("cpu", 20.0, 24.0), machine("mps", 40.0, 48.0)])
def test_the_smallest_model_that_speaks_the_language_is_the_fastest(language, smallest, hardware):
    chosen = recommended(of_list(hardware), language)
    assert list(chosen) == ["fastest", "balanced", "best"]
    assert chosen["fastest"].name == smallest
    assert chosen["fastest"].seconds < chosen["balanced"].seconds < chosen["best"].seconds


def test_more_memory_brings_a_larger_best_and_none_brings_nothing():
    best = [recommended(of_list(machine("cuda", gib)), "de")["best"].shape.parameters for gib in (8, 24, 80)]
    assert best[0] < best[1] <= best[2]
    assert recommended(of_list(machine("cuda", 0.5)), "de") == {}


def test_what_fits_tightly_or_takes_all_night_is_taken_only_where_nothing_else_is_left():
    small, tight = one("small", 0.5), one("tight", 4, light="amber")
    slow = one("slow", 2, seconds=PATIENCE_SECONDS + 1)
    assert names([small, tight, slow]) == {"fastest": "small"}
    assert names([tight]) == {"fastest": "tight"}
    assert names([slow, one("slower", 9, seconds=PATIENCE_SECONDS * 9)]) == {"fastest": "slow"}


def test_without_a_model_that_speaks_the_language_those_that_fit_are_left():
    assert names([one("english", 0.1, languages=("en",))]) == {"fastest": "english"}


def test_of_equals_that_one_is_taken_which_is_here():
    far, near = one("far", 0.5), one("near", 0.6, download=0)
    rounded = one("rounded", 0.55, download=0, source="ollama")
    assert names([far, rounded]) == {"fastest": "rounded"}
    assert names([far, rounded, near]) == {"fastest": "near"}
    assert names([far, one("much larger", 1.0, download=0)])["fastest"] == "far"


def test_ollamas_copy_of_a_model_of_the_list_needs_no_download(tmp_path):
    head = write(tmp_path / "head.gguf", **FIGURES).read_bytes()
    known = {"model_family": "qwen3", "model_type": "751.63M"}
    for name in ("qwen3/0.6b", "qwen3/latest", "unheard-of/latest"):
        put_model(tmp_path / "ollama_models", f"registry.ollama.ai/library/{name}", head, config=known)
    found = [(one.name, one.download_bytes) for one in of_list(LAPTOP, list_models()) if one.source == "ollama"]
    assert found == [("qwen3:0.6b", 0), ("qwen3:latest", 0)]


def test_a_model_of_the_list_that_was_downloaded_is_at_hand_and_a_stranger_is_not_recommended():
    put("Qwen/Qwen3-0.6B")
    put("vendor/stranger")
    put("google/gemma-3-1b-it", "Gemma3ForConditionalGeneration")
    found = {one.name: one.download_bytes for one in of_list(GPU)}
    assert found["Qwen/Qwen3-0.6B"] == 0 and found["Qwen/Qwen3-1.7B"] > 0
    assert "vendor/stranger" not in found and "google/gemma-3-1b-it" not in found


def test_nobody_is_sent_to_accept_terms_or_to_a_full_disk():
    assert not {model.name for model in hub_models.CURATED if model.is_gated} & {one.name for one in of_list(GPU)}
    assert [one.name for one in of_list(replace(GPU, free_disk_gib=0.5))] == ["HuggingFaceTB/SmolLM2-135M-Instruct"]


def test_a_guest_is_offered_only_what_is_here():
    put("Qwen/Qwen3-0.6B")
    with access.acting_as(Visitor("anna")):
        assert [one.name for one in of_list(GPU)] == ["Qwen/Qwen3-0.6B"]


def test_the_time_is_that_of_fifty_samples_until_there_are_more():
    first, more = (
        candidates(what_fits.hub_list(), (), TrainingSettings(), LAPTOP, rows)[0].seconds
        for rows in (None, replace(module.FIRST_ROWS, rows=450, held_out=50))
    )
    assert module.FIRST_ROWS.rows + module.FIRST_ROWS.held_out == module.FIRST_SAMPLES
    assert 5 * first < more < 10 * first


def test_what_the_last_run_of_a_model_computed_replaces_the_measurement():
    first = of_list(LAPTOP)[0]
    time = run_time.estimate(first.shape, TrainingSettings(), module.FIRST_ROWS, LAPTOP)
    run_log.note(run_log.Needed(time.kind, 1.0, 1.0, time.work, 7.0, 500.0))
    found = {one.name: one for one in of_list(LAPTOP)}
    assert (first.runs_known, found[first.name].runs_known) == (0, 1)
    assert found[first.name].seconds == pytest.approx(507.0)
    assert [one.name for one in found.values() if one.runs_known] == [first.name]

import pytest
from store_material import add_document

from core.documents.store.chunk_store import ChunkStore, NewChunk, SourceFile
from core.project_manager import ProjectStore
from core.providers import HelperModel
from core.samples.drafts import Usage
from core.samples.estimate import estimate, log_file, note_run, runs
from utils.config import SftSettings

PRICED = HelperModel("m", prompt_usd=1e-6, answer_usd=4e-6)
SETTINGS = SftSettings(provider="openrouter", model="m", samples=100)


@pytest.fixture
def project(tmp_path):
    project = ProjectStore(tmp_path).create("Maschine")
    chunks = [NewChunk(f"Die Pumpe {n} steht im Keller. " * 40, {"page": n, "tokens": 300}) for n in range(1, 30)]
    add_document(ChunkStore(project.database), SourceFile("maschine.pdf", "maschine.pdf", "ab", "done"), chunks)
    return project


def ids(project):
    return ChunkStore(project.database).usable_ids(False, False)


def test_tokens_and_cost_are_ranges_that_grow_with_what_is_missing(project):
    few = estimate(project, SETTINGS, ids(project), 10, PRICED)
    many = estimate(project, SETTINGS, ids(project), 100, PRICED)
    assert few.cost_usd and many.cost_usd and few.seconds
    for one in (few, many):
        for low, high in (one.requests, one.prompt_tokens, one.answer_tokens, one.cost_usd or (0, 1)):
            assert 0 < low < high
    assert many.cost_usd[0] == pytest.approx(10 * few.cost_usd[0])
    assert 10 * 300 < few.prompt_tokens[0] < 10 * 900


def test_without_prices_there_is_no_cost_and_a_helper_on_this_machine_costs_nothing(project):
    assert estimate(project, SETTINGS, ids(project), 10, None).cost_usd is None
    local = SETTINGS.model_copy(update={"provider": "ollama"})
    assert estimate(project, local, ids(project), 10, None).cost_usd == (0.0, 0.0)


def test_several_samples_per_request_need_fewer_requests_and_prompt_tokens(project):
    one = estimate(project, SETTINGS, ids(project), 100, PRICED)
    five = estimate(project, SETTINGS.model_copy(update={"per_request": 5}), ids(project), 100, PRICED)
    assert five.requests[0] == one.requests[0] / 5
    assert five.prompt_tokens[0] < one.prompt_tokens[0] / 4
    assert five.answer_tokens[0] == pytest.approx(one.answer_tokens[0])


def test_what_earlier_runs_took_makes_the_next_estimate_better(project):
    before = estimate(project, SETTINGS, ids(project), 50, PRICED)
    used = Usage(requests=60, failed=6, unusable=4, prompt_tokens=60 * 500, answer_tokens=60 * 80, cost_usd=0.05)
    note_run(project, SETTINGS, "openrouter.ai", 50, used, 120.0)
    after = estimate(project, SETTINGS, ids(project), 50, PRICED)
    assert after.from_experience and not before.from_experience
    for took, (low, high) in ((60, after.requests), (30_000, after.prompt_tokens), (120, after.seconds or (0, 0))):
        assert low < took < high
    other = SETTINGS.model_copy(update={"model": "another"})
    assert not estimate(project, other, ids(project), 50, PRICED).from_experience


def test_a_run_is_kept_and_torn_lines_and_what_other_versions_noted_besides_are_passed_over(project):
    note_run(project, SETTINGS, "openrouter.ai", 50, Usage(requests=55, cost_known=False), 12.345)
    noted = log_file(project).read_text()
    log_file(project).write_text(noted.replace("}", ', "estimate": {}}') + '{"at": 1, "prov')
    (run,) = runs(project)
    assert (run.samples, run.requests, run.cost_usd, run.seconds) == (50, 55, None, 12.35)
    note_run(project, SETTINGS, "openrouter.ai", 1, Usage(), 1.0)
    assert len(runs(project)) == 2


def test_the_practice_helper_costs_nothing(project):
    found = estimate(project, SftSettings(), ids(project), 10, None)
    assert (found.cost_usd, found.prompt_tokens) == ((0.0, 0.0), (0, 0))


def test_a_topic_without_documents_can_be_estimated_too(tmp_path):
    empty = ProjectStore(tmp_path).create("Optik")
    settings = SETTINGS.model_copy(update={"topic": "Optik"})
    assert estimate(empty, settings, [], 10, PRICED).prompt_tokens[0] > 10

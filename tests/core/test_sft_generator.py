"""What browser and command line call for samples, against a server that speaks OpenAI's protocol."""

import json

import pytest
from store_material import add_pumps

from core import keys, sft_generator
from core.documents.store.chunk_store import ChunkStore
from core.jobs.job import ACTIVE, JobState
from core.samples import estimate, helper_models, outbound
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import read_samples
from tests.core.samples.fault_server import FaultServer
from tests.refusals import code_of

KEY = "sk-a-key-that-nobody-may-see"


@pytest.fixture
def server():
    with FaultServer() as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(keys, "_in_memory", {})
    monkeypatch.setattr(helper_models, "_said", {})


@pytest.fixture
def filled(project, server):
    add_pumps(ChunkStore(project.database), 12)
    project.set("sft", {"provider": "openrouter", "model": "m", "base_url": server.address, "samples": 10})
    return project


def ended(services, job):
    return services.runner.wait(job.id, timeout=60)


def checks_of(services, project):
    """The check that follows by itself."""
    job = services.runner.latest(project.name, ["gate"])
    return services.runner.wait(job.id, timeout=60) if job.state in ACTIVE else job


def test_samples_of_a_helper_are_stored_with_their_source_and_checked_and_the_key_nowhere(services, filled, server):
    keys.set_key(server.address, KEY)
    job = ended(services, sft_generator.start_samples(services, filled))
    assert (job.state, job.result["samples"]) == (JobState.DONE, 10)
    samples = read_samples(filled.samples_file)
    assert len({sample.id for sample in samples}) == 10
    assert all(sample.source and sample.support == 1.0 and sample.language == "de" for sample in samples)
    assert checks_of(services, filled).state == JobState.DONE
    counts = SampleStore(filled).counts()
    assert (counts.total, counts.checked) == (10, 10)
    written = [path for path in filled.root.rglob("*") if path.is_file()]
    assert server.requests >= 10 and not any(KEY.encode() in path.read_bytes() for path in written)
    assert KEY not in repr(job) and KEY not in repr(services.runner.jobs())


def test_a_run_is_noted_and_nothing_is_said_to_have_left_this_machine(services, filled):
    before = sft_generator.estimate_samples(filled)
    assert before.estimate.samples == 10 and not before.leaves_machine and before.place.startswith("127.0.0.1")
    ended(services, sft_generator.start_samples(services, filled))
    (run,) = estimate.runs(filled)
    assert (run.samples, run.provider) == (10, filled.load_config().sft.provider)
    assert outbound.summary(filled) == []
    filled.set("sft", {"base_url": "https://example.org/v1", "samples": 20})
    assert sft_generator.estimate_samples(filled).leaves_machine


def test_trying_a_helper_shows_what_was_asked_and_understood_and_stores_nothing(services, filled, server):
    job = ended(services, sft_generator.start_test(services, filled))
    assert job.result and server.requests == 1
    assert [message["role"] for message in job.result["messages"]] == ["system", "user"]
    assert job.result["pairs"][0]["output"] in json.loads(job.result["answer"])["samples"][0]["output"]
    assert job.result["problem"] == "" and not filled.samples_file.exists()


def test_without_a_model_nothing_is_started(services, filled):
    filled.set("sft", {"model": ""})
    for start in (sft_generator.start_samples, sft_generator.start_test, sft_generator.start_pull):
        assert code_of(lambda start=start: start(services, filled)) == "no_helper_model"


def test_samples_made_elsewhere_come_in_and_are_checked_without_any_document(services, project, tmp_path):
    file = tmp_path / "fremd.jsonl"
    lines = [json.dumps({"instruction": f"Was ist {n}?", "output": f"{n} ist eine Zahl unter allen."}) for n in "123"]
    file.write_text("\n".join([*lines, "kein JSON"]), encoding="utf-8")
    job = ended(services, sft_generator.start_import(services, project, file, "fremd.jsonl"))
    assert job.result and (job.result["imported"], job.result["bad"]) == (3, 1)
    assert checks_of(services, project).state == JobState.DONE
    assert SampleStore(project).counts().checked == 3

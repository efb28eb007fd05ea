"""Models from a stand-in for the Hugging Face Hub. UNPROVEN: no byte of these tests came from the real one."""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from core import base_models, projects
from core.jobs.job import JobState
from core.jobs.runs import latest_run
from core.models import bases, downloading, hub_cache
from core.training import provenance
from tests.core.models.gguf_models import make_model
from tests.core.models.hub_stand_in import PART_BYTES, HubStandIn
from tests.core.recording_context import RecordingContext
from tests.core.waiting import wait_for
from tests.refusals import code_of
from utils.config import BaseChoice

NAME = "vendor/tiny-llama"
CHOICE = BaseChoice(source="hf", name=NAME)
WEIGHTS = "model.safetensors"
SECRET = "hf_ThisIsASecretOfMine"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original")
    make_model("llama", folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n", encoding="utf-8")
    (folder / "consolidated.safetensors").write_bytes(b"the same weights once more")
    (folder / "training.log").write_text("of no use here", encoding="utf-8")
    return folder


@pytest.fixture
def hub(original, tmp_path, monkeypatch):
    with HubStandIn(NAME, original) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        yield server


@pytest.fixture
def project(services, hub):
    made = services.projects.create("Physik")
    base_models.choose_base(made, CHOICE)
    return made


def ended(services, job, state=JobState.DONE):
    """The job at its end, which is in this state."""
    end = services.runner.wait(job.id, 120)
    assert end.state == state, end.error
    return end


def fetched(services, project):
    return ended(services, base_models.make_ready(services, project))


def failure(services, project):
    error = ended(services, base_models.make_ready(services, project), JobState.FAILED).error
    return error.key, error.params


def part():
    return next(hub_cache.folder_of(NAME).glob("blobs/*.incomplete"), None)


def wait_until_hanging(hub):
    """Until the server has sent what it will, and the child has written it."""
    wait_for(
        lambda: hub.sent(WEIGHTS) >= hub.hangs_after and part() and part().stat().st_size, 60, what="half a download"
    )
    time.sleep(0.5)


def test_a_model_is_downloaded_byte_by_byte_the_same_and_is_then_ready(services, project, hub, original):
    from huggingface_hub import snapshot_download

    assert not projects.status(project).base_ready
    end = fetched(services, project)
    folder = bases.resolve(project, CHOICE)
    assert end.result["revision"] == hub.commit == provenance.revision_of(folder)
    names = {path.name for path in folder.iterdir()}
    assert names == set(hub.files) - {"consolidated.safetensors", "training.log"}
    assert all((folder / name).read_bytes() == (original / name).read_bytes() for name in names)
    assert part() is None
    assert base_models.make_ready(services, project) is None
    # Other programs find it in the cache too.
    found = snapshot_download(NAME, cache_dir=hub_cache.hub_folder(), local_files_only=True, allow_patterns=[WEIGHTS])
    assert Path(found) == hub_cache.snapshot(NAME)
    # And with a part of its weights missing it is not ready.
    index = {"weight_map": {"a": WEIGHTS, "b": "model-00002-of-00002.safetensors"}}
    (folder / hub_cache.INDEX).write_text(json.dumps(index), encoding="utf-8")
    assert not bases.is_ready(project, CHOICE)


@pytest.mark.parametrize("way", ["kill -9", "pause"])
def test_after_kill_9_or_a_pause_within_a_file_only_the_rest_is_fetched(way, services, project, hub, original):
    hub.hangs_after = 40 * PART_BYTES
    job = base_models.make_ready(services, project)
    wait_until_hanging(hub)
    if way == "pause":
        services.runner.pause(job.id)
        ended(services, job, JobState.PAUSED)
    else:
        process = latest_run(project, "download").read_state().process
        psutil.Process(int(process["pid"])).kill()
        ended(services, job, JobState.INTERRUPTED)
    there = part().stat().st_size
    hub.hangs_after = None
    services.runner.resume(job.id)
    ended(services, job)
    _, first, count = hub.ranges[-1]
    assert (first, count) == (there, len(hub.files[WEIGHTS]) - there)
    assert (hub_cache.snapshot(NAME) / WEIGHTS).read_bytes() == (original / WEIGHTS).read_bytes()


def test_a_connection_that_breaks_again_and_again_still_gets_there(services, project, hub):
    hub.breaks_after = len(hub.files[WEIGHTS]) // 3
    fetched(services, project)
    assert len([name for name, _, _ in hub.ranges if name == WEIGHTS]) >= 3


def test_a_server_that_knows_no_ranges_is_asked_for_the_whole_file(services, project, hub):
    blobs = hub_cache.folder_of(NAME) / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{hub.sha256(WEIGHTS)}.incomplete").write_bytes(hub.files[WEIGHTS][:1000])
    hub.ignores_range = True
    fetched(services, project)


def test_what_arrives_damaged_is_thrown_away(services, project, hub):
    hub.spoils = WEIGHTS
    assert failure(services, project) == ("base_damaged", {"name": NAME, "file": WEIGHTS})
    assert part() is None
    assert not bases.is_ready(project, CHOICE)


def test_a_gated_model_says_so_and_a_token_goes_into_no_file(services, project, hub, monkeypatch, tmp_path):
    hub.gated, hub.accepts_token = True, SECRET
    assert failure(services, project) == ("base_gated", {"name": NAME})
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    assert failure(services, project) == ("base_token", {"name": NAME})
    monkeypatch.setenv("HF_TOKEN", SECRET)
    fetched(services, project)
    assert SECRET in hub.tokens
    for path in tmp_path.rglob("*"):
        assert path.is_symlink() or not path.is_file() or SECRET.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("base_unknown", {"name": "vendor/other"}),
        ("base_not_text", {"config": {"architectures": ["LlavaForConditionalGeneration"]}}),
        ("base_no_weights", {"files": {"config.json": b"{}"}}),
        ("base_busy", {"busy_times": 99, "busy_wait": "3600"}),
    ],
)
def test_what_cannot_be_downloaded_says_why(code, changes, services, project, hub):
    vars(hub).update(changes)
    assert failure(services, project)[0] == code


def test_a_short_wait_that_the_hub_asks_for_is_kept_and_no_failure(services, project, hub):
    hub.busy_times, hub.busy_wait, hub.busy_at = 1, "1", "/resolve/"
    fetched(services, project)
    assert hub.busy_times == 0


def test_the_command_line_downloads_a_model_too(project, hub):
    app = Path(downloading.__file__).parents[2] / "app.py"
    command = [sys.executable, str(app), "--json", "--projects", str(project.root.parent)]
    command += ["model", "Physik", "--base", f"hf:{NAME}", "--format", "ollama"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["base"], result["output"]["format"]) == ({"source": "hf", "name": NAME}, "ollama")
    assert bases.is_ready(project, CHOICE)


def test_without_a_network_the_download_says_so(services, project, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert failure(services, project)[0] == "base_offline"


def test_too_little_disk_is_said_before_anything_is_fetched(project, hub, monkeypatch):
    offered = (WEIGHTS, 10**15, "a1"), ("original/x.safetensors", 1, "a2"), ("config.json", 2, "../a3")
    siblings = downloading.wanted(
        SimpleNamespace(rfilename=name, size=size, lfs=None, blob_id=blob) for name, size, blob in offered
    )
    assert [file.name for file in siblings] == [WEIGHTS]
    monkeypatch.setattr(downloading, "look_up", lambda name: ("c0ffee", siblings))
    code = code_of(lambda: downloading.download(RecordingContext(), NAME, hub_cache.folder_of(NAME)))
    assert (code, hub.ranges) == ("disk_full", [])

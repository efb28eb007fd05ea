"""Models from a stand-in for the Hugging Face Hub. UNPROVEN: no byte of these tests came from the real one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web

from core import base_models, projects
from core.jobs.job import JobSnapshot, JobState
from core.jobs.runs import latest_run
from core.jobs.services import Services
from core.models import bases, downloading, hub_cache
from core.project_manager import Project
from core.training import provenance
from tests.core.models.gguf_models import make_model
from tests.core.models.hub_stand_in import PART_BYTES, HubStandIn
from utils.config import BaseChoice
from utils.errors import AppError

NAME = "vendor/tiny-llama"
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
    base_models.choose_base(made, BaseChoice(source="hf", name=NAME))
    return made


def ended(services: Services, job: JobSnapshot | None) -> JobSnapshot:
    assert job
    return services.runner.wait(job.id, 120)


def failure(services: Services, project: Project) -> tuple[str, dict[str, Any]]:
    end = ended(services, base_models.make_ready(services, project))
    assert end.error, end.state
    return end.error.key, end.error.params


def part() -> Path | None:
    return next(hub_cache.folder_of(NAME).glob("blobs/*.incomplete"), None)


def wait_until_hanging(hub: HubStandIn) -> None:
    """Until the server has sent what it will, and the child has written it."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = part()
        if hub.hangs_after and hub.sent(WEIGHTS) >= hub.hangs_after and found and found.stat().st_size:
            time.sleep(0.5)
            return
        time.sleep(0.05)
    raise AssertionError("the download did not get there")


def test_a_model_is_downloaded_byte_by_byte_the_same_and_is_then_ready(services, project, hub, original):
    assert not projects.status(project).base_ready
    end = ended(services, base_models.make_ready(services, project))
    assert end.state == JobState.DONE, end.error
    folder = bases.resolve(project, BaseChoice(source="hf", name=NAME))
    assert end.result and end.result["revision"] == hub.commit == provenance.revision_of(folder)
    names = {path.name for path in folder.iterdir()}
    assert names == set(hub.files) - {"consolidated.safetensors", "training.log"}
    assert all((folder / name).read_bytes() == (original / name).read_bytes() for name in names)
    assert part() is None
    assert base_models.make_ready(services, project) is None


def test_other_programs_find_the_model_in_the_cache_too(services, project, hub, monkeypatch):
    from huggingface_hub import snapshot_download

    ended(services, base_models.make_ready(services, project))
    found = snapshot_download(NAME, cache_dir=hub_cache.hub_folder(), local_files_only=True, allow_patterns=[WEIGHTS])
    assert Path(found) == hub_cache.snapshot(NAME)


def test_after_kill_9_in_the_middle_of_a_file_only_the_rest_is_fetched(services, project, hub, original):
    hub.hangs_after = 40 * PART_BYTES
    job = base_models.make_ready(services, project)
    assert job
    wait_until_hanging(hub)
    run = latest_run(project, "download")
    assert run
    process = run.read_state().process
    assert process
    psutil.Process(int(process["pid"])).send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    assert ended(services, job).state == JobState.INTERRUPTED
    kept = part()
    assert kept
    there = kept.stat().st_size
    assert there
    hub.hangs_after = None
    services.runner.resume(job.id)
    assert ended(services, job).state == JobState.DONE
    _, first, count = hub.ranges[-1]
    assert (first, count) == (there, len(hub.files[WEIGHTS]) - there)
    folder = hub_cache.snapshot(NAME)
    assert folder and (folder / WEIGHTS).read_bytes() == (original / WEIGHTS).read_bytes()


def test_a_pause_stops_at_once_and_resume_goes_on_where_it_was(services, project, hub):
    hub.hangs_after = 40 * PART_BYTES
    job = base_models.make_ready(services, project)
    assert job
    wait_until_hanging(hub)
    services.runner.pause(job.id)
    assert ended(services, job).state == JobState.PAUSED
    kept = part()
    assert kept
    there = kept.stat().st_size
    hub.hangs_after = None
    services.runner.resume(job.id)
    assert ended(services, job).state == JobState.DONE
    assert hub.ranges[-1][1] == there


def test_a_connection_that_breaks_again_and_again_still_gets_there(services, project, hub):
    hub.breaks_after = len(hub.files[WEIGHTS]) // 3
    end = ended(services, base_models.make_ready(services, project))
    assert end.state == JobState.DONE, end.error
    assert len([name for name, _, _ in hub.ranges if name == WEIGHTS]) >= 3


def test_a_server_that_knows_no_ranges_is_asked_for_the_whole_file(services, project, hub):
    blobs = hub_cache.folder_of(NAME) / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{hub.sha256(WEIGHTS)}.incomplete").write_bytes(hub.files[WEIGHTS][:1000])
    hub.ignores_range = True
    assert ended(services, base_models.make_ready(services, project)).state == JobState.DONE


def test_what_arrives_damaged_is_thrown_away(services, project, hub):
    hub.spoils = WEIGHTS
    assert failure(services, project) == ("base_damaged", {"name": NAME, "file": WEIGHTS})
    assert part() is None
    assert not bases.is_ready(project, BaseChoice(source="hf", name=NAME))


def test_a_gated_model_says_so_and_a_token_goes_into_no_file(services, project, hub, monkeypatch, tmp_path):
    hub.gated, hub.accepts_token = True, SECRET
    assert failure(services, project) == ("base_gated", {"name": NAME})
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    assert failure(services, project) == ("base_token", {"name": NAME})
    monkeypatch.setenv("HF_TOKEN", SECRET)
    assert ended(services, base_models.make_ready(services, project)).state == JobState.DONE
    assert SECRET in hub.tokens
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert SECRET.encode() not in path.read_bytes(), path


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
    fine = hub._refusal
    asked: list[str] = []

    def busy_once(request: web.Request) -> web.Response | None:
        asked.append(request.path)
        first = "/resolve/" in request.path and sum("/resolve/" in path for path in asked) == 1
        return web.Response(status=429, headers={"Retry-After": "1"}) if first else fine(request)

    hub._refusal = busy_once  # type: ignore[method-assign]
    end = ended(services, base_models.make_ready(services, project))
    assert end.state == JobState.DONE, end.error


def test_the_command_line_downloads_a_model_too(project, hub):
    app = Path(downloading.__file__).parents[2] / "app.py"
    command = [sys.executable, str(app), "--json", "--projects", str(project.root.parent)]
    done = subprocess.run(
        [*command, "model", "Physik", "--base", f"hf:{NAME}", "--format", "ollama"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["base"] == {"source": "hf", "name": NAME}
    assert result["output"]["format"] == "ollama"
    assert bases.is_ready(project, BaseChoice(source="hf", name=NAME))


def test_without_a_network_the_download_says_so(services, project, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert failure(services, project)[0] == "base_offline"


def test_too_little_disk_is_said_before_anything_is_fetched(project, hub, monkeypatch):
    from tests.core.recording_context import RecordingContext

    siblings = downloading.wanted(
        [
            type("Sibling", (), {"rfilename": WEIGHTS, "size": 10**15, "lfs": None, "blob_id": "a1"})(),
            type("Sibling", (), {"rfilename": "original/x.safetensors", "size": 1, "lfs": None, "blob_id": "a2"})(),
            type("Sibling", (), {"rfilename": "config.json", "size": 2, "lfs": None, "blob_id": "../a3"})(),
        ]
    )
    assert [file.name for file in siblings] == [WEIGHTS]
    monkeypatch.setattr(downloading, "look_up", lambda name: ("c0ffee", siblings))
    with pytest.raises(AppError, match="disk_full"):
        downloading.download(RecordingContext(), NAME, hub_cache.folder_of(NAME))
    assert hub.ranges == []


def test_a_model_with_a_part_of_its_weights_missing_is_not_ready(services, project, hub):
    ended(services, base_models.make_ready(services, project))
    folder = hub_cache.snapshot(NAME)
    assert folder
    index = {"weight_map": {"a": WEIGHTS, "b": "model-00002-of-00002.safetensors"}}
    (folder / hub_cache.INDEX).write_text(json.dumps(index), encoding="utf-8")
    assert not bases.is_ready(project, BaseChoice(source="hf", name=NAME))
    os.remove(folder / hub_cache.INDEX)
    assert bases.is_ready(project, BaseChoice(source="hf", name=NAME))

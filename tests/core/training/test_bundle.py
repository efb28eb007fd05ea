"""Bundles: complete, the same on any machine, without keys or folders of this one; and nothing hostile gets in."""

import hashlib
import io
import json
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import hardware_detector, history_pipeline, keys
from core.jobs import CancelRequested, JobState
from core.project_manager import ProjectStore
from core.runs import create_run, list_runs
from core.training import bundle, checkpoints, repeat, unbundle
from tests.core.recording_context import RecordingContext
from tests.core.training.training_material import make_base, make_project
from ui.bundle_readme import readme_in
from utils.config import BaseChoice, changed
from utils.errors import AppError
from utils.files import append_line, sha256_of, write_json

KEY = "sk-or-v1-planted-0123456789abcdef"
README = readme_in("de")


def code_of(action) -> str:
    with pytest.raises(AppError) as refused:
        action()
    return refused.value.code


def finished_run(project, base: Path, source="path"):
    """A training run with everything that a real one leaves, made without training."""
    from core import base_models

    request = {
        "base": {
            "source": source,
            "name": str(base),
            "folder": str(base),
            "fingerprint": base_models.fingerprint(base),
            "revision": "",
        },
        "training": {"epochs": 2},
        "engine": "trl",
        "force_cpu": True,
        "processes": 1,
        "samples_sha256": sha256_of(project.samples_file),
        "versions": {"torch": "2.13.0"},
        "machine": {"system": "Linux", "cpu": "some cpu"},
    }
    run = create_run(project, "train", request)
    run.samples_file.write_bytes(project.samples_file.read_bytes())
    append_line(run.metrics_file, '{"step": 1, "loss": 2.5, "epoch": 1.0}')
    best = project.checkpoints_folder / "best"
    best.mkdir(parents=True, exist_ok=True)
    (best / bundle.WEIGHTS).write_bytes(b"weights" * 1000)
    (best / "training_args.bin").write_bytes(str(project.root).encode())
    write_json(best / "adapter_config.json", {"base_model_name_or_path": str(base), "r": 16})
    write_json(best / checkpoints.PUBLISHED_NOTE, {"run": run.id})
    result = {"run": run.id, "loss": 2.0, "first_loss": 3.0, "steps": 9, "samples": 20, "checkpoint": str(best)}
    run.write_state(JobState.DONE, result=result)
    return run


@pytest.fixture
def base(tmp_path):
    return make_base(tmp_path / "private" / "my-model")


@pytest.fixture
def home(tmp_path):
    return make_project(tmp_path / "home")


def packed(run) -> Path:
    return Path(bundle.write(RecordingContext(), run, README)["file"])


def parts_of(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_holds_all_that_repeats_the_run_with_a_checksum_of_each_part(home, base, tmp_path):
    run = finished_run(home, base)
    parts = parts_of(packed(run))
    assert {"README.md", "run.json", "result.json", "sft_data.jsonl", "metrics.jsonl", "prompts.json"} <= parts.keys()
    assert parts["sft_data.jsonl"] == run.samples_file.read_bytes()
    assert parts["adapter/adapter_model.safetensors"] == b"weights" * 1000
    prompts = json.loads(parts["prompts.json"])
    assert "Fachmann" in prompts["system_prompt"]["de"]
    assert prompts["writers"] == [{"provider": "", "model": "", "samples": 24}]
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(bundle.file_of(home, run.id)) as archive:
        archive.extractall(folder)
    subprocess.run(("sha256sum", "--quiet", "-c", bundle.SUMS), cwd=folder, check=True)
    listed = {line.split("  ")[1] for line in parts[bundle.SUMS].decode().splitlines()}
    assert listed == parts.keys() - {bundle.SUMS}


def test_no_folder_of_this_machine_and_no_key_is_in_a_bundle(home, base, tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "settings"))
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    keys.set_key("http://10.0.0.5:8000/v1", KEY + "-kept", remember=True)
    home.set("sft", {"base_url": "http://10.0.0.5:8000/v1"})
    run = finished_run(home, base)
    for file in (run.output_file, run.events_file, home.training_log):
        file.parent.mkdir(exist_ok=True)
        append_line(file, f"Authorization: Bearer {KEY}")
    content = b"".join(name.encode() + part for name, part in parts_of(packed(run)).items())
    for secret in (KEY, "10.0.0.5", str(tmp_path), str(Path.home()) + "/", home.root.as_posix()):
        assert secret.encode() not in content
    assert b'"name": "my-model"' in content


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/home/anna/models/qwen", "qwen"),
        (r"C:\Users\Anna\qwen", "qwen"),
        ("C:/Users/Anna/qwen", "qwen"),
        (r"\\server\share\qwen", "qwen"),
        ("~/qwen", "qwen"),
        ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"),
        ("practice", "practice"),
    ],
)
def test_paths_of_any_system_lose_their_folders(home, path, told):
    assert bundle.portable({"a": [path], "b": 1}, home) == {"a": [told], "b": 1}


def test_a_path_in_the_project_stays_one(home):
    assert bundle.portable(str(home.checkpoints_folder / "best"), home) == "models/checkpoints/best"


def test_the_readme_says_in_the_persons_language_how_to_repeat_it(home, base):
    run = finished_run(home, base)
    german = parts_of(packed(run))["README.md"].decode()
    assert "train PROJEKT --reproduce" in german
    assert "3,0000 → 2,0000" in german
    bundle.write(RecordingContext(), run, readme_in("en"))
    assert "To repeat" not in german
    assert "## Repeat it" in parts_of(bundle.file_of(home, run.id))["README.md"].decode()


def test_an_adapter_that_another_run_replaced_is_taken_from_the_best_checkpoint_left(home, base):
    run = finished_run(home, base)
    write_json(home.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE, {"run": "another"})
    for step, loss in ((4, 2.0), (8, 2.2)):
        folder = run.trainer_folder / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        (folder / bundle.WEIGHTS).write_bytes(b"%d" % step)
        write_json(folder / "adapter_config.json", {})
        losses = [{"step": step, "loss": 3.0}, {"step": step, "eval_loss": loss}]
        state = {"max_steps": 8, "num_train_epochs": 2, "log_history": losses}
        write_json(folder / checkpoints.TRAINER_STATE, state)
        checkpoints.mark_complete(folder)
    parts = parts_of(packed(run))
    assert parts["adapter/adapter_model.safetensors"] == b"4"
    assert json.loads(parts["bundle.json"])["adapter_is_best"] is True


def test_a_run_whose_adapter_is_gone_is_packed_without_and_says_so(home, base):
    run = finished_run(home, base)
    write_json(home.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE, {"run": "another"})
    parts = parts_of(packed(run))
    assert "adapter/adapter_model.safetensors" not in parts
    assert "nicht mehr da" in parts["README.md"].decode()


def test_an_unfinished_run_is_not_packed(home, base):
    run = finished_run(home, base)
    run.write_state(JobState.PAUSED)
    assert code_of(lambda: packed(run)) == "bundle_not_done"
    assert not home.bundles_folder.exists()


def test_what_could_not_be_repeated_is_not_packed(home, base):
    run = finished_run(home, base)
    append_line(run.samples_file, '{"instruction": "a", "output": "b"}')
    assert code_of(lambda: packed(run)) == "repeat_samples_changed"
    write_json(run.folder / "run.json", {**run.request, "base": {"source": "path"}})
    assert code_of(lambda: packed(run)) == "repeat_incomplete"
    damaged = finished_run(home, base)
    damaged.write_state(JobState.DONE, result={"loss": 1.0})
    assert code_of(lambda: packed(damaged)) == "repeat_incomplete"


def test_a_stopped_packing_leaves_nothing_and_the_earlier_bundle_whole(home, base):
    run = finished_run(home, base)
    before = packed(run).read_bytes()

    class Stopped(RecordingContext):
        def checkpoint(self):
            raise CancelRequested

    with pytest.raises(CancelRequested):
        bundle.write(Stopped(), run, README)
    assert [path.name for path in home.bundles_folder.iterdir()] == [f"{run.id}.zip"]
    assert bundle.file_of(home, run.id).read_bytes() == before


def test_what_a_killed_packing_left_is_removed_by_the_next_one(home, base):
    run = finished_run(home, base)
    home.bundles_folder.mkdir(parents=True)
    (home.bundles_folder / ".half.zip.tmp").write_bytes(b"x")
    packed(run)
    assert [path.name for path in home.bundles_folder.iterdir()] == [f"{run.id}.zip"]


# taking one in


@pytest.fixture
def held(services, monkeypatch):
    """Services whose jobs are made but not run."""
    monkeypatch.setattr(services.runner, "start", lambda job: job)
    return services


def test_a_bundle_is_repeated_in_another_project_where_the_same_model_lies_elsewhere(held, home, base, tmp_path):
    original = finished_run(home, base)
    file = packed(original)
    there = ProjectStore(tmp_path / "there").create("Neu")
    assert code_of(lambda: history_pipeline.reproduce_bundle(held, there, file)) == "repeat_base_missing"
    choose(there, base.rename(tmp_path / "other-place"))
    history_pipeline.reproduce_bundle(held, there, file)
    (run,) = list_runs(there, "train")
    assert run.request["repeats"] == original.id
    assert run.request["base"]["folder"] == str(tmp_path / "other-place")
    assert run.samples_file.read_bytes() == original.samples_file.read_bytes()
    found = repeat.outcome(run)
    assert found.of == original.id
    run.write_state(JobState.DONE, result={"adapter_sha256": hashlib.sha256(b"weights" * 1000).hexdigest()})
    assert repeat.outcome(run).identical is True
    assert not list(there.root.glob(".bundle-*"))


def test_another_model_under_the_same_name_is_refused(held, home, base, tmp_path):
    file = packed(finished_run(home, base))
    there = ProjectStore(tmp_path / "there").create("Neu")
    write_json(base / "config.json", {**json.loads((base / "config.json").read_text()), "other": 1})
    choose(there, base)
    assert code_of(lambda: history_pipeline.reproduce_bundle(held, there, file)) == "repeat_base_changed"
    assert list_runs(there) == []


def test_the_practice_model_comes_along(held, home, base, tmp_path):
    base.rename(home.practice_folder)
    run = finished_run(home, home.practice_folder, source="practice")
    there = ProjectStore(tmp_path / "there").create("Neu")
    history_pipeline.reproduce_bundle(held, there, packed(run))
    (again,) = list_runs(there, "train")
    assert again.base_folder.is_relative_to(there.brought_bases_folder)
    assert (again.base_folder / "config.json").read_bytes() == (home.practice_folder / "config.json").read_bytes()
    history_pipeline.reproduce_bundle(held, there, bundle.file_of(home, run.id))  # a second time it is there already
    assert len(list_runs(there, "train")) == 2


def choose(project, folder):
    choice = BaseChoice(source="path", name=str(folder))
    project.save_config(changed(project.load_config(), base=choice.model_dump()))


def rewritten(file: Path, target: Path, change) -> Path:
    """A bundle of which `change(name, content)` decides what stands in it; its sums are made to fit."""
    parts = {name: change(name, content) for name, content in parts_of(file).items() if name != bundle.SUMS}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in parts.items())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, bundle.SUMS: sums.encode()}.items():
            archive.writestr(name, content)
    return target


def open_it(project, file):
    with unbundle.opened(project, file) as original:
        return original.request


def test_a_changed_part_is_noticed_by_its_checksum(home, base, tmp_path):
    file, target = packed(finished_run(home, base)), tmp_path / "changed.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts_of(file).items():
            archive.writestr(name, content + b" " if name == "sft_data.jsonl" else content)
    assert code_of(lambda: open_it(home, target)) == "bundle_damaged"


def test_a_zip_of_something_else_is_no_bundle(home, tmp_path):
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w") as archive:
        archive.writestr("beach.jpg", b"x")
    assert code_of(lambda: open_it(home, tmp_path / "holiday.zip")) == "not_a_bundle"
    (tmp_path / "text.zip").write_text("no zip at all")
    assert code_of(lambda: open_it(home, tmp_path / "text.zip")) == "bundle_damaged"


def test_a_file_that_a_person_added_harms_nothing(home, base, tmp_path):
    file = packed(finished_run(home, base))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("__MACOSX/notes.txt", b"x")
        archive.writestr("Meine Notizen.txt", b"x")
    assert open_it(home, file)["training"] == {"epochs": 2}


HOSTILE = (
    "../outside",
    "base/../../outside",
    "/etc/outside",
    "..\\outside",
    "C:\\outside",
    "C:outside",
    "base\\..\\..\\outside",
    "run.json\x00.txt",
    "RUN.JSON",
    "a\nb",
    "base/../base/x.json",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_and_nothing_is_written(held, home, base, tmp_path, name):
    file = packed(finished_run(home, base))
    with zipfile.ZipFile(file, "a") as archive:
        info = zipfile.ZipInfo("placeholder")
        info.filename = info.orig_filename = name
        archive.writestr(info, b"evil")
    before = everything_below(tmp_path)
    assert code_of(lambda: open_it(home, file)) == "bundle_unsafe"
    assert everything_below(tmp_path) == before


def test_a_link_is_refused(home, base):
    file = packed(finished_run(home, base))
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo("base/link.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert code_of(lambda: open_it(home, file)) == "bundle_unsafe"


def test_an_encrypted_entry_is_refused(home, base):
    file = packed(finished_run(home, base))
    raw = bytearray(file.read_bytes())
    listed = raw.find(b"PK\x01\x02")  # the first entry of the list at the end; its flags stand eight bytes further on
    raw[listed + 8] |= 1
    file.write_bytes(bytes(raw))
    assert code_of(lambda: open_it(home, file)) == "bundle_unsafe"


def test_a_bomb_is_refused_before_it_goes_off(home, base, tmp_path):
    file = packed(finished_run(home, base))

    def swollen(name, content):
        return b"\n" * (80 * 2**20) if name == "metrics.jsonl" else content

    assert code_of(lambda: open_it(home, rewritten(file, tmp_path / "bomb.zip", swollen))) == "bundle_too_large"


def test_an_entry_that_lies_about_its_size_is_refused(home, base, tmp_path):
    file = packed(finished_run(home, base))
    target = rewritten(file, tmp_path / "liar.zip", lambda name, content: content)
    raw = bytearray(target.read_bytes())
    with zipfile.ZipFile(target) as archive:
        true_size = archive.getinfo("sft_data.jsonl").file_size
    # The size stands in the entry's own header and in the list at the end; both are made to say less.
    assert raw.count(true_size.to_bytes(4, "little")) == 2
    target.write_bytes(bytes(raw).replace(true_size.to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert code_of(lambda: open_it(home, target)) == "bundle_damaged"


def test_deeply_nested_json_is_damage_and_no_crash(home, base, tmp_path):
    def nested(name, content):
        return b"[" * 200_000 if name == "run.json" else content

    file = rewritten(packed(finished_run(home, base)), tmp_path / "deep.zip", nested)
    assert code_of(lambda: open_it(home, file)) == "bundle_damaged"


def test_half_a_pair_of_surrogates_is_damage_and_no_crash(home, base, tmp_path):
    def halved(name, content):
        return content.replace(b'"id": "', b'"id": "\\ud800') if name == "run.json" else content

    file = rewritten(packed(finished_run(home, base)), tmp_path / "half.zip", halved)
    assert code_of(lambda: open_it(home, file)) == "bundle_damaged"


REFUSALS = {"bundle_damaged", "bundle_unsafe", "bundle_too_large", "not_a_bundle", "repeat_incomplete", "disk_full"}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_is_done_to_a_bundle_it_is_opened_or_refused_and_writes_nowhere_else(bundle_file, data):
    project, content, folder = bundle_file
    raw = bytearray(content)
    for _ in range(data.draw(st.integers(1, 12))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))
    file = folder / "hurt.zip"
    file.write_bytes(raw[:end])
    before = everything_below(folder)
    try:
        assert isinstance(open_it(project, file), dict)
    except AppError as refused:
        assert refused.code in REFUSALS
    assert everything_below(folder) == before


SINGLE = st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from([10**400, "..", "\ud800", "trl"])
NOTED = ("base", "training", "branch", "repeats", "id", "samples_sha256", "engine", "force_cpu", "processes", "seed")
INSIDE = (
    "name",
    "source",
    "fingerprint",
    "folder",
    "epochs",
    "seed",
    "learning_rate",
    "target_modules",
    "run",
    "step",
)
WILD = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INSIDE), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(NOTED), WILD), st.dictionaries(st.sampled_from(INSIDE), WILD), WILD)
def test_whatever_a_bundles_request_says_it_can_be_repeated_or_is_refused(bundle_file, noted, inside, result):
    project, content, folder = bundle_file
    machine = hardware_detector.detect(folder, force_cpu=True)
    (folder / "whole.zip").write_bytes(content)

    def changed(name, part):
        if name == "result.json":
            return json.dumps(result).encode()
        if name != "run.json":
            return part
        request = {**json.loads(part), **noted}
        sections = {name: {**value, **inside} for name, value in request.items() if isinstance(value, dict)}
        return json.dumps({**request, **sections}).encode()

    file = rewritten(folder / "whole.zip", folder / "hurt.zip", changed)
    try:
        with unbundle.opened(project, file) as original:
            json.dumps(repeat.request_of(project, original, machine))
    except AppError as refused:
        assert refused.code in REFUSALS | {"repeat_settings_unknown", "repeat_samples_changed", "repeat_base_missing"}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.text(max_size=30) | st.sampled_from(HOSTILE), st.binary(max_size=20), max_size=5))
def test_whatever_names_a_zip_has_nothing_is_written_outside(bundle_file, entries):
    project, content, folder = bundle_file
    data = io.BytesIO(content)
    with zipfile.ZipFile(data, "a") as archive:
        for name, part in entries.items():
            info = zipfile.ZipInfo("x")
            info.filename = name
            try:
                archive.writestr(info, part)
            except (UnicodeEncodeError, ValueError):
                continue
    file = folder / "hurt.zip"
    file.write_bytes(data.getvalue())
    before = everything_below(folder)
    try:
        open_it(project, file)
    except AppError as refused:
        assert refused.code in REFUSALS
    assert everything_below(folder) == before


@pytest.fixture(scope="module")
def bundle_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hurt")
    project = make_project(folder)
    file = packed(finished_run(project, make_base(folder / "base")))
    return project, file.read_bytes(), folder


def everything_below(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}

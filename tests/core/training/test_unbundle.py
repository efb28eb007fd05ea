"""Bringing in a bundle: repeated wherever its model lies, and nothing hostile gets in."""

import hashlib
import io
import json
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import hardware_detector, history_pipeline
from core.jobs import JobState
from core.project_manager import ProjectStore
from core.runs import list_runs
from core.training import bundle, repeat, unbundle
from tests.core.training.bundle_material import finished_run, packed, parts_of
from tests.core.training.training_material import make_base, make_project
from tests.refusals import code_of
from utils.config import BaseChoice, changed
from utils.errors import AppError
from utils.files import write_json


@pytest.fixture
def held(services, monkeypatch):
    """Services whose jobs are made but not run."""
    monkeypatch.setattr(services.runner, "start", lambda job: job)
    return services


def test_a_bundle_is_repeated_in_another_project_where_the_same_model_lies_elsewhere(
    held, home, private_base, tmp_path
):
    original = finished_run(home, private_base)
    file = packed(original)
    there = ProjectStore(tmp_path / "there").create("Neu")
    assert code_of(lambda: history_pipeline.reproduce_bundle(held, there, file)) == "repeat_base_missing"
    choose(there, private_base.rename(tmp_path / "other-place"))
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


def test_another_model_under_the_same_name_is_refused(held, home, private_base, tmp_path):
    file = packed(finished_run(home, private_base))
    there = ProjectStore(tmp_path / "there").create("Neu")
    write_json(private_base / "config.json", {**json.loads((private_base / "config.json").read_text()), "other": 1})
    choose(there, private_base)
    assert code_of(lambda: history_pipeline.reproduce_bundle(held, there, file)) == "repeat_base_changed"
    assert list_runs(there) == []


def test_the_practice_model_comes_along(held, home, private_base, tmp_path):
    private_base.rename(home.practice_folder)
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


def test_a_changed_part_is_noticed_by_its_checksum(home, private_base, tmp_path):
    file, target = packed(finished_run(home, private_base)), tmp_path / "changed.zip"
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


def test_a_file_that_a_person_added_harms_nothing(home, private_base, tmp_path):
    file = packed(finished_run(home, private_base))
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
def test_a_hostile_name_is_refused_and_nothing_is_written(held, home, private_base, tmp_path, name):
    file = packed(finished_run(home, private_base))
    with zipfile.ZipFile(file, "a") as archive:
        info = zipfile.ZipInfo("placeholder")
        info.filename = info.orig_filename = name
        archive.writestr(info, b"evil")
    before = everything_below(tmp_path)
    assert code_of(lambda: open_it(home, file)) == "bundle_unsafe"
    assert everything_below(tmp_path) == before


def test_a_link_is_refused(home, private_base):
    file = packed(finished_run(home, private_base))
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo("base/link.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert code_of(lambda: open_it(home, file)) == "bundle_unsafe"


def test_an_encrypted_entry_is_refused(home, private_base):
    file = packed(finished_run(home, private_base))
    raw = bytearray(file.read_bytes())
    listed = raw.find(b"PK\x01\x02")  # the first entry of the list at the end; its flags stand eight bytes further on
    raw[listed + 8] |= 1
    file.write_bytes(bytes(raw))
    assert code_of(lambda: open_it(home, file)) == "bundle_unsafe"


def test_a_bomb_is_refused_before_it_goes_off(home, private_base, tmp_path):
    file = packed(finished_run(home, private_base))

    def swollen(name, content):
        return b"\n" * (80 * 2**20) if name == "metrics.jsonl" else content

    assert code_of(lambda: open_it(home, rewritten(file, tmp_path / "bomb.zip", swollen))) == "bundle_too_large"


def test_an_entry_that_lies_about_its_size_is_refused(home, private_base, tmp_path):
    file = packed(finished_run(home, private_base))
    target = rewritten(file, tmp_path / "liar.zip", lambda name, content: content)
    raw = bytearray(target.read_bytes())
    with zipfile.ZipFile(target) as archive:
        true_size = archive.getinfo("sft_data.jsonl").file_size
    # The size stands in the entry's own header and in the list at the end; both are made to say less.
    assert raw.count(true_size.to_bytes(4, "little")) == 2
    target.write_bytes(bytes(raw).replace(true_size.to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert code_of(lambda: open_it(home, target)) == "bundle_damaged"


def test_deeply_nested_json_is_damage_and_no_crash(home, private_base, tmp_path):
    def nested(name, content):
        return b"[" * 200_000 if name == "run.json" else content

    file = rewritten(packed(finished_run(home, private_base)), tmp_path / "deep.zip", nested)
    assert code_of(lambda: open_it(home, file)) == "bundle_damaged"


def test_half_a_pair_of_surrogates_is_damage_and_no_crash(home, private_base, tmp_path):
    def halved(name, content):
        return content.replace(b'"id": "', b'"id": "\\ud800') if name == "run.json" else content

    file = rewritten(packed(finished_run(home, private_base)), tmp_path / "half.zip", halved)
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

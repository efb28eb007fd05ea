"""What guests may not do, whoever calls core for them."""

import pytest
from tokenizer_material import byte_level, model_folder
from waiting import wait_for

from core import access, base_models, keys, rag_processor, sft_generator
from core import projects as pipeline
from core.access import Visitor
from core.addresses import OPENROUTER
from core.jobs.job import Job, JobState
from core.jobs.runs import create_run
from core.jobs.services import reattach, start_child_job
from core.models import bases
from core.samples.helper_models import fetch_models
from core.training import derived_runs
from utils import config
from utils.config import BaseChoice, SftSettings
from utils.errors import AppError

ANNA, BEN = Visitor("anna"), Visitor("ben")
SERVER = "https://server.example/v1"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    monkeypatch.setattr(keys, "_in_memory", {})
    monkeypatch.setattr(keys, "_lent", type(keys._lent)())


@pytest.fixture
def projects(services):
    return services.projects


@pytest.fixture
def annas(projects):
    """A project that Anna has made."""
    with access.acting_as(ANNA):
        return projects.create("a")


def refused(code: str):
    return pytest.raises(AppError, match=f"^{code}")


def test_a_guest_sees_their_own_projects_and_the_host_sees_all(projects):
    projects.create("Wirt")
    with access.acting_as(ANNA):
        projects.create("Anna")
    with access.acting_as(BEN):
        assert projects.names() == []
        for name in ("Anna", "Wirt"):
            for act in (projects.open, projects.delete, lambda name: projects.rename(name, "Ben")):
                with refused("project_missing"):
                    act(name)
    with access.acting_as(ANNA):
        assert projects.names() == ["Anna"]
        assert projects.rename("Anna", "Anders").name == "Anders"
    assert projects.names() == ["Anders", "Wirt"]


def test_a_guest_makes_only_so_many_projects(projects, monkeypatch):
    monkeypatch.setattr(access, "GUEST_PROJECTS", 2)
    projects.create("Wirt")
    with access.acting_as(ANNA):
        projects.create("a")
        projects.create("b")
        with refused("too_many_projects"):
            projects.create("c")
        projects.delete("a")
        projects.create("c")


def waiting_job(services, name: str, kind: str = "sft") -> Job:
    def work(context):
        wait_for(lambda: context.stop_request is not None, seconds=30)
        context.checkpoint()
        return {}

    return Job(kind, name, work)


def test_nobody_stops_what_another_guest_or_the_host_started(services):
    with access.acting_as(ANNA):
        annas = services.runner.start(waiting_job(services, "a")).id
    hosts = services.runner.start(waiting_job(services, "b")).id
    for visitor, job in ((BEN, annas), (BEN, hosts), (ANNA, hosts)):
        with access.acting_as(visitor):
            for act in (services.runner.cancel, services.runner.pause, services.runner.resume):
                with refused("not_yours"):
                    act(job)
    assert {services.runner.get(job).state for job in (annas, hosts)} == {JobState.RUNNING}
    with access.acting_as(ANNA):
        services.runner.cancel(annas)
    services.runner.cancel(hosts)
    assert services.runner.wait(annas, 30).state == services.runner.wait(hosts, 30).state == JobState.CANCELLED


def test_a_guest_has_only_so_many_jobs_at_once(services, monkeypatch):
    monkeypatch.setattr(access, "GUEST_JOBS", 2)
    for visitor in (ANNA, BEN):
        with access.acting_as(visitor):
            for number in range(2):
                services.runner.start(waiting_job(services, f"{visitor.id}{number}"))
            with refused("too_many_jobs"):
                services.runner.start(waiting_job(services, f"{visitor.id}3"))
    for number in range(4):
        services.runner.start(waiting_job(services, f"host{number}"))
    for job in services.runner.jobs():
        services.runner.cancel(job.id)


def test_what_follows_a_guests_job_is_theirs_too(services):
    started = []
    with access.acting_as(ANNA):
        then = lambda: started.append(services.runner.start(Job("gate", "a", lambda _: {})))  # noqa: E731
        services.runner.wait(services.runner.start(Job("sft", "a", lambda _: {}, then=then)).id, 30)
    assert [job.owner for job in started] == ["anna"]


@pytest.mark.parametrize("name", ["/etc", "/proc/self", "~", "."])
def test_a_guest_names_no_folder_of_this_machine(annas, name):
    with access.acting_as(ANNA), refused("guest_no_files"):
        base_models.choose_base(annas, BaseChoice(source="path", name=name))
    assert annas.load_config().base is None
    with pytest.raises(AppError) as by_host:
        bases.check(BaseChoice(source="path", name=name))
    assert by_host.value.code != "guest_no_files"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"provider": "local", "model": "/etc/passwd"}, "guest_no_files"),
        ({"provider": "openrouter", "base_url": "http://127.0.0.1:22"}, "guest_address"),
        ({"provider": "ollama", "base_url": "http://169.254.169.254"}, "guest_address"),
        ({"provider": "openrouter", "base_url": "http://server.example/v1"}, "guest_address"),  # http is another one
        ({"provider": "openrouter", "base_url": "https://server.example:8443/v1"}, "guest_address"),
    ],
)
def test_a_guest_uses_only_helpers_that_the_host_has_listed(services, annas, settings, code):
    config.save_app_settings(config.AppSettings(guest_addresses=(SERVER,)))
    chosen = {"model": "m", **settings}
    with access.acting_as(ANNA):
        for act in (lambda: annas.set("sft", settings), lambda: fetch_models(SftSettings(**chosen))):
            with refused(code):
                act()
    annas.set("sft", chosen)  # as the host may
    with access.acting_as(ANNA):
        for start in (sft_generator.start_samples, sft_generator.start_test):
            with refused(code):
                start(services, annas)
        annas.set("sft", {"provider": "openrouter", "base_url": SERVER})


def test_only_the_host_fills_the_disk_with_models_of_ollama_or_the_hub_and_with_their_token(services, annas):
    with access.acting_as(ANNA):
        annas.set("sft", {"provider": "ollama", "model": "large"})
        base_models.choose_base(annas, BaseChoice(source="hf", name="someone/private"))
        for start in (sft_generator.start_pull, base_models.make_ready):
            with refused("host_only"):
                start(services, annas)
    assert services.runner.jobs() == []


def test_each_has_their_own_keys_and_a_guests_never_lies_on_the_disk(services, tmp_path):
    keys.set_key("", "sk-host", remember=True)
    with access.acting_as(ANNA):
        assert not keys.has_key("")
        keys.set_key("", "sk-anna", remember=True)
        assert keys.key_of("") == "sk-anna"
    with access.acting_as(BEN):
        assert not keys.has_key("")
        keys.forget_key("")
    assert keys.key_of("") == "sk-host"
    assert "sk-anna" not in (tmp_path / "config" / "keys.json").read_text()
    with access.acting_as(ANNA):
        keys.forget_key("")
        assert not keys.has_key("")
    assert keys.key_of("") == "sk-host"


def test_the_hosts_key_is_lent_for_so_many_requests_to_each_guest(services, monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-host")
    config.save_app_settings(config.AppSettings(guest_requests=2))
    for visitor in (ANNA, BEN):
        with access.acting_as(visitor):
            assert keys.key_of(OPENROUTER) == "sk-host"
            if visitor == BEN:
                keys.set_key("", "sk-of-their-own")  # in between: the host's is counted all the same
            count = keys.counter_of(OPENROUTER, "sk-host")
            keys.forget_key("")
        count()  # in a thread of the app, for whoever asked then
        count()
        with refused("requests_spent"):
            count()
        with access.acting_as(visitor):
            assert not keys.has_key(OPENROUTER)
            keys.set_key("", "sk-own")
            keys.counter_of(OPENROUTER, "sk-own")()  # costs the host nothing
    keys.counter_of(OPENROUTER, "sk-host")()


def test_a_job_that_a_guest_starts_in_a_process_of_its_own_is_theirs(services, annas):
    """It counts among theirs, works for them, and they can stop it."""
    with access.acting_as(ANNA):
        job = start_child_job(services, annas, "practice_base", {})
        services.runner.cancel(job.id)
    assert job.owner == "anna"
    services.runner.wait(job.id, 60)


@pytest.mark.parametrize(
    "change", [pipeline.delete_project, lambda services, name: pipeline.rename_project(services, name, "b")]
)
def test_a_guest_who_names_anothers_project_neither_learns_of_its_jobs_nor_makes_them_forgotten(
    services, projects, change
):
    projects.create("Wirt")
    job = services.runner.start(waiting_job(services, "Wirt"))
    with access.acting_as(BEN), refused("project_missing"):  # not that it is busy
        change(services, "Wirt")
    services.runner.pause(job.id)
    services.runner.wait(job.id, 30)
    with access.acting_as(BEN), refused("project_missing"):
        change(services, "Wirt")
    assert services.runner.get(job.id).state == JobState.PAUSED


def test_repeating_a_run_leads_a_guest_to_no_folder_of_this_machine(projects, tmp_path):
    """Otherwise its answer tells which folders hold models, and a guest trains on one whose hash they know."""
    folder = model_folder(tmp_path / "private", byte_level(300))
    noted = {"base": {"source": "path", "name": str(folder), "fingerprint": bases.fingerprint(folder)}}
    project = projects.create("a")
    assert derived_runs.find_base(project, noted)[0] == folder
    for fingerprint in (noted["base"]["fingerprint"], "0" * 64):
        with access.acting_as(ANNA), refused("repeat_base_missing"):
            derived_runs.find_base(project, {"base": {**noted["base"], "fingerprint": fingerprint}})


def test_a_guest_begins_nothing_that_writes_while_the_disk_is_nearly_full(services, annas, monkeypatch):
    monkeypatch.setattr("utils.files.free_disk_gib", lambda _: 1.5)
    with access.acting_as(ANNA), refused("disk_full"):
        start_child_job(services, annas, "export", {})
    assert not list(annas.runs_folder.iterdir())
    services.runner.cancel(start_child_job(services, annas, "export", {}).id)  # as the host may


def test_a_guest_trains_in_no_more_processes_than_the_host_has_set(services, annas):
    """Each of them loads the whole model."""
    with access.acting_as(ANNA), refused("host_only"):
        start_child_job(services, annas, "train", {"processes": 2})
    config.save_app_settings(config.AppSettings(training=config.TrainingSettings(processes=2)))
    with access.acting_as(ANNA):
        services.runner.cancel(start_child_job(services, annas, "train", {"processes": 2}).id)


def test_a_guest_brings_in_what_was_uploaded_and_no_other_file(services, annas, tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CACHE", str(tmp_path / "cache"))
    folder = config.uploads_folder()
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("Meins.")
    (tmp_path / "diary.txt").write_text("Nicht deins.")
    (folder / "link.txt").symlink_to(tmp_path / "diary.txt")
    with access.acting_as(ANNA):
        for file in (tmp_path / "diary.txt", folder / "link.txt", folder / ".." / ".." / "diary.txt"):
            with refused("guest_no_files"):
                rag_processor.start_documents(services, annas, [file])
            with refused("guest_no_files"):
                sft_generator.start_import(services, annas, file, "x")
        job = rag_processor.start_documents(services, annas, [folder / "mine.txt"])
    assert services.runner.wait(job.id, 60).state == JobState.DONE
    assert job.owner == "anna"


def test_a_run_is_its_guests_also_for_an_app_that_finds_it_later(services, projects):
    with access.acting_as(ANNA):
        run = create_run(projects.create("a"), "train", {"owner": "of the run that it branched off"})
    run.write_state(JobState.PAUSED)
    reattach(services)
    assert services.runner.get(run.id).owner == "anna"
    with access.acting_as(BEN), refused("not_yours"):
        services.runner.cancel(run.id)

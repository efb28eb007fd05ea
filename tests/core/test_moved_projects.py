"""A project's folder that is moved, renamed, replaced, deleted or unplugged while somebody works in it.

That the disk is unplugged is played by moving the folder away, and back.
"""

import os
import shutil
from functools import partial
from types import SimpleNamespace

import pytest
from child_stages import hurry
from store_material import add_document, add_pumps

from core import base_models, projects, rag_processor, sft_generator
from core.documents.store.chunk_store import ChunkStore, NewChunk, SourceFile
from core.jobs.child_work import ChildWork
from core.jobs.job import Job, JobState
from core.jobs.runs import Run, create_run, is_alive
from core.jobs.services import Services, child_job
from core.jobs.worker import lock_file
from core.project_manager import Project, ProjectStore
from core.samples import outbound
from core.samples.store.sample import Sample
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_sample, count_samples, read_samples
from core.training import checkpoints
from tests.core.waiting import wait_for
from utils.errors import AppError, Message
from utils.files import is_held, read_lines

ALL = [str(number) for number in range(1, 201)]


@pytest.fixture
def counting(services, project, child_app):
    """A run that counts slowly in its child process, its job, and that process."""
    run = create_run(project, "count", {"to": len(ALL), "seconds_each": 0.1})
    job = services.runner.start(Job("count", project.name, ChildWork(run), id=run.id))
    wait_for(lambda: len(numbers(run)) >= 2)
    return run, job, run.read_state().process


def numbers(run):
    return list(read_lines(run.folder / "numbers"))


def gone(services, job, process=None):
    """The job ends because its project has gone, and so does the process that works on it."""
    end = services.runner.wait(job.id, timeout=30)
    assert (end.state, end.error) == (JobState.FAILED, Message("project_gone", {"name": job.project})), end
    wait_for(lambda: not (process and is_alive(process)), seconds=60, what="the child to end")


def finished(folder, run_id):
    """The run, resumed by an app that was started where the project lies now."""
    services = Services(ProjectStore(folder.parent))
    run = Run(folder / "runs" / run_id)
    assert run.read_state().state == JobState.INTERRUPTED
    hurry(run)
    job = services.runner.start(child_job(services, run))
    assert services.runner.wait(job.id, timeout=60).state == JobState.DONE
    return run


@pytest.mark.parametrize("place", ["projects/renamed", "elsewhere"])
def test_a_run_whose_project_is_moved_stops_at_once_leaves_no_folder_and_goes_on_at_the_new_place(
    services, project, counting, tmp_path, place
):
    run, job, process = counting
    os.rename(project.root, tmp_path / place)
    gone(services, job, process)
    assert not project.root.exists()
    assert numbers(finished(tmp_path / place, run.id)) == ALL
    assert services.projects.create(project.name).load_config()


def test_a_run_whose_disk_is_unplugged_goes_on_in_the_same_app_once_it_is_back(services, project, counting, tmp_path):
    run, job, process = counting
    os.rename(project.root, tmp_path / "unplugged")
    gone(services, job, process)
    with pytest.raises(AppError, match="project_missing"):
        project.set("training", {"epochs": 7})
    os.rename(tmp_path / "unplugged", project.root)
    hurry(run)
    services.runner.resume(job.id)
    assert services.runner.wait(job.id, timeout=60).state == JobState.DONE
    assert numbers(run) == ALL


def test_a_run_does_not_write_into_a_copy_that_took_its_projects_place(services, project, counting, tmp_path):
    run, job, process = counting
    os.rename(project.root, tmp_path / "original")
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    os.rename(tmp_path / "copy", project.root)
    before, state = len(numbers(run)), (run.folder / "state.json").read_text()
    gone(services, job, process)
    assert (run.folder / "state.json").read_text() == state
    assert len(numbers(run)) <= before + 1  # what was on its way to the disk
    assert numbers(finished(tmp_path / "original", run.id)) == ALL


def test_samples_that_are_written_while_their_project_is_moved_are_all_in_it_and_nowhere_else(
    services, project, tmp_path
):
    add_pumps(ChunkStore(project.database), 2999)
    project.set("sft", {"samples": 9000})
    job = sft_generator.start_samples(services, project)
    wait_for(lambda: count_samples(project.samples_file) >= 2, every_seconds=0.002)
    os.rename(project.root, tmp_path / "projects" / "q")
    gone(services, job)
    assert not project.root.exists()
    moved = services.projects.open("q")
    count = len(read_samples(moved.samples_file))
    assert count == count_samples(moved.samples_file) == services.runner.get(job.id).done
    moved.set("sft", {"samples": count + 5})
    again = services.runner.wait(sft_generator.start_samples(services, moved).id, timeout=60)
    assert (again.state, again.result["samples"]) == (JobState.DONE, count + 5)


def test_documents_that_are_read_while_their_project_is_moved_are_no_files_fault_and_are_read_again(
    services, project, tmp_path
):
    files = [tmp_path / f"{number}.txt" for number in range(150)]
    for number, file in enumerate(files):
        file.write_text(f"Dies ist das Dokument {number}. " * 200)
    job = rag_processor.start_documents(services, project, files)
    wait_for(lambda: ChunkStore(project.database).count() >= 1, every_seconds=0.005)
    os.rename(project.root, tmp_path / "projects" / "q")
    gone(services, job)
    assert not project.root.exists()
    moved = services.projects.open("q")
    wait_for(lambda: not is_held(lock_file(moved, "rag")), what="the child to end")
    statuses = {source.status for source in ChunkStore(moved.database).documents()}
    assert statuses <= {"done", "queued"}
    end = services.runner.wait(rag_processor.start_documents(services, moved, files).id, timeout=60)
    assert {document["status"] for document in end.result["documents"]} <= {"done", "duplicate"}
    assert {source.status for source in ChunkStore(moved.database).documents()} == {"done"}
    assert len(ChunkStore(moved.database).documents()) == len(files)


PRACTICE = projects.config.BaseChoice(source="practice", name="practice")
DOCUMENT = SourceFile("a", "a", "0", "done"), [NewChunk("a", {})]
NOTHING = SimpleNamespace(chunk=None, messages=())
WRITERS = {
    "a setting": lambda project, run, _: project.set("training", {"epochs": 7}),
    "the config": lambda project, run, _: project.save_config(project.load_config()),
    "the choice of a model": lambda project, run, _: base_models.choose_base(project, PRACTICE),
    "a new run": lambda project, run, _: create_run(project, "count", {}),
    "a run's state": lambda project, run, _: run.write_state(JobState.DONE),
    "a wish to a run": lambda project, run, _: run.ask("pause"),
    "a sample": lambda project, run, _: append_sample(project.samples_file, Sample("a", "b", "c")),
    "an edited sample": lambda project, run, _: SampleStore(project).edit("s", "a", "b"),
    "an excluded chunk": lambda project, run, _: rag_processor.exclude_chunk(project, 1, True),
    "a document": lambda project, run, _: add_document(ChunkStore(project.database), *DOCUMENT),
    "a removed document": lambda project, run, services: rag_processor.remove_documents(services, project, ["a"]),
    "an export": lambda project, run, _: ChunkStore(project.database).export(project.database_export),
    "what left the machine": lambda project, run, _: outbound.note_request(project, "a", "b", NOTHING, NOTHING),
    "an adapter": lambda project, run, _: checkpoints.publish_adapter(run.folder, project.checkpoints_folder, {}),
}


@pytest.mark.parametrize("what", WRITERS)
def test_who_writes_to_a_project_that_has_gone_makes_no_folder_that_blocks_its_name(services, project, what):
    append_sample(project.samples_file, Sample("x", "y", "s"))
    run = create_run(project, "count", {})
    kept, gone_root = project.load_config(), project.root.with_name("moved")
    os.rename(project.root, gone_root)
    project = KnownConfig(project.root, kept)
    with pytest.raises((AppError, OSError)):
        WRITERS[what](project, run, services)
    assert [path.name for path in services.projects.folder.iterdir()] == ["moved"]


class KnownConfig(Project):
    """A project whose config somebody has read before it went."""

    def __init__(self, root, known):
        super().__init__(root)
        object.__setattr__(self, "known", known)

    def load_config(self):
        return self.known


def test_a_folder_without_a_config_is_no_project_to_write_to(services, project):
    project.config_file.unlink()
    for write in (partial(project.set, "training", {"epochs": 7}), partial(create_run, project, "count", {})):
        with pytest.raises(AppError, match="project_missing"):
            write()

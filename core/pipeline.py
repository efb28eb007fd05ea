"""What the browser and the command line both call: checks that a stage can run, freezes its request, starts its job.

The one place that knows all stages by name. It loads none that needs torch: those run in child processes.
"""

import platform
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

import portalocker

from core import base_models, chunk_state, hardware_detector
from core.chunk_store import ChunkStore
from core.duplicates import mark_duplicates
from core.hardware_detector import Hardware
from core.job_runner import JobRunner
from core.jobs import ACCELERATOR, ACTIVE, Job, JobContext, JobSnapshot, JobState, SilentContext
from core.project_manager import CONFIG_LOCK, Project, ProjectStore
from core.runs import Run, create_run, latest_run, list_runs
from core.sft_dataset import MINIMUM_SAMPLES, count_samples
from core.sft_generator import generate_samples
from core.token_counting import counter_of
from core.worker import ChildWork, lock_file
from utils import config
from utils.errors import AppError
from utils.files import free_disk_gib, sha256_of

LANES = {"train": ACCELERATOR, "evaluate": ACCELERATOR, "export": ACCELERATOR, "practice_base": ACCELERATOR}
VERSIONS_NOTED = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "bitsandbytes", "unsloth")
MINIMUM_FREE_GIB = 1.0
PREVIEWED_CHUNKS = 60  # so many stored ones are cut anew for a look at the first few


@dataclass
class Services:
    """All that the UI and the command line work with, made once per process."""

    projects: ProjectStore
    runner: JobRunner = field(default_factory=JobRunner)
    settings: config.AppSettings = field(default_factory=config.load_app_settings)

    def hardware(self) -> Hardware:
        """This machine now. Raises nothing: what cannot be told is left out."""
        return hardware_detector.detect(self.projects.folder, force_cpu=self.settings.force_cpu)


@dataclass(frozen=True)
class ProjectStatus:
    """How far a project is, read from disk; what the next step is follows from it."""

    documents: int
    chunks: int
    samples: int
    base_ready: bool
    trained: bool
    exported: tuple[Path, ...]

    @property
    def next_step(self) -> str:
        """documents, model, samples, training, export or try: the first thing that is not there yet."""
        steps = (
            ("documents", self.chunks > 0),
            ("model", self.base_ready),
            ("samples", self.samples >= MINIMUM_SAMPLES),
            ("training", self.trained),
            ("export", bool(self.exported)),
        )
        return next((name for name, there in steps if not there), "try")


def create_project(services: Services, name: str) -> Project:
    """A new project whose training settings suit this machine. Raises AppError as `ProjectStore.create` does."""
    project = services.projects.create(name)
    training = services.settings.training
    usual = config.TrainingSettings()
    suited = hardware_detector.suggested_training(services.hardware())
    # What a person has set for all projects stands above what the machine suggests.
    new = {name: value for name, value in suited.items() if getattr(training, name) == getattr(usual, name)}
    settings = config.changed(training, **new)
    project.set("training", settings.model_dump())
    return project


def status(project: Project) -> ProjectStatus:
    """How far a project is. Raises AppError where its config or its database is damaged."""
    base = project.load_config().base
    totals = ChunkStore(project.database).totals()
    return ProjectStatus(
        documents=sum(total.documents for total in totals),
        chunks=sum(total.chunks for total in totals),
        samples=count_samples(project.samples_file),
        base_ready=base is not None and base_models.is_ready(project, base),
        trained=(project.checkpoints_folder / "best" / "adapter_config.json").is_file(),
        exported=tuple(exported_files(project)),
    )


def exported_files(project: Project) -> list[Path]:
    """The GGUF files of a project, newest first."""
    files = project.final_folder.glob("gguf/*.gguf")
    return sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)


def start_documents(services: Services, project: Project, files: Iterable[Path], owner: str = "") -> JobSnapshot:
    """Read files into the project. Raises AppError `no_files`, `file_missing`, `disk_full`."""
    paths = [Path(file).expanduser().resolve() for file in files]
    if not paths:
        raise AppError("no_files")
    for path in paths:
        if not path.is_file():
            raise AppError("file_missing", file=path.name)
    require_disk(project, MINIMUM_FREE_GIB)
    return start_child_job(services, project, "rag", {"files": [str(path) for path in paths]}, owner)


def start_reprocess(
    services: Services,
    project: Project,
    filenames: Iterable[str],
    passwords: Mapping[str, str] | None = None,
    owner: str = "",
) -> JobSnapshot:
    """Read documents of the project again, from their originals. Raises AppError `no_files`, `disk_full`.

    `passwords`, by name, are handed to the child in memory and never reach the disk.
    """
    names = list(filenames)
    if not names:
        raise AppError("no_files")
    require_disk(project, MINIMUM_FREE_GIB)
    secrets = {"passwords": dict(passwords)} if passwords else None
    return start_child_job(services, project, "rag", {"again": names}, owner, secrets=secrets)


def needs_rechunk(project: Project) -> bool:
    """Whether chunks were made with other settings or another tokenizer than are set now."""
    return bool(chunk_state.outdated(project))


def start_rechunk(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Cut all documents again, from their stored text. Raises AppError `no_chunks`, `samples_running`."""
    require_chunks(project)
    require_rest(services, project, ("sft",), "samples_running")
    return start_child_job(services, project, "rechunk", {}, owner)


def rechunk_if_needed(services: Services, project: Project, owner: str = "") -> JobSnapshot | None:
    """Count the chunks with the base model that was just chosen. A stage that draws from the chunks is not disturbed:
    then it stays to be done."""
    if not needs_rechunk(project) or running(services, project, ("rag", "rechunk", "sft")):
        return None
    return start_rechunk(services, project, owner)


def remove_documents(services: Services, project: Project, filenames: Iterable[str]) -> None:
    """Take documents out of the project: their chunks and the originals. Raises AppError `documents_running`."""
    require_rest(services, project, ("rag", "rechunk"), "documents_running")
    try:
        with portalocker.Lock(lock_file(project, "rag"), "a", timeout=0, fail_when_locked=True):
            with ChunkStore(project.database).writer() as writer:
                for filename in filenames:
                    writer.remove(filename)
                    (project.documents_folder / Path(filename).name).unlink(missing_ok=True)
            mark_duplicates(SilentContext(), ChunkStore(project.database))
    except portalocker.exceptions.LockException:
        raise AppError("documents_running") from None


def export_database(project: Project) -> Path:
    """All chunks in one consistent file, also while documents are being read. Raises AppError `no_chunks`."""
    require_chunks(project)
    return ChunkStore(project.database).export(project.database_export)


@dataclass(frozen=True)
class Preview:
    """A chunk as it would be cut; its first `overlap_characters` repeat the end of the one before."""

    text: str
    tokens: int
    overlap_characters: int
    heading: str | None
    page: int


def preview_chunks(
    project: Project, settings: config.ChunkSettings, filename: str | None = None, limit: int = 6
) -> list[Preview]:
    """How a stored document's text would be cut with these settings. Raises AppError `no_chunks`."""
    from core.chunking import chunks_again  # LangChain takes half a second to load

    require_chunks(project)
    store = ChunkStore(project.database)
    if filename is None:
        filename = next(source.filename for source in store.documents() if source.chunks)
    stored = store.chunks(limit=PREVIEWED_CHUNKS, filename=filename)
    previews: list[Preview] = []
    end = 0
    for chunk in islice(chunks_again(stored, settings, counter_of(project), ""), limit):
        start = chunk.metadata["start"]
        overlap = max(0, end - start) if previews else 0
        end = start + len(chunk.text)
        found = chunk.metadata
        previews.append(Preview(chunk.text, found["tokens"], overlap, found.get("heading"), found["page"]))
    return previews


def start_samples(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Write samples until there are as many as `config.sft.samples`.

    Raises AppError `no_chunks`, or `documents_running` while the chunks are being cut anew.
    """
    require_chunks(project)
    require_rest(services, project, ("rechunk",), "documents_running")
    settings = project.load_config().sft
    work = alone(project, "sft", partial(generate_samples, project=project, settings=settings))
    return services.runner.start(Job("sft", project.name, work, owner=owner))


def start_practice_base(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Make the practice base model from the project's chunks. Raises AppError `no_chunks`."""
    require_chunks(project)
    require_disk(project, MINIMUM_FREE_GIB)
    seed = project.load_config().training.seed
    return start_child_job(services, project, "practice_base", {"seed": seed}, owner)


def start_download(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Fetch the chosen base model onto this machine. Raises AppError `no_base`; the job, what `resolve` raises."""
    choice = project.load_config().base
    if choice is None:
        raise AppError("no_base")

    def work(context: JobContext) -> dict[str, Any]:
        context.progress(0, None, "model.downloading", name=choice.name)
        return {"folder": str(base_models.resolve(project, choice))}

    then = partial(rechunk_if_needed, services, project)
    return services.runner.start(Job("download", project.name, work, owner=owner, then=then))


def choose_base(project: Project, choice: config.BaseChoice) -> None:
    """Set the model that training starts from; the practice model brings the settings that suit its size.

    Raises AppError where the choice names nothing that can be trained.
    """
    base_models.check(choice)
    with CONFIG_LOCK:
        current = project.load_config()
        training = config.changed(current.training, **suited_values(current.training, choice.source == "practice"))
        project.save_config(config.changed(current, base=choice.model_dump(), training=training.model_dump()))


def suited_values(training: config.TrainingSettings, practice: bool) -> dict[str, object]:
    """Fields to change so that the practice model trains with what suits it, and any other one without that.

    What a person has set to something of their own stays.
    """
    usual = config.TrainingSettings().model_dump()
    wanted, given_up = base_models.PRACTICE_TRAINING, usual
    if not practice:
        wanted, given_up = {name: usual[name] for name in wanted}, wanted
    return {name: value for name, value in wanted.items() if getattr(training, name) == given_up[name]}


def start_training(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Train an adapter with the project's settings. Raises AppError where something it needs is missing."""
    settings = project.load_config()
    samples = count_samples(project.samples_file)
    if samples < MINIMUM_SAMPLES:
        raise AppError("too_few_samples", samples=samples, minimum=MINIMUM_SAMPLES)
    if settings.base is None:
        raise AppError("no_base")
    folder = base_models.resolve(project, settings.base)
    require_disk(project, MINIMUM_FREE_GIB)
    hardware = services.hardware()
    request = {
        "base": {
            **settings.base.model_dump(),
            "folder": portable_path(project, folder),
            "fingerprint": base_models.fingerprint(folder),
        },
        "training": settings.training.model_dump(),
        "seed": settings.training.seed,
        "engine": hardware.engine,
        "force_cpu": services.settings.force_cpu,
        "samples_sha256": sha256_of(project.samples_file),
        "versions": installed_versions(),
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "cpu": hardware.cpu_name,
            "cores": hardware.cores,
            "ram_gib": round(hardware.ram_gib, 1),
            "accelerator": hardware.accelerator.name,
        },
    }
    return start_child_job(
        services,
        project,
        "train",
        request,
        owner,
        prepare=lambda run: shutil.copy2(project.samples_file, run.samples_file),
    )


def start_evaluation(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Compare base and tuned model on the held-out samples. Raises AppError `not_trained`."""
    return start_child_job(services, project, "evaluate", {"train_run": trained_run(project).id}, owner)


def start_export(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Write the tuned model in the project's output format. Raises AppError `not_trained`."""
    output = project.load_config().output
    request = {
        "train_run": trained_run(project).id,
        "format": output.format,
        "quantization": sorted({"f16", output.quantization}),
    }
    return start_child_job(services, project, "export", request, owner)


def start_question(services: Services, project: Project, question: str, owner: str = "") -> JobSnapshot:
    """Ask the newest exported model. Raises AppError `no_question`, `not_exported`."""
    if not question.strip():
        raise AppError("no_question")
    files = exported_files(project)
    if not files:
        raise AppError("not_exported")
    return start_child_job(services, project, "ask", {"file": str(files[0]), "question": question.strip()}, owner)


def trained_run(project: Project) -> Run:
    """The newest finished training run. Raises AppError `not_trained`."""
    run = latest_run(project, "train", frozenset({JobState.DONE}))
    if run is None:
        raise AppError("not_trained")
    return run


def start_child_job(
    services: Services,
    project: Project,
    kind: str,
    request: dict[str, Any],
    owner: str,
    prepare: Callable[[Run], object] | None = None,
    secrets: Mapping[str, Any] | None = None,
) -> JobSnapshot:
    """Freeze the request in a run folder and queue the job that works on it; no folder stays behind a refusal."""
    run = create_run(project, kind, request)
    try:
        if prepare:
            prepare(run)
        return services.runner.start(child_job(services, run, owner, secrets))
    except (AppError, OSError):
        shutil.rmtree(run.folder)
        raise


def child_job(services: Services, run: Run, owner: str = "", secrets: Mapping[str, Any] | None = None) -> Job:
    """The job of a run folder, new or found."""
    work = ChildWork(run, secrets)
    # A new practice model brings its own tokenizer.
    then = partial(rechunk_if_needed, services, run.project) if run.kind == "practice_base" else None
    return Job(run.kind, run.project.name, work, LANES.get(run.kind), owner, run.id, work.abandon, then)


def reattach(services: Services) -> None:
    """Show again what an earlier app left: runs whose process still works go on live, others wait for `resume`."""
    for name in services.projects.names():
        project = services.projects.open(name)
        newest = {run.kind: run for run in list_runs(project) if run.kind != "ask"}
        for run in newest.values():
            found = run.read_state()
            if found.process:
                services.runner.start(child_job(services, run))
            elif found.state in {JobState.PAUSED, JobState.INTERRUPTED}:
                services.runner.adopt(child_job(services, run), found.state)


def resume_training(services: Services, project: Project) -> JobSnapshot:
    """Continue the newest training run that is not done, or watch it where it still runs.

    Raises AppError `nothing_to_resume`.
    """
    run = latest_run(project, "train")
    if run is None or run.read_state().state == JobState.DONE:
        raise AppError("nothing_to_resume")
    known = services.runner.latest(project.name, ["train"])
    if known is None or known.id != run.id:
        return services.runner.start(child_job(services, run))
    return known if known.state in ACTIVE else services.runner.resume(run.id)


def rename_project(services: Services, old: str, new: str) -> Project:
    """Rename a project whose jobs rest. Raises AppError `project_busy`."""
    services.runner.forget_project(old)
    return services.projects.rename(old, new)


def delete_project(services: Services, name: str) -> None:
    """Delete a project whose jobs rest. Raises AppError `project_busy`."""
    services.runner.forget_project(name)
    services.projects.delete(name)


def portable_path(project: Project, path: Path) -> str:
    """A path inside the project relative to it, so that it survives a rename; any other one as it is."""
    return str(path.relative_to(project.root)) if path.is_relative_to(project.root) else str(path)


def alone(
    project: Project, kind: str, work: Callable[[JobContext], dict[str, Any]]
) -> Callable[[JobContext], dict[str, Any]]:
    """`work`, refused while another process does the same in this project (a child's lock does that for runs)."""

    def locked(context: JobContext) -> dict[str, Any]:
        path = lock_file(project, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with portalocker.Lock(path, "a", timeout=0, fail_when_locked=True):
                return work(context)
        except portalocker.exceptions.LockException:
            raise AppError("job_already_running") from None

    return locked


def running(services: Services, project: Project, kinds: Iterable[str]) -> bool:
    """Whether a job of one of these kinds runs or waits in the project."""
    wanted = set(kinds)
    jobs = services.runner.jobs()
    return any(job.project == project.name and job.kind in wanted and job.state in ACTIVE for job in jobs)


def require_rest(services: Services, project: Project, kinds: Iterable[str], code: str) -> None:
    """Raises AppError `code` while a job of one of these kinds runs in the project."""
    if running(services, project, kinds):
        raise AppError(code)


def require_chunks(project: Project) -> None:
    """Raises AppError `no_chunks` where no document has given any text yet."""
    if ChunkStore(project.database).count() == 0:
        raise AppError("no_chunks")


def require_disk(project: Project, needed_gib: float) -> None:
    """Raises AppError `disk_full` where less than `needed_gib` is free."""
    free = free_disk_gib(project.root)
    if free < needed_gib:
        raise AppError("disk_full", free_gib=round(free, 2), needed_gib=needed_gib)


def installed_versions() -> dict[str, str]:
    """The versions of the packages that a training run depends on."""
    found = {}
    for name in VERSIONS_NOTED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

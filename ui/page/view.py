"""What is true of one project at one moment, read once for all places of a page. Knows core; knows no widget."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Self, TypeVar

from core import base_models, example, rag_processor, trainer
from core import projects as pipeline
from core.hardware_detector import Hardware
from core.jobs import runs
from core.jobs.job import ACTIVE, UNFINISHED, JobSnapshot, JobState
from core.jobs.runs import Run
from core.jobs.services import Services
from core.project_manager import Project
from core.projects import ProjectStatus
from core.rag_processor import SourceFile
from ui.page import html
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.texts import error_text, message_text, optional_text, text
from utils.config import ProjectConfig, config_folder
from utils.errors import AppError, Message, readable
from utils.files import file_stamp

DOCUMENTS = Remembered(8)  # the lists of the last projects that somebody looked at
HARDWARE = Remembered(4)


@dataclass(frozen=True)
class Position:
    """What a viewer looks at in one of the project's lists; a list adds what it needs to know."""

    project: str = ""

    def of(self, project: str) -> Self:
        """This position, or the beginning where it belongs to another project."""
        return self if self.project == project else type(self)(project)

    def turned(self, direction: str, number: int) -> Self:
        """One page on or back in a list that goes by the number of a page's first or last row."""
        place: dict[str, Any] = {"after": 0, "before": 0, "after" if direction == "onward" else "before": number}
        return replace(self, **place)


At = TypeVar("At", bound=Position)


class View:
    """Read-only. Every property is read when it is first asked for, and then stays as it was.

    `positions` is where the viewer is in each list; without them, at the beginning. `tab` is the one that is shown.
    """

    def __init__(
        self,
        services: Services,
        language: str,
        project_name: str,
        positions: Mapping[type[Position], Position] | None = None,
        tab: str = "",
    ) -> None:
        self.services = services
        self.language = language
        self.project_name = project_name
        self.tab = tab
        self._positions = positions or {}

    def at(self, kind: type[At]) -> At:
        """Where the viewer is in a list, which belongs to the project that is shown."""
        found = self._positions.get(kind)
        return found.of(self.project_name) if isinstance(found, kind) else kind(self.project_name)

    def t(self, key: str, /, **params: object) -> str:
        return text(key, self.language, **params)

    def html(self, key: str, /, **params: object) -> str:
        """The words of a key for a place in HTML."""
        return escape(self.t(key, **params))

    def number(self, value: int) -> str:
        """A whole number as the language writes it: 12.345 or 12,345."""
        return self.t("figure.whole", value=value)

    def language_name(self, code: str) -> str:
        """A language in words; one that a later version has noted stays its code."""
        return optional_text(f"language.name.{code}", self.language, code)

    def message(self, message: Message) -> str:
        return message_text(message.key, message.params, self.language)

    def error(self, message: Message) -> tuple[str, str]:
        return error_text(message.key, self.language, message.params)

    def error_box(self, error: AppError) -> str:
        return html.box("bad", *error_text(error.code, self.language, error.params))

    @cached_property
    def hardware(self) -> Hardware:
        """This machine as it was at most FREE_LASTS_SECONDS ago: a GPU's tool is a process of its own."""
        key = (self.services.projects.folder, self.services.settings.force_cpu, moment(FREE_LASTS_SECONDS))
        return HARDWARE.get(key, self.services.hardware)

    @cached_property
    def projects(self) -> list[str]:
        """All of them; none where their folder cannot be read, which `problem` then tells."""
        try:
            return self.services.projects.names()
        except AppError:
            return []

    @cached_property
    def project(self) -> Project | None:
        try:
            return self.services.projects.open(self.project_name)
        except AppError:
            return None

    @cached_property
    def problem(self) -> AppError | None:
        """Why the project, or the list of all, cannot be shown, such as a damaged file or one that is closed."""
        try:
            if self.project is None and self.project_name:
                self.services.projects.open(self.project_name)
            self._status  # noqa: B018 - reading it is the test
        except (AppError, OSError) as error:
            return readable(error)
        return None

    @cached_property
    def _status(self) -> ProjectStatus | None:
        return pipeline.status(self.project) if self.project else None

    @cached_property
    def status(self) -> ProjectStatus | None:
        """How far the project is; None where there is none, or where it cannot be read."""
        return None if self.problem else self._status

    @cached_property
    def config(self) -> ProjectConfig | None:
        return self.project.load_config() if self.project and not self.problem else None

    @cached_property
    def base_folder(self) -> Path | None:
        """Where the chosen model lies on this machine, whole; several panels ask, and each look reads its files."""
        base = self.config.base if self.config else None
        return base_models.local_folder(self.project, base) if self.project and base else None

    @cached_property
    def training_data(self) -> tuple[Any, ...]:
        """Changes with samples, model and what earlier runs taught; checks, estimates and presets rest on it."""
        samples = self.project.samples_file if self.project else None
        folder = self.base_folder
        files = (samples, folder, folder and folder / "config.json", trainer.run_log())
        return tuple((str(file), file_stamp(file)) for file in files if file)

    @cached_property
    def trained(self) -> Run | None:
        """The training that is compared and exported where no other one is named."""
        return trainer.trained_run(self.project) if self.project else None

    @cached_property
    def all_jobs(self) -> list[JobSnapshot]:
        return self.services.runner.jobs()

    @cached_property
    def jobs(self) -> list[JobSnapshot]:
        """The project's jobs, oldest first; of one that is not open to whoever asks, none."""
        project = self.project
        return [job for job in self.all_jobs if job.project == project.name] if project else []

    def job(self, kinds: Iterable[str]) -> JobSnapshot | None:
        """The project's newest job of these kinds."""
        wanted = set(kinds)
        mine = [job for job in self.jobs if job.kind in wanted]
        unfinished = [job for job in mine if job.state in UNFINISHED]
        return next(reversed(unfinished or mine), None)

    def active(self, kinds: Iterable[str]) -> JobSnapshot | None:
        """The project's newest job of these kinds, if it runs or waits for its turn."""
        job = self.job(kinds)
        return job if job and job.state in ACTIVE else None

    def unfinished(self, kind: str) -> JobSnapshot | None:
        """The project's job of this kind that still runs, waits or is paused."""
        job = self.job([kind])
        return job if job and job.state in UNFINISHED else None

    def blocked(self, kind: str) -> str:
        """Why no work of this kind can be started now, whatever it needs besides; empty if it can."""
        if self.project is None:
            return self.t("blocked.no_project")
        return self.t("error.job_already_running") if self.unfinished(kind) else ""

    def result(self, kind: str) -> dict[str, Any] | None:
        """What the newest finished work of this kind gave, also if a terminal or an earlier app did it."""
        run = runs.latest_run(self.project, kind, frozenset({JobState.DONE})) if self.project else None
        if run:
            return run.read_state().result
        done = [job for job in self.jobs if (job.kind, job.state) == (kind, JobState.DONE)]  # of work without folders
        return done[-1].result if done else None

    def outdated(self, result: dict[str, Any]) -> bool:
        """Whether a comparison or an export belongs to another training than the one that would be taken now."""
        return self.trained is not None and result["run"] != self.trained.id

    @cached_property
    def metrics(self) -> list[dict[str, float]]:
        """The points of the newest training, live or from its folder."""
        job = self.job(["train"])
        if job and job.metrics:
            return list(job.metrics)
        run = runs.latest_run(self.project, "train") if self.project else None
        return trainer.points_of(run.metrics_file) if run else []

    @cached_property
    def data_stamp(self) -> tuple[Any, ...]:
        """Changes whenever the project's documents or their chunks do."""
        if self.project is None:
            return ()
        database = self.project.database
        return (str(database), file_stamp(database), file_stamp(database.with_name(f"{database.name}-wal")))

    @cached_property
    def documents(self) -> list[SourceFile]:
        """The documents in the order they came, read once for all viewers; none where `problem` says why."""
        project = self.project
        if project is None or self.problem or not project.database.is_file():
            return []
        return DOCUMENTS.get(self.data_stamp, lambda: rag_processor.documents(project))

    def stamp(self) -> tuple[Any, ...]:
        """Changes whenever the page has to be drawn anew; figures that move do not change it. Cheap enough to ask
        every second."""
        files: list[Path] = [config_folder() / "settings.json"]
        if root := self.project:
            files += [root.config_file, root.samples_file, root.final_folder, root.final_folder / "gguf"]
            files += [root.checkpoints_folder, root.practice_folder, root.runs_folder, root.bundles_folder]
            files += [root.findings_file, root.undo_folder]
        jobs = tuple(
            (job.id, job.state, job.stopping, job.queue_position, job.result is None) for job in self.all_jobs
        )
        shown = example.of(root) if root else None
        told = shown.stamp if shown else ()
        return (self.project_name, jobs, told, tuple(self.projects), self.data_stamp, *map(file_stamp, files))

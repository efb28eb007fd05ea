"""Projects and their folders; the only module that knows where a file lies."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from utils import config
from utils.errors import AppError
from utils.files import locked, replace_when_free, sync_folder
from utils.validators import project_name

NEW_PREFIX, TRASH_PREFIX = ".new-", ".deleted-"
PATIENCE_SECONDS, LONG_PATIENCE_SECONDS = 1.0, 30.0
"""So long who renames waits for those that write only for a moment, and who writes for a rename."""


@dataclass(frozen=True)
class Project:
    """One project's folder and the places inside it. Holds no state: everything is read from disk.

    Only `ProjectStore.create` makes the folder. Whoever writes into it holds it.
    """

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def config_file(self) -> Path:
        return self.root / "config.json"

    @property
    def documents_folder(self) -> Path:
        return self.root / "data" / "documents"

    @property
    def database(self) -> Path:
        return self.root / "data" / "rag.db"

    @property
    def database_export(self) -> Path:
        return self.root / "data" / "rag_export.db"

    @property
    def samples_file(self) -> Path:
        return self.root / "data" / "sft_data.jsonl"

    @property
    def samples_index(self) -> Path:
        """What the samples are found by; derived from their file, and built anew where it is missing."""
        return self.root / "data" / "samples.db"

    @property
    def checkpoints_folder(self) -> Path:
        return self.root / "models" / "checkpoints"

    @property
    def final_folder(self) -> Path:
        return self.root / "models" / "final"

    @property
    def bundles_folder(self) -> Path:
        """Training runs to take along, a file each."""
        return self.root / "models" / "bundles"

    @property
    def brought_bases_folder(self) -> Path:
        """Base models that came in a bundle, each in a folder named by its fingerprint."""
        return self.root / "models" / "bases"

    @property
    def practice_folder(self) -> Path:
        return self.root / "models" / "practice_base"

    @property
    def runs_folder(self) -> Path:
        return self.root / "runs"

    @property
    def training_log(self) -> Path:
        return self.root / "logs" / "training.log"

    def load_config(self) -> config.ProjectConfig:
        """What is set in this project. Raises AppError `config_damaged`."""
        return config.load(config.ProjectConfig, self.config_file)

    def save_config(self, value: config.ProjectConfig) -> None:
        config.save(value, self.config_file)

    def set(self, section: str, values: Mapping[str, object]) -> None:
        """Set fields of one section of the config.

        Raises AppError that names the field that does not fit, and as `held`.
        """
        if values:
            self.change_config(lambda now: {section: config.changed(getattr(now, section), **values).model_dump()})

    def change_config(self, changes: Callable[[config.ProjectConfig], dict[str, object]]) -> None:
        """Set what `changes` makes of the config as it is now; of two apps that do so neither undoes the other's."""
        with self.held(), locked(self.root / ".config.lock", AppError("project_busy")):
            current = self.load_config()
            self.save_config(config.changed(current, **changes(current)))

    @contextmanager
    def held(self, *, alone: bool = False) -> Iterator[Callable[[], None]]:
        """Work in the project: no app renames or deletes it meanwhile. Yields a check that the folder is still there.

        A person can move it all the same, or unplug its disk. What then fails, also the check, raises AppError
        `project_gone`. Raises AppError `project_missing` where there is no such project to begin with, and
        `project_busy` where it is being renamed, or, `alone`, where anybody else works in it.
        """
        identity, missing = self._identity(), AppError("project_missing", name=self.name)

        def check() -> None:
            if self._identity() != identity:
                raise AppError("project_gone", name=self.name)

        with ExitStack() as stack:
            try:
                patience = PATIENCE_SECONDS if alone else LONG_PATIENCE_SECONDS
                lock = locked(self.root / ".lock", AppError("project_busy"), not alone, patience)
                stack.enter_context(lock)
            except (FileNotFoundError, NotADirectoryError):
                raise missing from None
            if self._identity() != identity or not self.config_file.is_file():
                raise missing
            try:
                self.make_folders()
                yield check
            except Exception:
                check()  # whatever failed in a folder that has gone failed for that
                raise

    def make_folders(self) -> None:
        """The places in the project's folder. Raises FileNotFoundError where that folder itself is not there."""
        for name in ("data", "data/documents", "models", "models/checkpoints", "models/final", "runs", "logs"):
            (self.root / name).mkdir(exist_ok=True)

    def _identity(self) -> tuple[int, int] | None:
        """What tells the project's folder from any other one that stands at its path; None where none does.

        While a file in the folder is open, also a file system that numbers its folders anew keeps the number.
        """
        try:
            found = self.root.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


class ProjectStore:
    """The folder that holds all projects, each a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()

    def names(self) -> list[str]:
        """The names of all projects, in alphabetical order."""
        if not self.folder.is_dir():
            return []
        names = [path.parent.name for path in self.folder.glob("*/config.json")]
        return sorted((name for name in names if not name.startswith(".")), key=str.casefold)

    def create(self, name: str, settings: config.ProjectConfig | None = None) -> Project:
        """A new, empty project, complete or absent.

        Raises AppError `project_exists`, `folder_not_writable`, or what the name breaks.
        """
        target = self._free_folder(name)
        new = Project(self.folder / f"{NEW_PREFIX}{uuid.uuid4().hex}")  # half a project would only block its name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            new.root.mkdir()
            new.make_folders()
            new.save_config(settings or config.ProjectConfig())
            _move(new.root, target)
        except (PermissionError, NotADirectoryError, FileExistsError):
            raise AppError("folder_not_writable", folder=str(self.folder)) from None
        finally:
            shutil.rmtree(new.root, ignore_errors=True)
        return Project(target)

    def open(self, name: str) -> Project:
        """An existing project. Raises AppError `project_missing`."""
        folder = self.folder / project_name(name)
        if not (folder / "config.json").is_file():
            raise AppError("project_missing", name=name)
        return Project(folder)

    def rename(self, old: str, new: str) -> Project:
        """Give a project another name. Nothing inside it mentions the name, so a rename is all there is to do.

        Raises AppError `project_missing`, `project_exists`, what the name breaks, and `project_busy` while anybody
        works in it, also another app.
        """
        project = self.open(old)
        target = self.folder / project_name(new)
        if target == project.root:
            return project
        if target.name.casefold() != project.name.casefold():
            target = self._free_folder(new)
        self._take_away(project, target)
        return Project(target)

    def delete(self, name: str) -> None:
        """Remove a project for good. It vanishes from the list at once, also if the removal is interrupted.

        Raises AppError `project_missing`, and `project_busy` while anybody works in it, also another app.
        """
        self._take_away(self.open(name), self.folder / f"{TRASH_PREFIX}{uuid.uuid4().hex}")
        for trash in self.folder.glob(f"{TRASH_PREFIX}*"):  # also what an interrupted removal left
            shutil.rmtree(trash, ignore_errors=True)

    def _take_away(self, project: Project, target: Path) -> None:
        # Windows itself moves no folder in which anything is open, and the lock of who is alone would be.
        with nullcontext() if os.name == "nt" else project.held(alone=True):
            _move(project.root, target)

    def _free_folder(self, name: str) -> Path:
        wanted = project_name(name)
        # Windows and macOS take "Physik" and "physik" for one folder, so no project may differ by case alone.
        taken = {path.name.casefold() for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        if wanted.casefold() in taken:
            raise AppError("project_exists", name=wanted)
        return self.folder / wanted


def _move(folder: Path, target: Path) -> None:
    """Rename a folder of a project. Raises AppError `project_exists`, and on Windows `project_busy`."""
    try:
        replace_when_free(folder, target)
    except OSError as error:
        if target.exists():  # since it was looked for
            raise AppError("project_exists", name=target.name) from error
        if isinstance(error, PermissionError) and os.name == "nt":
            raise AppError("project_busy") from error
        raise
    sync_folder(target.parent)

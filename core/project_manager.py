"""Projects and their folders; the only module that knows where a file lies."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from core import access, keys
from utils import config
from utils.errors import AppError, system_error
from utils.files import locked, open_file, printable, replace_when_free, sync_folder, write_text_atomic
from utils.validators import composed, project_name

OWNER_FILE = ".owner"
NEW_PREFIX, TRASH_PREFIX = ".new-", ".deleted-"
PATIENCE_SECONDS, LONG_PATIENCE_SECONDS = 1.0, 30.0
"""So long who renames waits for those that write only for a moment, and who writes for a rename."""
VERIFICATION = "verification.json"
"""Beside each export: whose it is, its files in the order they were written, and what was checked."""


@dataclass(frozen=True)
class Project:
    """One project's folder and the places inside it. Holds no state: everything is read from disk.

    Only `ProjectStore.create` makes the folder. Whoever writes into it holds it.
    """

    root: Path

    @property
    def name(self) -> str:
        """What people call the project; old folders may hold bytes in their names that are no characters."""
        return printable(self.root.name)

    @property
    def owner(self) -> str:
        """The id of the guest who made this project; empty where it is the host's."""
        try:
            with open_file(self.root / OWNER_FILE) as file:
                return file.read().decode("ascii").strip()
        except (OSError, ValueError):
            return ""

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
    def findings_file(self) -> Path:
        """What the quality checks found in the samples; without it they are checked again."""
        return self.root / "data" / "findings.json"

    @property
    def undo_folder(self) -> Path:
        """How to take back what was changed in the samples."""
        return self.root / "data" / "undo"

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

        Raises AppError that names the field that does not fit, and as `held` and `keys.require_allowed`.
        """

        def changes(now: config.ProjectConfig) -> dict[str, object]:
            new = config.changed(getattr(now, section), **values)
            if isinstance(new, config.SftSettings) and values.keys() & {"provider", "base_url"}:
                keys.require_allowed(new)
            return {section: new.model_dump()}

        if values:
            self.change_config(changes)

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
            if self._identity() != identity or not os.path.lexists(self.config_file):
                raise missing
            try:
                if not alone:
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
    """The folder that holds all projects, each a folder of its own.

    What lies there is what there is: only new names are checked by the rule for names. Raises AppError
    `folder_not_writable` where the path can be none of a folder.
    """

    def __init__(self, folder: Path | str) -> None:
        try:
            if not str(folder):
                raise ValueError("no path")
            self.folder = Path(folder).expanduser().resolve()
            str(self.folder).encode()  # a path of other bytes is none to the libraries of models
        except (OSError, ValueError, RuntimeError):  # RuntimeError: an unknown user's home, or links in circles
            raise AppError("folder_not_writable", folder=printable(str(folder))) from None

    def make_folder(self) -> None:
        """Make the folder where it is not there yet. Raises AppError `folder_not_writable`."""
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)

    def require_writable(self) -> None:
        """Raises AppError `folder_not_writable` where no project could be made."""
        with self._writing(), tempfile.TemporaryFile(dir=self.folder):
            pass

    def names(self) -> list[str]:
        """The names of all projects of whoever asks, in alphabetical order, also of damaged ones that `open` refuses.

        Raises AppError where the folder cannot be read.
        """
        return sorted(self._folders(), key=str.casefold)

    def create(self, name: str, settings: config.ProjectConfig | None = None) -> Project:
        """A new, empty project of whoever asks, complete or absent.

        Raises AppError `project_exists`, `folder_not_writable`, `too_many_projects`, or what the name breaks.
        """
        owner = access.asking().id
        if owner and len(self.names()) >= access.GUEST_PROJECTS:
            raise AppError("too_many_projects", limit=access.GUEST_PROJECTS)
        with self._writing():
            target = self._free_folder(name)
            new = Project(self.folder / f"{NEW_PREFIX}{uuid.uuid4().hex}")  # half a project would only block its name
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                new.root.mkdir()
                new.make_folders()
                if owner:
                    write_text_atomic(new.root / OWNER_FILE, owner)
                new.save_config(settings or config.ProjectConfig())
                _move(new.root, target)
            finally:
                shutil.rmtree(new.root, ignore_errors=True)
        return Project(target)

    def open(self, name: str) -> Project:
        """An existing project, damaged or not. Raises AppError `project_missing`, `project_is_link`, or what the
        system refused.

        The name is looked up among the folders and never made into a path, so nothing outside of them is opened.
        """
        name = printable(str(name or ""))  # a form of the page may send anything
        folders = self._folders()
        folder = folders.get(name) or {composed(known): path for known, path in folders.items()}.get(composed(name))
        if folder is None:
            raise AppError("project_missing", name=name)
        if os.path.realpath(folder) != str(folder):
            raise AppError("project_is_link", name=name)
        try:
            os.lstat(folder / "config.json")
        except OSError as error:
            raise system_error(error) or error from error
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
        if composed(target.name).casefold() != composed(project.root.name).casefold():
            target = self._free_folder(new)
        elif os.path.lexists(target) and not os.path.samefile(target, project.root):
            raise AppError("project_exists", name=target.name)
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

    def _folders(self) -> dict[str, Path]:
        """All that calls itself a project: a folder with a config, or a link to one. A closed one counts too.

        What belongs to somebody else is not there for a guest.
        """
        try:
            with os.scandir(self.folder) as entries:
                found = sorted(entry.name for entry in entries if _is_project(entry))
            if not access.asking().is_host:
                found = [name for name in found if access.owns(Project(self.folder / name).owner)]
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise system_error(error) or error from error
        return {printable(name): self.folder / name for name in found}

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What cannot be made here is an error that names the folder; a full disk is one of its own."""
        try:
            yield
        except OSError as error:
            known = system_error(error)
            if known is None or known.code == "disk_is_full":
                raise
            raise AppError("folder_not_writable", folder=printable(str(self.folder))) from error

    def _free_folder(self, name: str) -> Path:
        wanted = project_name(name)
        # Windows and macOS take "Physik" and "physik" for one folder, so no project may differ by case alone.
        # The same holds for a Mac's way to write umlauts.
        taken = {composed(name).casefold() for name in os.listdir(self.folder)} if self.folder.is_dir() else set()
        if wanted.casefold() in taken:
            raise AppError("project_exists", name=wanted)
        return self.folder / wanted


def _is_project(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or not (entry.is_symlink() or entry.is_dir(follow_symlinks=False)):
        return False
    try:
        os.lstat(os.path.join(entry.path, "config.json"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


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

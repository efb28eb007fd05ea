"""Projects and their folders; the only module that knows where a file lies."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core import access, keys
from utils import config
from utils.errors import AppError, system_error
from utils.files import open_file, printable, sync_folder, write_text_atomic
from utils.validators import composed, project_name

CONFIG_LOCK = threading.Lock()  # two browsers may set fields of one project at the same moment
TRASH_PREFIX = ".deleted-"
OWNER_FILE = ".owner"


@dataclass(frozen=True)
class Project:
    """One project's folder and the places inside it. Holds no state: everything is read from disk."""

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
        """Set fields of one section of the config. Raises AppError that names the field that does not fit, or as
        `keys.require_allowed` does."""
        if not values:
            return
        with CONFIG_LOCK:
            current = self.load_config()
            new = config.changed(getattr(current, section), **values)
            if isinstance(new, config.SftSettings) and values.keys() & {"provider", "base_url"}:
                keys.require_allowed(new)
            self.save_config(config.changed(current, **{section: new.model_dump()}))


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

    def create(self, name: str) -> Project:
        """A new, empty project of whoever asks.

        Raises AppError `project_exists`, `folder_not_writable`, `too_many_projects`, or what the name breaks.
        """
        owner = access.asking().id
        if owner and len(self.names()) >= access.GUEST_PROJECTS:
            raise AppError("too_many_projects", limit=access.GUEST_PROJECTS)
        with self._writing():
            project = Project(self._free_folder(name))
            try:
                for folder in (
                    project.documents_folder,
                    project.checkpoints_folder,
                    project.final_folder,
                    project.runs_folder,
                    project.training_log.parent,
                ):
                    folder.mkdir(parents=True, exist_ok=True)
                if owner:
                    write_text_atomic(project.root / OWNER_FILE, owner)
                project.save_config(config.ProjectConfig())
            except OSError:
                shutil.rmtree(project.root, ignore_errors=True)  # half a project would only block its name
                raise
        return project

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
        """Give a project another name. Nothing inside it mentions the name, so a rename is all there is to do."""
        project = self.open(old)
        target = self.folder / project_name(new)
        if target == project.root:
            return project
        if composed(target.name).casefold() != composed(project.root.name).casefold():
            target = self._free_folder(new)
        elif os.path.lexists(target) and not os.path.samefile(target, project.root):
            raise AppError("project_exists", name=target.name)
        os.replace(project.root, target)
        sync_folder(self.folder)
        return Project(target)

    def delete(self, name: str) -> None:
        """Remove a project for good. It vanishes from the list at once, also if the removal is interrupted."""
        project = self.open(name)
        # Not named after the project, whose name may be as long as a name can be.
        trash = Path(tempfile.mkdtemp(prefix=TRASH_PREFIX, dir=self.folder))
        try:
            os.replace(project.root, trash / "project")
        except OSError:
            trash.rmdir()
            raise
        shutil.rmtree(trash, ignore_errors=True)

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

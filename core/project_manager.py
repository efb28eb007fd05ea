"""Projects and their folders; the only module that knows where a file lies."""

import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from utils import config
from utils.errors import AppError
from utils.files import sync_folder
from utils.validators import project_name

CONFIG_LOCK = threading.Lock()  # two browsers may set fields of one project at the same moment
TRASH_PREFIX = ".deleted-"
VERIFICATION = "verification.json"
"""Beside each export: whose it is, its files in the order they were written, and what was checked."""


@dataclass(frozen=True)
class Project:
    """One project's folder and the places inside it. Holds no state: everything is read from disk."""

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
        """Set fields of one section of the config. Raises AppError that names the field that does not fit."""
        if not values:
            return
        with CONFIG_LOCK:
            current = self.load_config()
            new = config.changed(getattr(current, section), **values)
            self.save_config(config.changed(current, **{section: new.model_dump()}))


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

    def create(self, name: str) -> Project:
        """A new, empty project. Raises AppError `project_exists`, `folder_not_writable`, or what the name breaks."""
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
            project.save_config(config.ProjectConfig())
        except (PermissionError, NotADirectoryError, FileExistsError):
            raise AppError("folder_not_writable", folder=str(self.folder)) from None
        except OSError:
            shutil.rmtree(project.root, ignore_errors=True)  # half a project would only block its name
            raise
        return project

    def open(self, name: str) -> Project:
        """An existing project. Raises AppError `project_missing`."""
        folder = self.folder / project_name(name)
        if not (folder / "config.json").is_file():
            raise AppError("project_missing", name=name)
        return Project(folder)

    def rename(self, old: str, new: str) -> Project:
        """Give a project another name. Nothing inside it mentions the name, so a rename is all there is to do."""
        project = self.open(old)
        target = self.folder / project_name(new)
        if target == project.root:
            return project
        if target.name.casefold() != project.name.casefold():
            target = self._free_folder(new)
        os.replace(project.root, target)
        sync_folder(self.folder)
        return Project(target)

    def delete(self, name: str) -> None:
        """Remove a project for good. It vanishes from the list at once, also if the removal is interrupted."""
        project = self.open(name)
        trash = self.folder / f"{TRASH_PREFIX}{project.name}"
        shutil.rmtree(trash, ignore_errors=True)
        os.replace(project.root, trash)
        shutil.rmtree(trash, ignore_errors=True)

    def _free_folder(self, name: str) -> Path:
        wanted = project_name(name)
        # Windows and macOS take "Physik" and "physik" for one folder, so no project may differ by case alone.
        taken = {path.name.casefold() for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        if wanted.casefold() in taken:
            raise AppError("project_exists", name=wanted)
        return self.folder / wanted

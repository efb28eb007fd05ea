"""Files into a project: which of them are new, and a copy of each under a name that is free. Reads no document."""

import os
import re
import shutil
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.documents.readers import READERS
from core.documents.store.chunk_store import ChunkStore, SourceFile, Writer
from core.project_manager import Project
from utils.errors import AppError
from utils.files import sha256_of, sync_folder
from utils.validators import FORBIDDEN_IN_NAMES, RESERVED_NAMES

MAX_STORED_NAME_BYTES = 150
FINISHED = ("done", "partial")


@dataclass(frozen=True)
class Taken:
    """A file as it was given: what the store says of it, whether there is anything left to do, and what opens it."""

    given_name: str
    source: SourceFile
    is_new: bool
    password: str | None = field(default=None, repr=False)


class Intake:
    """Takes the files of one call into a project. `batch` names the call, so that it can be made again."""

    def __init__(self, project: Project, store: ChunkStore, writer: Writer, batch: str) -> None:
        self._folder = project.documents_folder
        self._store = store
        self._writer = writer
        self._batch = batch
        self._met: set[str] = set()  # the stored names of this call's files
        self._names = {path.name.casefold() for path in self._folder.iterdir()}

    def take(self, file: Path) -> Taken:
        """Copy a file into the project, or say why there is no need to. Raises AppError documents_not_writable."""
        refused = SourceFile(file.name, file.name, "", "failed", batch=self._batch)
        if file.suffix.lower() not in READERS:
            params = {"file": file.name, "formats": ", ".join(READERS)}
            source = replace(refused, status="unsupported", detail="file_unsupported", params=params)
            return Taken(file.name, source, False)
        try:
            sha256 = sha256_of(file)
        except OSError:
            missing = replace(refused, detail="file_missing", params={"file": file.name})
            return self._taken_before(file.name) or Taken(file.name, missing, False)
        taken = self._known(file, sha256) or self._add(file, sha256)
        self._met.add(taken.source.filename)
        return taken

    def finish(self) -> None:
        """Make the copies durable."""
        sync_folder(self._folder)

    def _taken_before(self, name: str) -> Taken | None:
        """What was uploaded may be gone when the call is made again; the copy in the project is still there."""
        for source in self._store.documents():
            if self._batch and source.batch == self._batch and source.original_name == name:
                return Taken(name, source, source.status not in FINISHED)
        return None

    def _known(self, file: Path, sha256: str) -> Taken | None:
        """A file whose content is in the project: finished, to be tried again, or there twice."""
        for source in self._store.with_hash(sha256):
            same_call = bool(self._batch) and source.batch == self._batch and source.original_name == file.name
            same_format = Path(source.filename).suffix == file.suffix.lower()
            finished = source.status in FINISHED
            if (source.filename in self._met and same_format) or (finished and not same_call):
                params = {"file": file.name, "same_as": source.filename}
                twin = replace(source, status="duplicate", detail="file_duplicate", params=params, chunks=0, tokens=0)
                return Taken(file.name, twin, False)
            if finished:
                return Taken(file.name, source, False)
            if same_format and (self._folder / source.filename).is_file():
                again = replace(
                    source, original_name=file.name, batch=self._batch, status="queued", detail="", params={}
                )
                return Taken(file.name, again, True)
        return None

    def _add(self, file: Path, sha256: str) -> Taken:
        name = self._place(file, sha256)
        size = (self._folder / name).stat().st_size
        queued = SourceFile(name, file.name, sha256, "queued", batch=self._batch, size_bytes=size)
        self._writer.put(queued)
        return Taken(file.name, queued, True)

    def _place(self, file: Path, sha256: str) -> str:
        """Copy a file into the folder under a name that is free there; the name it got. Whole or not at all."""
        name = stored_name(file.name)
        stem, suffix = os.path.splitext(name)
        number = 1
        while name.casefold() in self._names:
            if (self._folder / name).is_file() and sha256_of(self._folder / name) == sha256:
                return name
            number += 1
            name = f"{stem} ({number}){suffix}"
        temporary = self._folder / f".{sha256[:16]}.tmp"
        try:
            shutil.copyfile(file, temporary)
            os.replace(temporary, self._folder / name)
        except OSError as error:
            raise AppError("documents_not_writable", file=file.name, problem=error.strerror or str(error)) from error
        finally:
            temporary.unlink(missing_ok=True)
        self._names.add(name.casefold())
        return name


def stored_name(name: str) -> str:
    """A file's name as every file system takes it: no separators, control characters, device names; not too long."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    name = "".join(
        "_"
        if character in FORBIDDEN_IN_NAMES or (unicodedata.category(character)[0] in "CZ" and character != " ")
        else character
        for character in name
    )
    stem, dot, suffix = name.rpartition(".")
    stem = stem.strip(" .") or "document"
    if stem.split(".")[0].strip().casefold() in RESERVED_NAMES:
        stem = f"_{stem}"
    room = MAX_STORED_NAME_BYTES - len(suffix.encode()) - 1
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .")
    return f"{stem}{dot}{suffix.lower()}"

"""Open a bundle that comes from anywhere: nothing in it is believed before it was checked. Loads no torch.

Only parts with known names are read, each into a place that this module chooses; so no name in the file decides where
anything is written.
"""

import hashlib
import math
import re
import shutil
import stat
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import compress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, NonNegativeInt, PositiveInt

from core import access, base_models
from core.project_manager import Project
from core.training import bundle, checkpoints, repeat
from core.training.repeat import Original
from utils.errors import AppError
from utils.files import publish_folder, read_json

SCRATCH, LEFTOVER_SECONDS = ".bundle-", 24 * 3600
MIB, GIB = 2**20, 2**30
MOST_BYTES: Mapping[str, int] = {
    "run.json": MIB,
    "result.json": MIB,
    bundle.SUMS: MIB,
    "sft_data.jsonl": 16 * GIB,
    "metrics.jsonl": GIB,
}
MOST_BASE_BYTES = GIB
MOST_START_BYTES: Mapping[str, int] = {
    checkpoints.ADAPTER: 16 * GIB,
    "optimizer.pt": 32 * GIB,
    checkpoints.TRAINER_STATE: 256 * MIB,
}
MOST_RANDOM_BYTES = 16 * MIB
START_PART = re.compile(
    rf"{bundle.START}checkpoint-[1-9][0-9]{{0,8}}/"
    rf"({'|'.join(map(re.escape, checkpoints.STATE_FILES))}|rng_state(_[0-9]{{1,4}})?\.pth)"
)
"""Of a checkpoint only what holds state is taken: tensors, which the trainer library loads without running code,
and its record. What else belongs to one names folders, or could name code: training writes it anew."""
NEEDED = ("run.json", "sft_data.jsonl", bundle.SUMS)
MOST_ENTRIES = 500
MOST_EXPANSION, ALWAYS_ALLOWED_BYTES = 200, 64 * MIB
"""A file may become so many times larger than its bundle; text never does, bombs do."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SUM_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S.*)")
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    KeyError,
    IndexError,
)
"""What the zip library raises, by version, over a file that is none or was made to confuse it."""


@contextmanager
def opened(project: Project, file: Path) -> Iterator[Original]:
    """The run in a bundle, unpacked beside the project's data for as long as it is looked at.

    Raises AppError `bundle_damaged`, `bundle_unsafe`, `bundle_too_large`, `not_a_bundle`, `repeat_incomplete`,
    `disk_full`.
    """
    _remove_leftovers(project)
    with tempfile.TemporaryDirectory(dir=project.root, prefix=SCRATCH) as scratch:
        folder = Path(scratch)
        try:
            with zipfile.ZipFile(file) as archive:
                sums = _unpack(archive, file.stat().st_size, folder)
        except BROKEN as error:
            raise AppError("bundle_damaged", file=file.name) from error
        request, result = _record(folder / "run.json", file), _record(folder / "result.json", file)
        # Where a model lay on another machine means nothing here.
        if isinstance(request.get("base"), dict):
            request["base"].pop("folder", None)
        if weights := sums.get(bundle.ADAPTER + bundle.WEIGHTS):
            result.setdefault("adapter_sha256", weights)
        _take_base(project, request, folder / "base", file)
        start = folder / bundle.START
        _take_start(start, request, file)
        yield Original(request, result, folder / "sft_data.jsonl", folder / "metrics.jsonl", start)


def _remove_leftovers(project: Project) -> None:
    """Remove what a kill left unpacked."""
    for folder in project.root.glob(f"{SCRATCH}*"):
        if time.time() - folder.stat().st_mtime > LEFTOVER_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _unpack(archive: zipfile.ZipFile, size_bytes: int, folder: Path) -> dict[str, str]:
    """Write the parts that a repetition needs into `folder`. Returns the checksums that the bundle names."""
    entries = _checked(archive.infolist())
    if any(name not in entries for name in NEEDED):
        raise AppError("not_a_bundle")
    known = (name in MOST_BYTES or _is_base(name) or START_PART.fullmatch(name) for name in entries)
    wanted = dict(compress(entries.items(), known))
    _require_sizes(wanted, size_bytes, folder)
    sums = _sums(archive.read(entries[bundle.SUMS]))
    for name, info in wanted.items():
        target = folder / name
        for part in reversed(Path(name).parents[:-1]):
            (folder / part).mkdir(exist_ok=True)
        found = _copy(archive, info, target)
        if name != bundle.SUMS and sums.get(name) != found:
            raise ValueError(f"checksum of {name}")
    return sums


def _checked(infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The entries by name. Raises AppError `bundle_unsafe` where one could do harm if anybody unpacked it."""
    found: dict[str, zipfile.ZipInfo] = {}
    seen = set()
    for info in infos:
        name = info.orig_filename
        parts = name.replace("\\", "/").split("/")
        harmful = "\\" in name or ":" in name or name.startswith("/") or ".." in parts or not name.isprintable()
        link = stat.S_ISLNK(info.external_attr >> 16)
        method = info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if harmful or link or method or info.flag_bits & 0x1 or name.casefold() in seen:
            raise AppError("bundle_unsafe", name=ascii(name)[1:80])
        found[name] = info
        seen.add(name.casefold())
        if len(found) > MOST_ENTRIES:
            raise AppError("bundle_unsafe", name="…")
    return found


def _require_sizes(wanted: Mapping[str, zipfile.ZipInfo], size_bytes: int, folder: Path) -> None:
    """Raises AppError `bundle_too_large` where a part is larger than it can be, `disk_full` where room is missing."""
    total = sum(info.file_size for info in wanted.values())
    for name, info in wanted.items():
        if info.file_size > _most_bytes(name):
            raise AppError("bundle_too_large", name=name)
    most = math.inf if access.asking().is_host else access.GUEST_UPLOAD_BYTES
    if total > min(most, max(ALWAYS_ALLOWED_BYTES, MOST_EXPANSION * size_bytes)):
        raise AppError("bundle_too_large", name="…")
    access.require_disk(folder, 2 * total / GIB)  # unpacked, and copied into the run


def _most_bytes(name: str) -> int:
    if name.startswith(bundle.START):
        return MOST_START_BYTES.get(name.rpartition("/")[2], MOST_RANDOM_BYTES)
    return MOST_BYTES.get(name, MOST_BASE_BYTES)


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> str:
    """Write an entry, never more of it than it declares. Returns the SHA-256 of what was written."""
    digest, written = hashlib.sha256(), 0
    with archive.open(info) as source, target.open("xb") as file:
        while block := source.read(bundle.BLOCK):
            written += len(block)
            if written > info.file_size:
                raise ValueError(f"size of {info.filename}")
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _sums(content: bytes) -> dict[str, str]:
    matches = (SUM_LINE.fullmatch(line) for line in content.decode("utf-8").splitlines())
    return {match[2]: match[1] for match in matches if match}


def _is_base(name: str) -> bool:
    """Whether an entry is a file of a model, of a kind that holds data and no code."""
    plain = name.removeprefix(bundle.BASE)
    return name != plain and PLAIN_NAME.fullmatch(plain) is not None and plain.endswith(bundle.BASE_ENDINGS)


def _record(path: Path, file: Path) -> dict[str, Any]:
    """A JSON object; an absent one is empty. Raises AppError `bundle_damaged`."""
    if not path.is_file():
        return {}
    try:
        content = read_json(path)
    except ValueError as error:
        raise AppError("bundle_damaged", file=file.name) from error
    if not isinstance(content, dict):
        raise AppError("bundle_damaged", file=file.name)
    return content


class _Point(BaseModel, strict=True):
    step: NonNegativeInt
    loss: float | None = None
    eval_loss: float | None = None


class _TrainerState(BaseModel, strict=True):
    """What is read of the trainer's record, by this app and by the trainer library."""

    global_step: PositiveInt
    max_steps: PositiveInt
    num_train_epochs: PositiveInt
    log_history: list[_Point]


def _take_start(folder: Path, request: Mapping[str, Any], file: Path) -> None:
    """Let checkpoints count as such, where each is whole and is of the step that it says.

    Raises AppError `bundle_damaged`, `repeat_incomplete`.
    """
    if not folder.is_dir():
        return
    needed = checkpoints.state_files(repeat.processes_of(request))
    for part in sorted(folder.iterdir()):
        try:
            if any(not (part / name).is_file() for name in needed):
                raise ValueError(f"parts of {part.name}")
            state = _TrainerState.model_validate_json((part / checkpoints.TRAINER_STATE).read_bytes())
            if part.name != f"checkpoint-{state.global_step}" or state.max_steps < state.num_train_epochs:
                raise ValueError(f"record of {part.name}")
        except ValueError as error:
            raise AppError("bundle_damaged", file=file.name) from error
        checkpoints.mark_complete(part)


def _take_base(project: Project, request: Mapping[str, Any], folder: Path, file: Path) -> None:
    """Keep the model that came along, if it is the one that the run names."""
    if not folder.is_dir():
        return
    noted = repeat.fingerprint_of(request)
    if not (folder / "config.json").is_file() or base_models.fingerprint(folder) != noted:
        raise AppError("bundle_damaged", file=file.name)
    target = repeat.brought_base(project, noted)
    if not target.is_dir():
        target.parent.mkdir(exist_ok=True)
        prepared = target.with_name(f".{target.name}.new")
        shutil.rmtree(prepared, ignore_errors=True)
        shutil.copytree(folder, prepared)
        publish_folder(prepared, target)

"""A training run as one file to take along: settings, samples, curve and adapter, with a checksum of each.

Nothing in it tells where this machine keeps its files, and no key ever comes near it: what is written is named here,
part by part. Loads no torch.
"""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import IO, Any

from core.jobs.job import JobContext, JobState
from core.jobs.runs import Run
from core.project_manager import Project
from core.training import checkpoints, derived_runs
from core.training.checkpoints import Checkpoint
from utils.errors import AppError
from utils.files import read_json, require_disk, sha256_of, sync_folder

SUMS = "SHA256SUMS"
RESULT_NAMES = {"loss", "first_loss", "steps", "samples"}
DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


@dataclass(frozen=True)
class Contents:
    """What a bundle is going to hold, for whoever writes its README.

    `adapter` is the checkpoint that is worth most, None where none is left.
    """

    run: Run
    request: Mapping[str, Any]
    result: Mapping[str, Any]
    adapter: Checkpoint | None


Readme = Callable[[Contents], str]


def file_of(project: Project, run_id: str) -> Path:
    """Where the bundle of a run lies once it was written."""
    return project.bundles_folder / f"{run_id}.zip"


def contents_of(run: Run) -> Contents:
    """What can be taken along of a run. Raises AppError `bundle_not_done`, `repeat_incomplete`."""
    state = run.read_state()
    if state.state != JobState.DONE:
        raise AppError("bundle_not_done", run=run.id)
    project, request = run.project, run.request
    derived_runs.fingerprint_of(request)
    if not (state.result or {}).keys() >= RESULT_NAMES:
        raise AppError("repeat_incomplete", part="result")
    adapter = checkpoints.adapter(run) if checkpoints.adapters(run) else None
    return Contents(run, portable(request, project), portable(state.result, project), adapter)


def write(context: JobContext, run: Run, readme: Readme) -> dict[str, Any]:
    """Write the bundle of a run to `file_of`, whole or not at all. Returns {"run", "file", "bytes"}.

    Raises AppError as `contents_of` and `derived_runs.require_samples` do, `disk_full`, and what a stop request
    means.
    """
    contents = contents_of(run)
    derived_runs.require_samples(run.samples_file, run.request)
    parts = dict(_parts(contents, readme))
    sizes = (len(part) if isinstance(part, bytes) else part.stat().st_size for part in parts.values())
    target = file_of(run.project, run.id)
    require_disk(target.parent, sum(sizes) / 2**30)
    target.parent.mkdir(exist_ok=True)
    for leftover in target.parent.glob(".*.tmp"):  # only one process writes bundles at a time
        leftover.unlink()
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        with temporary.open("wb") as file:
            _write_zip(context, file, parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    return {"run": run.id, "file": str(target), "bytes": target.stat().st_size}


def portable(value: Any, project: Project) -> Any:
    """The same record without this machine's folders: paths in the project relative to it, others only by name."""
    if isinstance(value, Mapping):
        return {name: portable(part, project) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [portable(part, project) for part in value]
    if not isinstance(value, str) or not (value.startswith(("/", "~")) or DRIVE.match(value)):
        return value
    path: PurePath = PureWindowsPath(value) if DRIVE.match(value) else Path(value)
    root = project.root
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _parts(contents: Contents, readme: Readme) -> Iterator[tuple[str, Path | bytes]]:
    """Everything that goes into a bundle, by its name there."""
    run, project = contents.run, contents.run.project
    yield "README.md", readme(contents).encode()
    request = {**contents.request, "base": {**contents.request["base"]}}
    request["base"].pop("folder", None)
    yield "run.json", _json(request)
    yield "result.json", _json(contents.result)
    yield "sft_data.jsonl", run.samples_file
    if run.metrics_file.is_file():
        yield "metrics.jsonl", run.metrics_file
    if contents.adapter:
        folder = contents.adapter.folder
        yield f"adapter/{checkpoints.ADAPTER}", folder / checkpoints.ADAPTER
        config = portable(read_json(folder / checkpoints.ADAPTER_CONFIG), project)
        yield f"adapter/{checkpoints.ADAPTER_CONFIG}", _json(config)
        if (folder / checkpoints.CHAT_TEMPLATE).is_file():
            yield f"adapter/{checkpoints.CHAT_TEMPLATE}", folder / checkpoints.CHAT_TEMPLATE


def _write_zip(context: JobContext, file: IO[bytes], parts: Mapping[str, Path | bytes]) -> None:
    """Write the parts, and last the sums that `sha256sum -c` reads. Raises StopRequested between two parts."""
    sums = []
    with zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        for number, (name, part) in enumerate(parts.items()):
            context.checkpoint()
            context.progress(number, len(parts), "bundle.packing", part=name)
            # Weights are noise to a packer: it would take minutes and save nothing.
            kind = zipfile.ZIP_STORED if name.endswith(checkpoints.ADAPTER) else zipfile.ZIP_DEFLATED
            if isinstance(part, bytes):
                archive.writestr(name, part, kind)
                sums.append(f"{hashlib.sha256(part).hexdigest()}  {name}\n")
            else:
                archive.write(part, name, kind)
                sums.append(f"{sha256_of(part)}  {name}\n")
        archive.writestr(SUMS, "".join(sums))


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()

"""A model from Hugging Face → this machine's cache, file by file. The one kind of work that asks the Hub.

Since its version 1.18 huggingface_hub itself begins a file anew after every break (its issue 4196). So the bytes are
fetched here, into `blobs/ETAG.incomplete` as earlier versions did, and what is whole is handed to the library, which
then finds nothing left to fetch. A file counts only if its hash is the one that the Hub names.

The token is huggingface_hub's own: `HF_TOKEN`, or what `hf auth login` keeps. It goes into a header, nowhere else.
"""

import os
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import httpx  # noqa: TID251
import portalocker
from huggingface_hub import HfApi, errors, get_session, hf_hub_url, snapshot_download  # noqa: TID251
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # noqa: TID251
from huggingface_hub.utils.sha import git_hash  # noqa: TID251

from core.jobs.job import JobContext
from core.jobs.runs import Run
from core.models import hub_cache
from core.models.bases import FILES_OF_A_MODEL, REPOSITORY, require_model
from utils.errors import AppError
from utils.files import require_disk, sha256_of

CHUNK_BYTES = 1 << 18
SILENCE_SECONDS = 10.0
STOP_SECONDS = 0.2
TRIES, LONGEST_WAIT_SECONDS = 5, 60.0
TELL_EVERY_SECONDS = 1.0
SPARE_GIB = 0.3
MB = 1_000_000


@dataclass(frozen=True)
class File:
    """One file of a repository. `etag` names its blob: a SHA-256 for large files, else the hash that git gives."""

    name: str
    size: int
    etag: str
    is_large: bool


@dataclass
class Progress:
    """How much of the whole is there, and since when it has been counted."""

    context: JobContext
    name: str
    done: int
    total: int
    fetched: int = 0
    began: float = 0.0
    told: float = 0.0

    def add(self, count: int) -> None:
        """So many more bytes are there; fewer where a file begins anew."""
        self.done += count
        self.fetched += max(0, count)
        now = time.monotonic()
        self.began = self.began or now
        if now - self.told < TELL_EVERY_SECONDS and self.done < self.total:
            return
        self.told = now
        figures = {"done": self.done / MB, "total": self.total / MB}
        rate = self.fetched / MB / max(now - self.began, 0.1)
        self.context.progress(
            figures["done"], figures["total"], "model.download.loading", name=self.name, rate=rate, **figures
        )


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Fetch what lacks of the request's repository; returns {"name", "folder", "revision", "bytes", "fetched"}.

    Raises AppError `base_name`, `base_gated`, `base_unknown`, `base_token`, `base_busy`, `base_offline`,
    `base_offline_mode`, `base_not_text`, `base_no_weights`, `base_damaged`, `disk_full`, `job_already_running`.
    """
    name = run.request["name"]
    if not REPOSITORY.fullmatch(name):
        raise AppError("base_name", name=name)
    storage = hub_cache.folder_of(name)
    lock = hub_cache.hub_folder() / ".locks" / storage.name / "download.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with portalocker.Lock(lock, "a", timeout=0, fail_when_locked=True):
            return download(context, name, storage)
    except portalocker.exceptions.LockException:
        raise AppError("job_already_running") from None


def download(context: JobContext, name: str, storage: Path) -> dict[str, Any]:
    """Ask what there is, fetch what lacks, and let the library put it together."""
    context.progress(0, None, "model.download.asking", name=name)
    commit, files = look_up(name)
    blobs = storage / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    lacking = [file for file in files if not (blobs / file.etag).is_file()]
    there = sum(part_of(blobs, file).stat().st_size for file in lacking if part_of(blobs, file).is_file())
    require_disk(storage, (sum(file.size for file in lacking) - there) / 2**30 + SPARE_GIB)
    total = sum(file.size for file in files)
    done = total - sum(file.size for file in lacking) + there
    progress = Progress(context, name, done, total)
    for file in sorted(lacking, key=lambda file: file.size):  # a refusal shows at the first small one
        fetch(context, file, blobs, hf_hub_url(name, file.name, revision=commit), progress)
    context.checkpoint()
    context.progress(total / MB, total / MB, "model.download.finishing", name=name)
    try:
        folder = snapshot_download(name, revision=commit, allow_patterns=[file.name for file in files])
    except (errors.HfHubHTTPError, OSError, httpx.HTTPError) as problem:
        raise meaning(problem, name) from None
    require_model(Path(folder))
    hub_cache.set_newest(name, commit)
    context.log("model.download.done", name=name, size=total / MB, revision=commit[:8])
    return {"name": name, "folder": folder, "revision": commit, "bytes": total, "fetched": progress.fetched}


def look_up(name: str) -> tuple[str, list[File]]:
    """The newest commit of a repository and those of its files that make a model. Raises AppError as `run`."""
    try:
        info = HfApi().model_info(name, files_metadata=True)
    except (errors.HfHubHTTPError, OSError, httpx.HTTPError) as problem:
        raise meaning(problem, name) from None
    kinds = (info.config or {}).get("architectures") or []
    if kinds and not str(kinds[0]).endswith("ForCausalLM"):
        raise AppError("base_not_text", folder=name, architecture=kinds[0])
    files = wanted(info.siblings or [])
    if info.sha is None or not any(file.name.endswith(".safetensors") for file in files):
        raise AppError("base_no_weights", folder=name)
    return info.sha, files


def wanted(siblings: Iterable[Any]) -> list[File]:
    """The files of a model itself: neither those of other programs, nor its weights a second time."""
    found = []
    for one in siblings:
        name = one.rfilename
        chosen = any(fnmatch(name, pattern) for pattern in FILES_OF_A_MODEL)
        if "/" in name or name.startswith("consolidated") or not chosen:
            continue
        etag = one.lfs.sha256 if one.lfs else one.blob_id
        if etag and one.size is not None and etag.isalnum():
            found.append(File(name, one.size, etag, one.lfs is not None))
    return found


def part_of(blobs: Path, file: File) -> Path:
    """Where a file grows until it is whole."""
    return blobs / f"{file.etag}.incomplete"


def fetch(context: JobContext, file: File, blobs: Path, url: str, progress: Progress) -> None:
    """Bring one file to its end, from where it stopped. Raises AppError as `run`, and what a stop raises."""
    part = part_of(blobs, file)
    tries = 0
    while not part.is_file() or part.stat().st_size < file.size or not file.size:
        before = part.stat().st_size if part.is_file() else 0
        try:
            stream(context, part, file, url, progress)
            break
        except (httpx.HTTPError, errors.HfHubHTTPError) as problem:
            moved = part.is_file() and part.stat().st_size > before
            tries = 1 if moved else tries + 1
            wait = pause_before_next(problem, tries)
            if wait is None:
                raise meaning(problem, progress.name) from None
            sleep(context, wait)
    context.checkpoint()
    if hash_of(part, file) != file.etag:
        part.unlink()
        raise AppError("base_damaged", name=progress.name, file=file.name)
    os.replace(part, blobs / file.etag)


def stream(context: JobContext, part: Path, file: File, url: str, progress: Progress) -> None:
    """One request for what lacks of a file, appended as it comes."""
    have = part.stat().st_size if part.is_file() else 0
    if have > file.size:
        part.unlink()
        progress.add(-have)
        have = 0
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    options: dict[str, Any] = {"headers": headers, "follow_redirects": True, "timeout": SILENCE_SECONDS}
    with get_session().stream("GET", url, **options) as response:
        hf_raise_for_status(response)
        continues = response.status_code == 206
        if have and not continues:  # the server sends it from its beginning
            progress.add(-have)
        with part.open("ab" if continues else "wb") as target:
            for chunk in chunks_of(context, response):
                target.write(chunk)
                progress.add(len(chunk))


def chunks_of(context: JobContext, response: httpx.Response) -> Iterator[bytes]:
    """What comes, as it comes; a stop is noticed at once, also while nothing does. Raises httpx.HTTPError."""
    received: queue.Queue[bytes | Exception] = queue.Queue(maxsize=8)

    def read() -> None:
        try:
            for chunk in response.iter_raw(CHUNK_BYTES):
                received.put(chunk)
            received.put(b"")
        except (httpx.HTTPError, httpx.StreamError) as problem:  # the latter where the reader has left
            received.put(problem)

    threading.Thread(target=read, daemon=True).start()
    while True:
        context.checkpoint()
        try:
            chunk = received.get(timeout=STOP_SECONDS)
        except queue.Empty:
            continue
        if isinstance(chunk, Exception):
            raise chunk
        if not chunk:
            return
        yield chunk


def pause_before_next(problem: Exception, tries: int) -> float | None:
    """How many seconds to wait before the next try; None where another one would be no use."""
    response = getattr(problem, "response", None)
    if tries >= TRIES or (response is not None and response.status_code not in (408, 429, 500, 502, 503, 504)):
        return None
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    wait = float(asked) if asked.isdigit() else float(2 ** (tries - 1))
    return wait if wait <= LONGEST_WAIT_SECONDS else None


def sleep(context: JobContext, seconds: float) -> None:
    """Wait, but stop at once where somebody asks for it."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        context.checkpoint()
        time.sleep(min(left, 0.2))


def hash_of(path: Path, file: File) -> str:
    """The hash that the Hub names a file by."""
    return sha256_of(path) if file.is_large else git_hash(path.read_bytes())


def meaning(problem: Exception, name: str) -> AppError:
    """What went wrong, for people. Nothing of the request goes into it: addresses of the Hub's stores are signed."""
    response = getattr(problem, "response", None)
    status = response.status_code if response is not None else None
    refused = response is not None and "Invalid credentials" in response.headers.get("X-Error-Message", "")
    code = "base_offline"
    if isinstance(problem, errors.OfflineModeIsEnabled):
        code = "base_offline_mode"
    elif refused:
        code = "base_token"
    elif isinstance(problem, errors.GatedRepoError) or status == 403:
        code = "base_gated"
    elif isinstance(problem, errors.RepositoryNotFoundError) or status in (401, 404):
        code = "base_unknown"
    elif status == 429:
        code = "base_busy"
    return AppError(code, name=name)

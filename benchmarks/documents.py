"""What the benchmarks of tab 1 share: corpus files, the `rag` command as a user runs it, and the text it stored."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = [sys.executable, str(ROOT / "app.py")]
PROJECT = "benchmark"


@dataclass(frozen=True)
class StoredDocument:
    """A document as the chunks in the database give it back; `page_starts` holds (offset, page number)."""

    filename: str
    sha256: str
    text: str
    page_starts: Sequence[tuple[int, int]]

    def page_text(self, number: int) -> str:
        """What is stored of one page; a page whose text came in several parts has several starts."""
        numbers = [page for _, page in self.page_starts]
        first, after = bisect_left(numbers, number), bisect_right(numbers, number)
        if first == after:
            return ""
        end = self.page_starts[after][0] if after < len(self.page_starts) else len(self.text)
        return self.text[self.page_starts[first][0] : end]


def files_in(folder: Path, endings: Sequence[str]) -> list[Path]:
    """All files with these endings, in all folders below, in the same order everywhere."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings and path.is_file())


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rag_command(projects: Path, files: Iterable[Path]) -> list[str]:
    return [*APP, "rag", PROJECT, *map(str, files), "--projects", str(projects), "--json"]


def new_project(projects: Path) -> Path:
    """An empty project for `rag_command`; returns where its database will be."""
    subprocess.run([*APP, "new", PROJECT, "--projects", str(projects)], check=True, stdout=subprocess.DEVNULL)
    return projects / PROJECT / "data" / "rag.db"


def read_into_database(files: Iterable[Path], projects: Path) -> Path:
    """Read files as a user does; returns the database."""
    database = new_project(projects)
    subprocess.run(rag_command(projects, files), check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return database


def stored_documents(database: Path) -> Iterator[StoredDocument]:
    """Every document that has chunks, put together from them."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        names = [row[0] for row in connection.execute("SELECT DISTINCT filename FROM documents ORDER BY filename")]
        for name in names:
            rows = connection.execute(
                "SELECT chunk_text, metadata FROM documents WHERE filename = ? ORDER BY chunk_index", (name,)
            )
            yield put_together(name, ((text, json.loads(metadata)) for text, metadata in rows))
    finally:
        connection.close()


def put_together(filename: str, chunks: Iterable[tuple[str, dict]]) -> StoredDocument:
    """A document's text from its overlapping chunks, and where its pages begin."""
    parts: list[str] = []
    length = 0
    page_starts: list[tuple[int, int]] = []
    sha256 = ""
    last = ""
    for text, metadata in chunks:
        sha256 = metadata["sha256"]
        start = metadata.get("start")
        if start is None:
            overlap = next(
                (size for size in range(min(len(text), len(last)), 15, -1) if last.endswith(text[:size])), 0
            )
            start = length - overlap + (0 if overlap else 1)
            last = text
        for offset, number in [(0, metadata["page"]), *metadata.get("pages", [])]:
            if not page_starts or number > page_starts[-1][1]:
                page_starts.append((start + offset, number))
        if start > length:
            parts.append(metadata.get("gap", " " * (start - length)).ljust(start - length))
            length = start
        parts.append(text[length - start :])
        length = max(length, start + len(text))
    return StoredDocument(filename, sha256, "".join(parts), page_starts)

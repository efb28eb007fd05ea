"""What the benchmarks of tab 1 share: corpus files, the `rag` command as a user runs it, and the text it stored."""

import hashlib
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = [sys.executable, str(ROOT / "app.py")]
PROJECT = "benchmark"


@dataclass(frozen=True)
class StoredDocument:
    """A document as the database gives it back; `pages` holds the text of each page that has any."""

    sha256: str
    text: str
    pages: Mapping[int, str]


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
    """Every document that has text, put together from its pages."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        names = connection.execute("SELECT DISTINCT filename, sha256 FROM pages JOIN sources USING (filename)")
        for name, sha256 in names.fetchall():
            pages: defaultdict[int, str] = defaultdict(str)
            rows = connection.execute("SELECT page, text FROM pages WHERE filename = ? ORDER BY start", (name,))
            for number, text in rows:
                pages[number] += text
            yield StoredDocument(sha256, "".join(pages.values()), pages)
    finally:
        connection.close()

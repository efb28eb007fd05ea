"""The commands of step 1: read, read again, remove, cut again, overview, search, export of the database."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui import texts
from ui.cli.command_tools import add_fields, finish, given, opened, report
from ui.texts import person_language
from utils import config
from utils.errors import AppError

if TYPE_CHECKING:
    from core.jobs.services import Services
    from core.project_manager import Project

# Never a flag: what stands on a command line is there for everybody to see in the list of processes.
PASSWORD_VARIABLE = "CUSTOM_AI_DOCUMENT_PASSWORD"
USABLE = {"done", "partial", "duplicate"}
HITS_SHOWN = 20


class Again(argparse.Action):
    """A flag after which no file has to be named. (A list that may be empty would not be read behind other flags.)"""

    def __init__(self, option_strings: list[str], dest: str, files: argparse.Action, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, default=False, help=help)
        self._files = files

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: object = None
    ) -> None:
        setattr(namespace, self.dest, True)
        self._files.required = False


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands; `add(name, command, summary, *needed, **defaults)` makes one."""
    rag = add("rag", rag_command, "read documents into chunks", "project", exit_code=rag_exit_code)
    files = rag.add_argument("files", nargs="+", type=Path, metavar="FILE")
    again = "read documents of the project again; without FILE, all of them"
    rag.add_argument("--again", action=Again, files=files, help=again)
    add_fields(rag, config.ChunkSettings)
    search = add("search", search_command, "find words in the chunks", "project", show=show_hits)
    search.add_argument("words", nargs="+")
    remove = add("remove", remove_command, "remove documents and their chunks from a project", "project")
    remove.add_argument("files", nargs="+", metavar="FILE")
    rechunk = add("rechunk", rechunk_command, "cut all documents again, from the stored text", "project")
    add_fields(rechunk, config.ChunkSettings)
    add("overview", overview_command, "what the documents amount to", "project", show=show_overview)
    add("export-db", export_command, "write the database to data/rag_export.db", "project")


def rag_command(options: argparse.Namespace) -> dict[str, Any]:
    from core import rag_processor

    services, project = opened(options)
    project.set("documents", given(options, config.ChunkSettings))
    if options.again:
        names = known_names(project, [path.name for path in options.files or []])
        result = finish(services, rag_processor.start_reprocess(services, project, names))
    else:
        result = finish(services, rag_processor.start_documents(services, project, options.files))
    return unlock(services, project, result)


def unlock(services: "Services", project: "Project", result: dict[str, Any]) -> dict[str, Any]:
    """Read what needs a password with the one from the environment or from a prompt; without one, leave it."""
    from core import rag_processor

    locked = {row["stored_as"]: row for row in result["documents"] if row["detail"] == "pdf_password"}
    passwords = {name: word for name in locked if (word := password_for(name))}
    if not passwords:
        return result
    again = finish(services, rag_processor.start_reprocess(services, project, sorted(passwords), passwords))
    new = {row["stored_as"]: row for row in again["documents"]}
    rows = [
        {**new[row["stored_as"]], "filename": row["filename"]} if row["stored_as"] in passwords else row
        for row in result["documents"]
    ]
    return {**result, **again, "documents": rows}


def password_for(name: str) -> str:
    """The password of a document, or "" where nobody can say it."""
    if word := os.environ.get(PASSWORD_VARIABLE):
        return word
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    return getpass.getpass(texts.text("cli.password_for", person_language(), file=name), sys.stderr)


def known_names(project: "Project", names: Iterable[str]) -> list[str]:
    """These documents, or all where none is named. Raises AppError `document_missing`."""
    from core import rag_processor

    known = [source.filename for source in rag_processor.documents(project)]
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise AppError("document_missing", file=name)
    return wanted or known


def rag_exit_code(result: dict[str, Any], language: str) -> int:
    """An error only where not one of the files could be used."""
    if any(row["status"] in USABLE for row in result["documents"]):
        return 0
    return report("no_readable_document", {}, language)


def search_command(options: argparse.Namespace) -> dict[str, object]:
    from core import rag_processor

    _, project = opened(options)
    chunks = [hit.chunk for hit in rag_processor.search(project, " ".join(options.words), HITS_SHOWN)]
    return {"hits": [{"document": c.filename, "page": c.page, "chunk_id": c.id, "text": c.text} for c in chunks]}


def show_hits(result: dict[str, Any], language: str) -> str:
    if not result["hits"]:
        return texts.text("cli.no_hits", language)
    return "\n\n".join(f"{hit['document']} · {hit['page']}\n{hit['text']}" for hit in result["hits"])


def remove_command(options: argparse.Namespace) -> dict[str, object]:
    from core import rag_processor

    services, project = opened(options)
    names = known_names(project, (Path(name).name for name in options.files))
    left = rag_processor.remove_documents(services, project, names)
    return {"removed": len(names), "documents": names, "chunks": left}


def rechunk_command(options: argparse.Namespace) -> dict[str, Any]:
    from core import rag_processor

    services, project = opened(options)
    project.set("documents", given(options, config.ChunkSettings))
    return finish(services, rag_processor.start_rechunk(services, project))


def overview_command(options: argparse.Namespace) -> dict[str, Any]:
    from core import rag_processor

    _, project = opened(options)
    return asdict(rag_processor.overview(project))


def show_overview(result: dict[str, Any], language: str) -> str:
    """The figures of the overview, one on a line."""
    names = ("documents", "pages", "chunks", "tokens")
    labels = [texts.text(f"overview.{name}", language) for name in names]
    values = [texts.text("figure.whole", language, value=result[name]) for name in names]
    width = max(map(len, labels))
    lines = [f"{label:<{width}}  {value}" for label, value in zip(labels, values, strict=True)]
    lines.append(texts.text("overview.usable", language, usable=result["usable"], chunks=result["chunks"]))
    lines.append(texts.text("overview.possible", language, count=result["samples_possible"]))
    return "\n".join(lines)


def export_command(options: argparse.Namespace) -> dict[str, object]:
    from core import rag_processor

    _, project = opened(options)
    return {"file": str(rag_processor.export_database(project))}

"""`python -m benchmarks.odd_files CORPUS`: broken, encrypted, scanned, empty and mislabelled files, all in one run.

Every file must end with a status, none may cost more time than its limit, and no traceback may appear. Where poppler
sees something else in a PDF than we do, the file is listed: most of that is worth a look.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.documents import PROJECT, new_project, rag_command, sha256_of, stored_documents
from benchmarks.fidelity import compare, pdftotext_pages, words
from benchmarks.process_tree import watched

ENOUGH_WORDS = 10
GOOD_RECALL = 0.8


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpus", type=Path)
    options.add_argument("--slowest", type=int, default=10)
    given = options.parse_args()
    files = sorted(path for path in given.corpus.rglob("*") if path.is_file())
    with tempfile.TemporaryDirectory() as temporary:
        database = new_project(Path(temporary))
        run = watched(rag_command(Path(temporary), files))
        logs = [
            path.read_text(errors="replace") for path in (Path(temporary) / PROJECT / "runs").glob("*/output.log")
        ]
        events = [json.loads(line) for line in _lines(Path(temporary) / PROJECT / "runs", "events.jsonl")]
        print(f"{len(files)} files in {run.seconds:.0f} s, exit code {run.code}, at most {run.peak_pss_mib:.0f} MiB")
        if not run.last_line.startswith("{"):
            raise SystemExit(f"no result; the log ends with:\n{''.join(logs)[-3000:]}")
        documents = json.loads(run.last_line)["documents"]
        report_statuses(documents, files, logs)
        report_durations(events, given.slowest)
        texts = {document.sha256: document.text for document in stored_documents(database)}
        report_disagreements(documents, files, texts)


def report_statuses(documents: Sequence[dict[str, Any]], files: Sequence[Path], logs: Sequence[str]) -> None:
    statuses = Counter((document["status"], document["detail"]) for document in documents)
    for (status, detail), count in sorted(statuses.items()):
        print(f"  {count:5} {status:12} {detail}")
    for document, path in zip(documents, files, strict=True):
        if document["status"] == "failed":
            print(f"  failed: {path.parent.name}/{path.name}: {document['detail']} {document['params']}")
    print(
        f"  {len(documents)} results for {len(files)} files; {sum(log.count('Traceback') for log in logs)} tracebacks"
    )


def report_durations(events: Sequence[dict[str, Any]], slowest: int) -> None:
    """The longest times without a finished file. Files that are read at the same time share them."""
    ends = [(event["at"], event["params"].get("file", "")) for event in events if event["type"] == "log"]
    gaps = [(later - earlier, name) for (earlier, _), (later, name) in pairwise(ends)]
    for seconds, name in sorted(gaps, reverse=True)[:slowest]:
        print(f"  {seconds:7.2f} s before the end of {name}")


def report_disagreements(documents: Sequence[dict[str, Any]], files: Sequence[Path], texts: dict[str, str]) -> None:
    """Where poppler reads text and we say there is none, or ours is another text."""
    for document, path in zip(documents, files, strict=True):
        if path.suffix.lower() != ".pdf" or document["status"] == "duplicate":
            continue
        reference = words("\n".join(pdftotext_pages(path)))
        ours = words(texts.get(sha256_of(path), ""))
        score = compare(reference, ours)
        enough = ENOUGH_WORDS if ours else 1
        if len(reference) >= enough and score.recall < GOOD_RECALL:
            problem = f"recall {score.recall:.2f} of {len(reference)} words"
        elif len(ours) >= ENOUGH_WORDS and len(reference) < len(ours) / 4:
            problem = f"{len(ours)} words, poppler has {len(reference)}"
        else:
            continue
        sample = " ".join((ours or reference)[:8])[:60]
        print(
            f"  {document['status']:9} {document['detail']:16} {problem:32} {path.parent.name}/{path.name}: {sample}"
        )


def _lines(folder: Path, name: str) -> list[str]:
    return [line for path in folder.glob(f"*/{name}") for line in path.read_text().splitlines()]


if __name__ == "__main__":
    main()

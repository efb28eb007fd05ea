"""`python -m benchmarks.ingest CORPUS`: PDFs into the database, ours against a naive design and the libraries' floor.

Interleaved in one run: the naive design (benchmarks/naive_ingest.py) and our whole command `python app.py rag` on all
cores; then the floor (benchmarks/floor_ingest.py: pdfium and one pass of the tokenizer, nothing else) and our command
pinned to one core. All three tokenize with the local vocabulary. The naive design is slow: `--sample 8` takes eight
files of all sizes. `--one-core` leaves it out. `--growth` measures how time and memory grow with a file's size.
"""

import argparse
import gzip
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.documents import files_in, new_project, rag_command
from benchmarks.process_tree import Watched, watched
from core.documents.token_counting import VOCABULARY_FILE

Run = Callable[[], Watched]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpus", type=Path)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--sample", type=int, metavar="FILES", help="take this many files, from small to large")
    options.add_argument("--one-core", action="store_true", help="only the floor and ours, on one core")
    options.add_argument("--growth", action="store_true", help="large files made from the corpus instead")
    given = options.parse_args()
    if given.growth:
        from benchmarks.growth import growth

        growth(given.corpus)
        return
    files = sample(files_in(given.corpus, (".pdf",)), given.sample)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tokenizer = folder / "tokenizer.json"
        tokenizer.write_bytes(gzip.decompress(VOCABULARY_FILE.read_bytes()))
        warm_up(files)
        if not given.one_core:
            pairs = interleaved(
                given.runs, lambda: naive(files, tokenizer, folder), lambda: ours(files, folder, cores=None)
            )
            report(f"naive design and ours on {os.cpu_count()} cores", ("naive", "ours"), pairs)
        core = max(os.sched_getaffinity(0))
        pairs = interleaved(
            given.runs, lambda: floor(files, tokenizer, core), lambda: ours(files, folder, cores={core})
        )
        report("the libraries' floor and ours on one core", ("floor", "ours"), pairs)


def sample(files: Sequence[Path], count: int | None) -> list[Path]:
    """`count` of the files, evenly from the smallest to the largest; all of them where None."""
    if count is None or count >= len(files):
        return list(files)
    by_size = sorted(files, key=lambda path: (path.stat().st_size, path.name))
    step = (len(by_size) - 1) / max(count - 1, 1)
    return [by_size[round(step * at)] for at in range(count)]


def interleaved(runs: int, first: Run, second: Run) -> list[tuple[Watched, Watched]]:
    """Both in turn, so that a busy minute of the machine meets both."""
    return [(first(), second()) for _ in range(runs)]


def warm_up(files: Sequence[Path]) -> None:
    """Read every file once: the disk is no part of what is compared."""
    for file in files:
        file.read_bytes()


def naive(files: Sequence[Path], tokenizer: Path, folder: Path) -> Watched:
    database = folder / "naive.db"
    database.unlink(missing_ok=True)
    return succeeded(
        [sys.executable, "-m", "benchmarks.naive_ingest", str(database), str(tokenizer), *map(str, files)]
    )


def floor(files: Sequence[Path], tokenizer: Path, core: int) -> Watched:
    command = [sys.executable, "-m", "benchmarks.floor_ingest", str(tokenizer), *map(str, files)]
    return succeeded(command, {core})


def ours(files: Sequence[Path], folder: Path, cores: set[int] | None) -> Watched:
    with tempfile.TemporaryDirectory(dir=folder) as projects:
        new_project(Path(projects))
        return succeeded(rag_command(Path(projects), files), cores)


def succeeded(command: Sequence[str], cores: set[int] | None = None) -> Watched:
    done = watched(command, cores)
    if done.code:
        raise SystemExit(f"ended with code {done.code}: {' '.join(command[:6])}")
    return done


def report(title: str, names: tuple[str, str], pairs: Sequence[tuple[Watched, Watched]]) -> None:
    print(f"{title}: medians of {len(pairs)} interleaved runs")
    for name, runs in zip(names, zip(*pairs, strict=True), strict=True):
        result = json.loads(runs[0].last_line)
        pages = result["pages"] if "pages" in result else sum(found["pages"] for found in result["documents"])
        if "chunks" in result:
            made = f"{result['chunks']:,} chunks"
        else:
            made = f"{result['tokens']:,} tokens, {result['tokenizing']:.1f} s of the first run for them"
        seconds = statistics.median(run.seconds for run in runs)
        rss, pss = max(run.peak_rss_mib for run in runs), max(run.peak_pss_mib for run in runs)
        print(
            f"  {name:6} {seconds:8.2f} s  {pages / seconds:7.0f} pages/s  {pages:,} pages, {made}, "
            f"at most {pss:.0f} MiB (PSS; RSS {rss:.0f})"
        )
    ratios = [first.seconds / second.seconds for first, second in pairs]
    print(
        f"  {names[0]} ÷ {names[1]}: {statistics.median(ratios):.2f}   (pairs {min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()

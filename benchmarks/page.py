"""`python -m benchmarks.page`: what drawing the samples' screen costs, in projects of few and of many samples.

It is drawn once a second at most, for all who look. Timed are a drawing at which nothing is new, one after a sample
was appended, as while samples are written, and one after a sample was changed, as in a review. A small model of
random weights is chosen, so that every estimate on the page is made. Before that come the samples alone: their file
read into memory (in time of the processor), a page, a search for words that none has, one status changed; at the end
the quality checks of all, and after one more sample.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.large_data import make_samples
from benchmarks.memory import TINY, make_model
from core import sft_generator
from core.jobs.job import SilentContext
from core.jobs.services import Services
from core.project_manager import Project, ProjectStore
from core.samples.store import sft_dataset
from core.samples.store.sample import Sample
from core.samples.store.sample_query import SampleQuery
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_sample, append_samples
from ui import layout
from ui.page.parts import shown
from ui.page.view import View
from utils.config import changed


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[200, 20_000, 100_000], help="how many samples")
    options.add_argument("--looks", type=int, default=7)
    options.add_argument("--checks", action="store_true", help="the quality checks too, which take long")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["CUSTOM_AI_CONFIG"] = str(Path(name) / "config")
        base = make_model(Path(name), TINY)
        store = ProjectStore(Path(name) / "projects")
        for size in given.sizes:
            project = store.create(f"project {size}")
            append_samples(project.samples_file, make_samples(size, words=40))
            choice = {"source": "path", "name": str(base)}
            project.save_config(changed(project.load_config(), base=choice))
            found = {**samples_alone(project), **looks(Services(store), project, given.looks)}
            if given.checks:
                found |= checks(project)
            told = "  ".join(f"{what} {statistics.median(each) * 1000:6.0f} ms" for what, each in found.items())
            print(f"{size:9,} samples  {told}", flush=True)


def samples_alone(project: Project) -> dict[str, list[float]]:
    """Seconds of what is done with the samples, without the rest of the page."""
    samples, new = SampleStore(project), sft_dataset.HeldFiles(sft_dataset.held_line)
    middle = samples.ids(SampleQuery())[samples.counts().total // 2]
    works: dict[str, Callable[[], object]] = {
        "page": lambda: samples.page(SampleQuery(), 10),
        "counts": lambda: samples.counts(),
        "search": lambda: samples.page(SampleQuery(words="gibt es nicht"), 10),
        "status": lambda: samples.set_status([middle], "accepted"),
    }
    started = time.process_time()
    new.of(project.samples_file)
    return {"read": [time.process_time() - started], **{what: [timed(work)] for what, work in works.items()}}


def checks(project: Project) -> dict[str, list[float]]:
    """Seconds of the quality checks of all samples, and after one more."""
    work = partial(sft_generator.check_all, SilentContext(), project)
    all_of_them = timed(work)
    append_sample(project.samples_file, Sample("Noch eine Frage?", "Noch eine Antwort.", "one more"))
    return {"checks": [all_of_them], "checks again": [timed(work)]}


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def looks(services: Services, project: Project, count: int) -> dict[str, list[float]]:
    """Seconds of each look, by what happened before it."""
    samples = SampleStore(project)
    places = {**layout.FRAME.places, **layout.SCREENS["samples"].part.places}

    def look() -> float:
        def draw() -> None:
            view = View(services, "de", project.name)
            view.stamp()
            for render in places.values():
                shown(render, view)

        return timed(draw)

    found: dict[str, list[float]] = {"first": [look()], "unchanged": [], "appended": [], "changed": []}
    for number in range(count):
        found["unchanged"].append(look())
        append_sample(project.samples_file, Sample(f"Neu {number}?", "Eine neue Antwort.", f"new{number}"))
        found["appended"].append(look())
        samples.set_status([f"new{number}"], "rejected")
        found["changed"].append(look())
    return found


if __name__ == "__main__":
    main()

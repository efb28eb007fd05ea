"""`python -m benchmarks.page`: what one look of a browser costs, in projects of few and of many samples.

A browser looks once a second. Timed are a look at which nothing is new, one after a sample was appended, as while
samples are written, and one after a sample was changed, as in a review. A small model of random weights is chosen, so
that every estimate on the page is made.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.large_data import make_samples
from benchmarks.memory import TINY, make_model
from core.project_manager import Project, ProjectStore
from core.samples.sample_store import SampleStore
from core.samples.sft_dataset import Sample, append_sample, append_samples
from core.services import Services
from ui import page
from ui.live import Live
from utils.config import changed


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[200, 20_000, 100_000], help="how many samples")
    options.add_argument("--looks", type=int, default=7)
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
            seconds = looks(Services(store), project, given.looks)
            told = "  ".join(f"{what} {statistics.median(each) * 1000:6.0f} ms" for what, each in seconds.items())
            print(f"{size:9,} samples  {told}", flush=True)


def looks(services: Services, project: Project, count: int) -> dict[str, list[float]]:
    """Seconds of each look, by what happened before it."""
    samples = SampleStore(project)
    live = page_of(services)
    positions = [state.value for state in live.inputs]

    def look() -> float:
        started = time.perf_counter()
        live.refresh(project.name, {}, *positions)
        return time.perf_counter() - started

    found: dict[str, list[float]] = {"first": [look()], "unchanged": [], "appended": [], "changed": []}
    for number in range(count):
        found["unchanged"].append(look())
        append_sample(project.samples_file, Sample(f"Neu {number}?", "Eine neue Antwort.", f"new{number}"))
        found["appended"].append(look())
        samples.set_status([f"new{number}"], "rejected")
        found["changed"].append(look())
    return found


def page_of(services: Services) -> Live:
    """What keeps a newly built page up to date."""
    made: list[Live] = []

    def noted(*arguments: Any) -> Live:
        made.append(Live(*arguments))
        return made[0]

    with mock.patch.object(page, "Live", noted):
        page.build(services, "de")
    return made[0]


if __name__ == "__main__":
    main()

"""Samples follow their texts while chunks come, go and are cut anew. Knows jobs; texts are found again by sources."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.jobs.job import JobContext
from core.project_manager import Project
from core.samples.store.sample_store import SampleStore
from utils.errors import AppError, readable


@contextmanager
def samples_follow(context: JobContext, project: Project) -> Iterator[None]:
    """Chunks change inside. Before, samples that noted their chunk alone note its place; then all are relinked."""
    relink(context, project)
    try:
        yield
    finally:
        relink(context, project)


def relink(context: JobContext, project: Project) -> None:
    """Write into each sample which chunk holds its text now, and tell how many have lost theirs.

    Where the file of samples cannot be read or written to, that is told too: the chunks are right without it.
    """
    try:
        gone = SampleStore(project).relink()
    except (AppError, OSError) as error:
        told = readable(error)
        context.log(f"error.{told.code}", **told.params)
    else:
        if gone:
            context.log("samples.log_gone", count=gone)

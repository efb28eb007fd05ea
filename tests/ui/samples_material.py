"""A project with samples, without any helper."""

from collections.abc import Sequence

from core.project_manager import Project
from core.samples.store.findings import Finding, Verdict
from core.samples.store.sample import Sample, Source
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_samples


def store_samples(project: Project, count: int, document: str = "a.txt", **known: object) -> list[str]:
    """Samples s1, s2, …; `known` are fields of all of them. Answers their ids."""
    source = Source(document, page=3, chunk_id=1) if document else None
    numbers = range(1, count + 1)
    given: dict[str, object] = {"source": source, **known}
    append_samples(
        project.samples_file,
        [Sample(f"Frage {number}?", f"Antwort {number}.", f"s{number}", **given) for number in numbers],  # type: ignore[arg-type]
    )
    return [f"s{number}" for number in numbers]


def find(project: Project, found: dict[str, Sequence[Finding]]) -> None:
    """Have the checks say this of some samples, and nothing of all others."""
    store = SampleStore(project)
    held = store.held()
    verdicts = (
        (own, Verdict(line.content, findings=tuple(found.get(own, ()))))
        for own, line in zip(held.ids, held.samples, strict=True)
    )
    store.set_findings("", verdicts)

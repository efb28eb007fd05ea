from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_context import RecordingContext
from store_material import add_document

from core.documents.store.chunk_store import ChunkStore, Flag, NewChunk, SourceFile
from core.jobs.job import PauseRequested
from core.project_manager import Project, ProjectStore
from core.samples import generate as sft_generator
from core.samples.drafts import Draft, Supply, Task, Usage, Writer, Written
from core.samples.generate import generate_samples
from core.samples.store.sft_dataset import count_samples, read_samples
from utils.config import SftSettings
from utils.errors import AppError

THINGS = [
    "Pumpe",
    "Feder",
    "Kugel",
    "Rolle",
    "Säule",
    "Schraube",
    "Welle",
    "Kette",
    "Achse",
    "Düse",
    "Klappe",
    "Spule",
]
CHUNKS = len(THINGS)


def text_about(thing: str) -> str:
    return (
        f"Die {thing} ist ein Teil der Maschine und liegt im Keller. "
        f"Die {thing} benötigt sehr viel Strom und Wasser. "
        f"Wenn die {thing} kaputt ist, steht die ganze Maschine still. "
        f"Die {thing} dient zum Heben von schweren Lasten."
    )


def fill(project: Project) -> Project:
    chunks = [
        NewChunk(text_about(thing), {"page": number, "tokens": 60}) for number, thing in enumerate(THINGS, start=1)
    ]
    add_document(ChunkStore(project.database), SourceFile("maschine.pdf", "maschine.pdf", "ab", "done"), chunks)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return fill(ProjectStore(tmp_path).create("Maschine"))


def generate(project: Project, samples: int, context: RecordingContext | None = None, seed: int = 42) -> dict:
    return generate_samples(context or RecordingContext(), project, SftSettings(samples=samples, seed=seed))


def test_each_sample_is_traced_to_its_chunk(project: Project) -> None:
    result = generate(project, 10)
    assert {name: result[name] for name in ("samples", "requested", "failed", "cost_usd")} == {
        "samples": 10,
        "requested": 10,
        "failed": 0,
        "cost_usd": 0.0,
    }
    store = ChunkStore(project.database)
    for sample in read_samples(project.samples_file):
        assert sample.source is not None
        chunk = store.chunk(sample.source.chunk_id or 0)
        assert chunk is not None
        assert sample.output in chunk.text
        assert (sample.source.document, sample.source.page) == ("maschine.pdf", chunk.page)
        assert (sample.status, sample.language) == ("new", "de")


def test_chunks_that_are_excluded_or_flagged_give_no_samples(project: Project) -> None:
    store = ChunkStore(project.database)
    ids = store.usable_ids(False, False)
    with store.writer() as writer:
        writer.set_flags([(ids[0], Flag("duplicate", ids[1], 0.95)), (ids[2], Flag("boilerplate"))])
    store.exclude([ids[3]])
    generate(project, 2 * CHUNKS)
    used = {sample.source.chunk_id for sample in read_samples(project.samples_file) if sample.source}
    assert used == set(ids[1:2] + ids[4:])


def test_flagged_chunks_give_samples_where_the_project_wants_them(project: Project) -> None:
    store = ChunkStore(project.database)
    ids = store.usable_ids(False, False)
    with store.writer() as writer:
        writer.set_flags((chunk_id, Flag("duplicate", ids[0], 0.95)) for chunk_id in ids)
    with pytest.raises(AppError) as caught:
        generate(project, 3)
    assert caught.value.code == "no_usable_chunks"
    config = project.load_config()
    documents = config.documents.model_copy(update={"skip_duplicates": False})
    project.save_config(config.model_copy(update={"documents": documents}))
    assert generate(project, 3)["samples"] == 3


def test_all_chunks_are_covered_evenly(project: Project) -> None:
    generate(project, 2 * CHUNKS)
    per_chunk = Counter(sample.source.chunk_id for sample in read_samples(project.samples_file) if sample.source)
    assert len(per_chunk) == CHUNKS
    assert set(per_chunk.values()) == {2}


def test_the_seed_decides_what_is_drawn(project: Project, tmp_path: Path) -> None:
    twin, other = (fill(ProjectStore(tmp_path).create(name)) for name in ("Zwilling", "Anders"))
    generate(project, 5)
    generate(twin, 5)
    generate(other, 5, seed=7)
    assert project.samples_file.read_text() == twin.samples_file.read_text() != other.samples_file.read_text()


def test_a_second_call_makes_up_only_what_is_missing(project: Project) -> None:
    generate(project, 8)
    first = project.samples_file.read_text()
    assert generate(project, 20)["samples"] == 20
    assert project.samples_file.read_text().startswith(first)
    assert generate(project, 15)["samples"] == 20
    assert count_samples(project.samples_file) == 20


def test_texts_that_give_less_say_so(project: Project) -> None:
    context = RecordingContext()
    result = generate(project, 5000, context)
    assert result["requested"] == 5000
    assert CHUNKS * 4 <= result["samples"] < 5000
    assert result["samples"] == count_samples(project.samples_file)
    assert "samples.log_exhausted" in [key for key, _ in context.log_lines]
    assert generate(project, 5000)["samples"] == result["samples"]


@settings(max_examples=15, deadline=None)
@given(stops=st.lists(st.integers(0, 9), max_size=6))
def test_stops_at_any_place_lose_and_double_nothing(
    stops: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = fill(ProjectStore(tmp_path_factory.mktemp("stops")).create("Maschine"))
    for stop_after in stops:
        try:
            generate(project, 30, RecordingContext(stop_after=stop_after))
        except PauseRequested:
            torn = project.samples_file
            if torn.exists():
                with torn.open("a") as file:
                    file.write('{"instruction": "torn by a kill')
    assert generate(project, 30)["samples"] == 30
    samples = read_samples(project.samples_file)
    assert len(samples) == 30
    assert len({sample.id for sample in samples}) == len({sample.instruction for sample in samples}) == 30


def test_rejected_samples_are_made_up_for_but_not_asked_again(project: Project) -> None:
    generate(project, 4)
    lines = project.samples_file.read_text()
    project.samples_file.write_text(lines.replace('"status": "new"', '"status": "rejected"', 1))
    assert generate(project, 4)["samples"] == 4
    questions = [sample.instruction for sample in read_samples(project.samples_file)]
    assert len(questions) == len(set(questions)) == 5


def test_a_project_without_chunks_says_so(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="no_chunks"):
        generate(ProjectStore(tmp_path).create("Leer"), 5)


def test_progress_counts_what_is_on_disk(project: Project) -> None:
    seen: list[tuple[float, int]] = []

    class Watching(RecordingContext):
        def progress(self, done, total, key=None, /, **params):
            seen.append((done, count_samples(project.samples_file)))

    generate(project, 6, Watching())
    assert seen == [(number, number) for number in range(7)]


def use(monkeypatch: pytest.MonkeyPatch, provider: Writer) -> None:
    """Let the practice helper be another provider."""
    monkeypatch.setattr(sft_generator, "writer_of", lambda project, chosen, access: provider)


def tasks_of(supply: Supply) -> Iterator[Task]:
    """All tasks, as a provider takes them that does one after the other."""
    return iter(supply.take, None)


def test_another_provider_fits_in_with_its_usage_and_is_closed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []

    def cloud(supply: Supply, chosen: SftSettings, usage: Usage):
        try:
            for task in tasks_of(supply):
                usage.requests += 1
                if usage.requests % 3 == 0:
                    usage.failed += 1
                    yield Written(task)
                    continue
                usage.cost_usd += 0.001
                yield None
                yield Written(task, (Draft(f"Frage {task.chunk and task.chunk.id}-{task.turn}?", "Antwort", "de"),))
        finally:
            closed.append(True)

    use(monkeypatch, cloud)
    result = generate(project, 30)
    assert (result["samples"], result["requests"], result["failed"], result["cost_usd"]) == (30, 44, 14, 0.03)
    assert closed == [True]


def test_a_provider_that_repeats_itself_comes_to_an_end(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def parrot(supply: Supply, chosen: SftSettings, usage: Usage):
        for task in tasks_of(supply):
            questions = ("Immer  dasselbe?", "immer dasselbe?", "Leer?")
            yield Written(task, tuple(Draft(asked, "Ja." if asked != "Leer?" else "  ", "de") for asked in questions))

    use(monkeypatch, parrot)
    assert generate(project, 10)["samples"] == 1


def test_no_more_than_what_is_missing_is_asked_for_at_any_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []

    def eager(supply: Supply, chosen: SftSettings, usage: Usage):
        while tasks := list(tasks_of(supply)):
            counts.append([task.count for task in tasks])
            for task in tasks:
                number = len(counts) * 100 + task.turn
                drafts = [
                    Draft(f"{number} {task.chunk and task.chunk.id} {n}?", "Ja.", "de") for n in range(task.count)
                ]
                yield Written(task, tuple(drafts[:-1] or drafts))

    use(monkeypatch, eager)
    chosen = SftSettings(samples=10, per_request=4)
    assert generate_samples(RecordingContext(), project, chosen)["samples"] == 10
    assert counts == [[4, 4, 2], [3], [1]]


def test_a_spent_budget_ends_the_work_and_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def dear(supply: Supply, chosen: SftSettings, usage: Usage):
        for task in tasks_of(supply):
            usage.cost_usd += 0.3
            yield Written(task, (Draft(f"{usage.cost_usd}?", "Ja.", "de"),))

    use(monkeypatch, dear)
    context = RecordingContext()
    result = generate_samples(context, project, SftSettings(samples=50, budget_usd=1.0))
    assert result["samples"] == 4
    assert "samples.log_budget" in [key for key, _ in context.log_lines]


def test_a_topic_alone_gives_samples_without_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def expert(supply: Supply, chosen: SftSettings, usage: Usage):
        for task in tasks_of(supply):
            assert task.chunk is None
            yield Written(task, (Draft(f"Optik {task.turn}?", "Licht.", "de"),))

    monkeypatch.setattr(sft_generator, "writer_of", lambda project, chosen, access: expert)
    project = ProjectStore(tmp_path).create("Optik")
    chosen = SftSettings(samples=7, topic="Optik", provider="ollama", model="m")
    assert generate_samples(RecordingContext(), project, chosen)["samples"] == 7
    assert all(sample.source is None for sample in read_samples(project.samples_file))


def test_the_questions_of_a_chunk_are_told_when_it_is_asked_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[int, list[tuple[str, ...]]] = {}

    def curious(supply: Supply, chosen: SftSettings, usage: Usage):
        for task in tasks_of(supply):
            assert task.chunk
            told.setdefault(task.chunk.id, []).append(task.asked)
            yield Written(task, (Draft(f"Frage {task.chunk.id} {task.turn}?", "Ja.", "de"),))

    use(monkeypatch, curious)
    generate(project, 2 * CHUNKS)
    assert all(asked == [(), (f"Frage {chunk_id} 0?",)] for chunk_id, asked in told.items())

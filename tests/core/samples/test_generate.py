import itertools
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_context import RecordingContext
from store_material import add_document

from core.documents.store.chunk_store import ChunkStore, Flag, NewChunk, SourceFile
from core.jobs.job import PauseRequested
from core.project_manager import ProjectStore
from core.samples import generate as sft_generator
from core.samples.drafts import Draft, Written
from core.samples.generate import generate_samples
from core.samples.store.sft_dataset import count_samples, read_samples
from core.samples.store.sources import source_of
from tests.refusals import code_of
from utils.config import SftSettings

THINGS = ["Pumpe", "Feder", "Kugel", "Rolle", "Säule", "Schraube", "Welle", "Kette", "Achse", "Düse", "Klappe", "Uhr"]
CHUNKS = len(THINGS)


def text_about(thing):
    return (
        f"Die {thing} ist ein Teil der Maschine und liegt im Keller. "
        f"Die {thing} benötigt sehr viel Strom und Wasser. "
        f"Wenn die {thing} kaputt ist, steht die ganze Maschine still. "
        f"Die {thing} dient zum Heben von schweren Lasten."
    )


def fill(project):
    chunks = [NewChunk(text_about(thing), {"page": page, "tokens": 60}) for page, thing in enumerate(THINGS, start=1)]
    add_document(ChunkStore(project.database), SourceFile("maschine.pdf", "maschine.pdf", "ab", "done"), chunks)
    return project


def samples_of(project):
    return read_samples(project.samples_file)


def chunks_used(project):
    return Counter(sample.source.chunk_id for sample in samples_of(project))


@pytest.fixture
def project(project):
    return fill(project)


def generate(project, samples, context=None, **chosen):
    return generate_samples(context or RecordingContext(), project, SftSettings(samples=samples, **chosen))


def test_each_sample_is_traced_to_its_chunk(project):
    result = generate(project, 10)
    assert (result["samples"], result["requested"], result["failed"], result["cost_usd"]) == (10, 10, 0, 0.0)
    chunks = {chunk.id: chunk for chunk in ChunkStore(project.database).chunks(limit=1000)}
    for sample in samples_of(project):
        chunk = chunks[sample.source.chunk_id]
        assert sample.output in chunk.text
        assert sample.source == source_of(chunk)
        assert (sample.source.document, sample.source.page) == ("maschine.pdf", chunk.page)
        assert (sample.status, sample.language) == ("new", "de")


def test_chunks_that_are_excluded_or_flagged_give_no_samples(project):
    store = ChunkStore(project.database)
    ids = store.usable_ids(False, False)
    with store.writer() as writer:
        writer.set_flags([(ids[0], Flag("duplicate", ids[1], 0.95)), (ids[2], Flag("boilerplate"))])
    store.exclude([ids[3]])
    generate(project, 2 * CHUNKS)
    assert set(chunks_used(project)) == {ids[1], *ids[4:]}


def test_flagged_chunks_give_samples_where_the_project_wants_them(project, tmp_path):
    store = ChunkStore(project.database)
    ids = store.usable_ids(False, False)
    with store.writer() as writer:
        writer.set_flags((chunk_id, Flag("duplicate", ids[0], 0.95)) for chunk_id in ids)
    assert code_of(lambda: generate(project, 3)) == "no_usable_chunks"
    assert code_of(lambda: generate(ProjectStore(tmp_path).create("Leer"), 3)) == "no_chunks"
    project.set("documents", {"skip_duplicates": False})
    assert generate(project, 3)["samples"] == 3


def test_all_chunks_are_covered_evenly(project):
    generate(project, 2 * CHUNKS)
    assert [*chunks_used(project).values()] == [2] * CHUNKS


def test_the_seed_decides_what_is_drawn(project, tmp_path):
    twin, other = (fill(ProjectStore(tmp_path).create(name)) for name in ("Zwilling", "Anders"))
    for each, seed in ((project, 42), (twin, 42), (other, 7)):
        generate(each, 5, seed=seed)
    assert project.samples_file.read_text() == twin.samples_file.read_text() != other.samples_file.read_text()


def test_a_second_call_makes_up_only_what_is_missing(project):
    generate(project, 8)
    first = project.samples_file.read_text()
    assert generate(project, 20)["samples"] == 20
    assert project.samples_file.read_text().startswith(first)
    assert generate(project, 15)["samples"] == 20
    assert count_samples(project.samples_file) == 20


def test_texts_that_give_less_say_so(project):
    context = RecordingContext()
    result = generate(project, 5000, context)
    assert CHUNKS * 4 <= result["samples"] == count_samples(project.samples_file) < result["requested"] == 5000
    assert "samples.log_exhausted" in [key for key, _ in context.log_lines]
    assert generate(project, 5000)["samples"] == result["samples"]


@settings(max_examples=15, deadline=None)
@given(stops=st.lists(st.integers(0, 9), max_size=6))
def test_stops_at_any_place_lose_and_double_nothing(stops, tmp_path_factory):
    project = fill(ProjectStore(tmp_path_factory.mktemp("stops")).create("Maschine"))
    for stop_after in stops:
        try:
            generate(project, 30, RecordingContext(stop_after=stop_after))
        except PauseRequested:
            if project.samples_file.exists():
                with project.samples_file.open("a") as file:
                    file.write('{"instruction": "torn by a kill')
    assert generate(project, 30)["samples"] == 30
    samples = samples_of(project)
    assert len(samples) == len({sample.id for sample in samples}) == len({each.instruction for each in samples}) == 30


def test_rejected_samples_are_made_up_for_but_not_asked_again(project):
    generate(project, 4)
    lines = project.samples_file.read_text()
    project.samples_file.write_text(lines.replace('"status": "new"', '"status": "rejected"', 1))
    assert generate(project, 4)["samples"] == 4
    questions = [sample.instruction for sample in samples_of(project)]
    assert len(questions) == len(set(questions)) == 5


def test_progress_counts_what_is_on_disk(project):
    def progress(done, total, key, /, **params):
        seen.append((done, count_samples(project.samples_file)))

    seen, context = [], RecordingContext()
    context.progress = progress
    generate(project, 6, context)
    assert seen == [(number, number) for number in range(7)]


def test_progress_counts_requests_and_tokens_while_nothing_succeeds(project, use):
    def useless(supply, chosen, usage):
        for task in itertools.islice(tasks_of(supply), 3):
            usage.requests += 1
            usage.prompt_tokens += 100
            yield None
            yield Written(task)

    use.provider(useless)
    context, told = RecordingContext(), []
    context.progress = lambda done, total, key, /, **params: told.append((done, params))
    generate(project, 5, context, provider="ollama", model="m")
    assert [(done, params["requests"], params["tokens"]) for done, params in told] == [
        (0, count, 100 * count) for count in range(4)
    ]


def test_a_chunk_of_which_nothing_can_come_is_asked_once(project, use):
    asked = Counter()

    def refusing(supply, chosen, usage):
        for task in tasks_of(supply):
            asked[task.chunk.id] += 1
            yield Written(task, final=True)

    use.provider(refusing)
    assert generate(project, 100)["samples"] == 0
    assert [*asked.values()] == [1] * CHUNKS


def test_where_nobody_knows_the_cost_a_limit_to_it_is_said_to_be_none(project, use):
    def unpriced(task, usage):
        usage.cost_known = False
        return [(f"{task.chunk.id} {task.turn}?", "Ja.")]

    use(unpriced)
    for limit in (0.0, 1.0):
        context = RecordingContext()
        generate(project, 2 + int(limit), context, budget_usd=limit)
        assert ("samples.log_cost_unknown" in [key for key, _ in context.log_lines]) is bool(limit)


@pytest.fixture
def use(monkeypatch):
    """Let the practice helper be another provider, which gives drafts for each task and may count its usage."""

    def use(drafts):
        def provider(supply, chosen, usage):
            for task in tasks_of(supply):
                yield Written(task, tuple(Draft(asked, said, "de") for asked, said in drafts(task, usage)))

        use_provider(provider)

    def use_provider(provider):
        monkeypatch.setattr(sft_generator, "writer_of", lambda project, chosen, access: provider)

    use.provider = use_provider
    return use


def tasks_of(supply):
    """All tasks, as a provider takes them that does one after the other."""
    return iter(supply.take, None)


def test_another_provider_fits_in_with_its_usage_and_is_closed(project, use):
    closed = []

    def cloud(supply, chosen, usage):
        try:
            for task in tasks_of(supply):
                usage.requests += 1
                if usage.requests % 3 == 0:
                    usage.failed += 1
                    yield Written(task)
                    continue
                usage.cost_usd += 0.001
                yield None
                yield Written(task, (Draft(f"Frage {task.chunk.id}-{task.turn}?", "Antwort", "de"),))
        finally:
            closed.append(True)

    use.provider(cloud)
    result = generate(project, 30)
    assert (result["samples"], result["requests"], result["failed"], result["cost_usd"]) == (30, 44, 14, 0.03)
    assert closed == [True]


def test_a_provider_that_repeats_itself_comes_to_an_end(project, use):
    use(lambda task, usage: [("Immer  dasselbe?", "Ja."), ("immer dasselbe?", "Ja."), ("Leer?", "  ")])
    assert generate(project, 10)["samples"] == 1


def test_no_more_than_what_is_missing_is_asked_for_at_any_time(project, use):
    counts = []

    def eager(supply, chosen, usage):
        while tasks := list(tasks_of(supply)):
            counts.append([task.count for task in tasks])
            for task in tasks:
                about = f"{len(counts)} {task.turn} {task.chunk.id}"
                drafts = [Draft(f"{about} {n}?", "Ja.", "de") for n in range(task.count)]
                yield Written(task, tuple(drafts[:-1] or drafts))

    use.provider(eager)
    assert generate(project, 10, per_request=4)["samples"] == 10
    assert counts == [[4, 4, 2], [3], [1]]


def test_a_spent_budget_ends_the_work_and_says_so(project, use):
    def dear(task, usage):
        usage.cost_usd += 0.3
        return [(f"{usage.cost_usd}?", "Ja.")]

    use(dear)
    context = RecordingContext()
    assert generate(project, 50, context, budget_usd=1.0)["samples"] == 4
    assert "samples.log_budget" in [key for key, _ in context.log_lines]


def test_a_topic_alone_gives_samples_without_a_source(tmp_path, use):
    use(lambda task, usage: [(f"Optik {task.turn} {task.chunk}?", "Licht.")])
    project = ProjectStore(tmp_path).create("Optik")
    assert generate(project, 7, topic="Optik", provider="ollama", model="m")["samples"] == 7
    assert all(sample.source is None and "None" in sample.instruction for sample in samples_of(project))


def test_the_questions_of_a_chunk_are_told_when_it_is_asked_again(project, use):
    told = defaultdict(list)

    def curious(task, usage):
        told[task.chunk.id].append(task.asked)
        return [(f"Frage {task.chunk.id} {task.turn}?", "Ja.")]

    use(curious)
    generate(project, 2 * CHUNKS)
    assert all(asked == [(), (f"Frage {chunk_id} 0?",)] for chunk_id, asked in told.items())

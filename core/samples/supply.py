"""Which chunk is asked next: all evenly, after each document got its share; the seed decides the order."""

import heapq
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain

from core.documents.store.chunk_store import ChunkStore
from core.samples.drafts import Task
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import usable

MOST_FRUITLESS = 3  # times in a row that a chunk may give nothing before it is left alone
MOST_FRUITLESS_ON_TOPIC = 12
QUESTIONS_SHOWN = 12  # of those that a helper is asked not to repeat
NO_CHUNK = 0
MINIMUM_PER_DOCUMENT = 5  # fewer hardly teach anything of a document


def minimum_per_document(samples: int, documents: int) -> int:
    """How many of so many samples each document gets at least: an equal share, where that is less than enough."""
    return max(1, min(MINIMUM_PER_DOCUMENT, samples // max(1, documents)))


class Holdings:
    """What this project has: how many samples, which questions, how many of each chunk and document."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.count = 0
        self.of_chunk: Counter[int] = Counter()
        self.questions_of: defaultdict[int, list[str]] = defaultdict(list)
        self._questions: set[str] = set()
        samples = list(samples)
        for sample in samples:
            self.take(sample)
        wanted = usable(samples)  # of rejected ones the question is known, so that it is not asked again
        self.count = len(wanted)
        self.of_document = Counter(sample.source.document for sample in wanted if sample.source)

    def take(self, sample: Sample) -> None:
        """Count one more sample."""
        self.count += 1
        self._questions.add(same(sample.instruction))
        chunk_id = sample.source.chunk_id if sample.source and sample.source.chunk_id else NO_CHUNK
        self.of_chunk[chunk_id] += 1
        questions = self.questions_of[chunk_id]
        questions.append(sample.instruction)
        del questions[:-QUESTIONS_SHOWN]

    def knows(self, instruction: str) -> bool:
        """Whether the question was asked before, in these words."""
        return same(instruction) in self._questions


_Turn = tuple[int, int, int]  # how often a chunk was asked, its place in the seed's order, its id


class EvenSupply:
    """Tasks for the document that lacks most of its minimum, then for the chunk that was asked least, in the seed's
    order; never more than are still missing.

    A chunk that gave nothing some times in a row is left alone. Without chunks, tasks are about the topic.
    """

    def __init__(
        self, store: ChunkStore, chunk_ids: list[int], have: Holdings, wanted: int, per_request: int, seed: int
    ) -> None:
        self._store = store
        self._have = have
        self._wanted = wanted
        self._per_request = per_request
        self._lock = threading.Lock()
        self._under_way = 0
        self._fruitless: Counter[int] = Counter()
        self._is_ended = False
        order = [*chunk_ids] or [NO_CHUNK]
        random.Random(seed).shuffle(order)
        self._most_fruitless = MOST_FRUITLESS if chunk_ids else MOST_FRUITLESS_ON_TOPIC
        names = store.filenames() if chunk_ids else {}
        self._chunks: defaultdict[str, list[_Turn]] = defaultdict(list)  # a heap for each document
        for place, chunk_id in enumerate(order):
            self._chunks[names.get(chunk_id, "")].append((have.of_chunk[chunk_id], place, chunk_id))
        self._minimum = minimum_per_document(wanted, len(self._chunks))
        self._given = Counter(have.of_document)  # stored or under way
        self._spare = dict.fromkeys(self._chunks, self._minimum)
        self._lacking = sum(map(self._lacks, self._chunks))  # of all that wait
        self._next: dict[str, tuple[int, _Turn]] = {}  # what each document waits with; other entries have passed
        self._heap: list[tuple[tuple[int, _Turn], str]] = []
        for document, chunks in self._chunks.items():
            heapq.heapify(chunks)
            self._line_up(document)

    def take(self) -> Task | None:
        """The next task, None where enough are under way or nothing is left."""
        with self._lock:
            missing = self._wanted - self._have.count - self._under_way
            while missing > 0 and self._heap and not self._is_ended:
                waits, document = heapq.heappop(self._heap)
                if self._next.get(document) != waits:
                    continue
                turn, place, chunk_id = heapq.heappop(self._chunks[document])
                chunk = self._store.chunk(chunk_id) if chunk_id != NO_CHUNK else None
                gone = chunk_id != NO_CHUNK and chunk is None
                if gone or self._fruitless[chunk_id] >= self._most_fruitless:
                    self._line_up(document)
                    continue
                for_others = self._lacking - self._lacks(document)
                count = min(self._per_request, missing, max(1, missing - for_others))
                heapq.heappush(self._chunks[document], (turn + count, place, chunk_id))
                self._give(document, count)
                self._under_way += count
                return Task(chunk, turn, count, tuple(self._have.questions_of[chunk_id]))
            return None

    def settle(self, task: Task, stored: int, final: bool = False) -> None:
        """What came of a task is stored and counted. A chunk of which nothing can come is not asked again."""
        with self._lock:
            self._under_way -= task.count
            chunk_id = task.chunk.id if task.chunk else NO_CHUNK
            fruitless = self._most_fruitless if final and task.chunk else self._fruitless[chunk_id] + 1
            self._fruitless[chunk_id] = 0 if stored else fruitless
            # A document is asked again for what it did not give, but never so often that the others wait for ever.
            document = task.chunk.filename if task.chunk else ""
            again = min(task.count - stored, self._spare[document]) if document in self._next else 0
            if again > 0:
                self._spare[document] -= again
                self._give(document, -again)

    def _lacks(self, document: str) -> int:
        """How many samples a document has less than its minimum."""
        return max(0, self._minimum - self._given[document])

    def _give(self, document: str, count: int) -> None:
        """Count so many samples more for a document, and line it up anew."""
        before = self._lacks(document)
        self._given[document] += count
        self._lacking += self._lacks(document) - before
        self._line_up(document)

    def _line_up(self, document: str) -> None:
        """Have a document wait for its turn; one without chunks has had it."""
        if chunks := self._chunks[document]:
            self._next[document] = waits = (min(self._given[document], self._minimum), chunks[0])
            heapq.heappush(self._heap, (waits, document))
        elif self._next.pop(document, None):
            self._lacking -= self._lacks(document)

    def end(self) -> None:
        """Give no more tasks: the budget is spent."""
        self._is_ended = True

    @property
    def is_over(self) -> bool:
        with self._lock:
            done = self._have.count >= self._wanted
            return done or self._is_ended or (not self._under_way and not self._has_more())

    def _has_more(self) -> bool:
        chunks = chain.from_iterable(self._chunks.values())
        return any(self._fruitless[chunk_id] < self._most_fruitless for _, _, chunk_id in chunks)


def same(instruction: str) -> str:
    """What two questions share that differ only in case and spaces."""
    return " ".join(instruction.casefold().split())

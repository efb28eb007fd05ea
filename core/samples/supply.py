"""Which chunk is asked next: all evenly, in an order that the seed decides. Knows no helper model."""

import heapq
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable

from core.documents.store.chunk_store import ChunkStore
from core.samples.drafts import Task
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import usable

MOST_FRUITLESS = 3  # times in a row that a chunk may give nothing before it is left alone
MOST_FRUITLESS_ON_TOPIC = 12
QUESTIONS_SHOWN = 12  # of those that a helper is asked not to repeat
NO_CHUNK = 0


class Holdings:
    """What this project has: how many samples, which questions, how many of each chunk."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.count = 0
        self.of_chunk: Counter[int] = Counter()
        self.questions_of: defaultdict[int, list[str]] = defaultdict(list)
        self._questions: set[str] = set()
        samples = list(samples)
        for sample in samples:
            self.take(sample)
        self.count = len(usable(samples))  # of rejected ones the question is known, so that it is not asked again

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


class EvenSupply:
    """Tasks for the chunk that was asked least, in the seed's order; never more than are still missing.

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
        self._heap = [(have.of_chunk[chunk_id], place, chunk_id) for place, chunk_id in enumerate(order)]
        heapq.heapify(self._heap)

    def take(self) -> Task | None:
        """The next task, None where enough are under way or nothing is left."""
        with self._lock:
            missing = self._wanted - self._have.count - self._under_way
            while missing > 0 and self._heap and not self._is_ended:
                turn, place, chunk_id = heapq.heappop(self._heap)
                chunk = self._store.chunk(chunk_id) if chunk_id != NO_CHUNK else None
                gone = chunk_id != NO_CHUNK and chunk is None
                if gone or self._fruitless[chunk_id] >= self._most_fruitless:
                    continue
                count = min(self._per_request, missing)
                heapq.heappush(self._heap, (turn + count, place, chunk_id))
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

    def end(self) -> None:
        """Give no more tasks: the budget is spent."""
        self._is_ended = True

    @property
    def is_over(self) -> bool:
        with self._lock:
            done = self._have.count >= self._wanted
            return done or self._is_ended or (not self._under_way and not self._has_more())

    def _has_more(self) -> bool:
        return any(self._fruitless[chunk_id] < self._most_fruitless for _, _, chunk_id in self._heap)


def same(instruction: str) -> str:
    """What two questions share that differ only in case and spaces."""
    return " ".join(instruction.casefold().split())

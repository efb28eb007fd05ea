"""Which chunk holds the text that a sample came from, also after chunks were cut anew. Knows chunks; changes nothing.

A sample notes its chunk and, because chunks go, what stays: from where to where in its document's text the chunk
reached, and a hash of what stood there. Where that text is still there, the sample belongs to the chunk of it that
supports its answer best. Samples of earlier versions noted the chunk alone; they, and those whose document reads
otherwise now, belong to the chunk that supports their answer as well as their own did. All others have lost their
text, which they say: `former_chunk_id` in place of `chunk_id`.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import chain

from core.documents.store.chunk_store import Chunk, ChunkStore
from core.samples.checks.support import content_words, support_of
from core.samples.store.sample import Sample, Source

TEXTS_KEPT = 64
LEAST_SUPPORT = 0.7  # what a chunk must say of an answer to be taken for its source
SUPPORT_LOST = 0.1  # by how much it may support less than the chunk that was measured
LEAST_WORDS = 3  # of an answer that are told from those of other chunks
CANDIDATES = 5


def source_of(chunk: Chunk) -> Source:
    """What a sample that is written from this chunk shall note."""
    start = chunk.metadata.get("start")
    end = None if start is None else start + len(chunk.text)
    return Source(chunk.filename, chunk.page, chunk.id, start, end, _hash(chunk.text))


def chunk_of(store: ChunkStore, sample: Sample) -> Chunk | None:
    """The chunk that holds a sample's text now; of one that notes it by now, without a look at the whole document."""
    source = sample.source
    if source is None or source.chunk_id is None:
        return None
    chunk = store.chunk(source.chunk_id)
    if chunk is not None and chunk.filename == source.document and source.text_hash in (None, _hash(chunk.text)):
        return chunk
    now = Links(store).now(sample)
    return store.chunk(now.chunk_id) if now and now.chunk_id is not None else None


class Links:
    """The chunks of a store as they are now; what was looked up of a document is kept."""

    def __init__(self, store: ChunkStore) -> None:
        self._store = store
        self._documents: dict[str, _Document] = {}
        self._renamed: dict[str, str | None] = {}

    def now(self, sample: Sample) -> Source | None:
        """The source as it should be noted now; the same one where it is right."""
        source = sample.source
        if source is None or (
            source.chunk_id is None and source.former_chunk_id is None and source.text_hash is None
        ):
            return source
        document = self._document(source.document)
        if not document.sources and (renamed := self._same_text(source)):
            document = renamed
        found = document.find(sample, source)
        if found is not None:
            return found
        former = source.former_chunk_id if source.chunk_id is None else source.chunk_id
        return replace(source, chunk_id=None, former_chunk_id=former)

    def _same_text(self, source: Source) -> "_Document | None":
        """The document that has, under another name, the text of one that has gone; looked for once for each."""
        if source.document not in self._renamed:
            names = (other.filename for other in self._store.documents())
            holding = (name for name in names if self._document(name).holds(source))
            self._renamed[source.document] = next(holding, None)
        name = self._renamed[source.document]
        return self._document(name) if name else None

    def _document(self, name: str) -> "_Document":
        if name not in self._documents:
            self._documents[name] = _Document(self._store, name)
        return self._documents[name]


class _Document:
    """One document: its chunks in the order of its text, without their texts, as sources."""

    def __init__(self, store: ChunkStore, name: str) -> None:
        self._store = store
        self._name = name
        self.sources = [source_of(chunk) for batch in store.batches(name) for chunk in batch]
        self._placed = [each for each in self.sources if each.start is not None]  # not by the earliest versions
        self._starts = [each.start or 0 for each in self._placed]
        self._ends = [each.end or 0 for each in self._placed]
        self._by_id = {source.chunk_id: source for source in self.sources}
        self._by_hash = {source.text_hash: source for source in reversed(self.sources)}
        self._hash_of = lru_cache(TEXTS_KEPT)(lambda start, end: _hash(store.text(name, start, end)))
        self._text_of = lru_cache(TEXTS_KEPT)(self._read_text)

    def find(self, sample: Sample, source: Source) -> Source | None:
        """The source that `Links.now` gives, or None where the text is not in this document."""
        own = self._by_id.get(source.chunk_id) if source.chunk_id is not None else None
        if own is not None and source.text_hash in (own.text_hash, None):
            is_own = source.text_hash is not None or sample.support is None
            if is_own or self._support(sample, own) >= self._least(sample, 0.0):
                return own
        elif parts := self.holds(source):
            # An id that was given anew, in a database that was built again, may be that of another part.
            if own is None or own not in parts or self._support(sample, own) < self._least(sample, 1.0):
                own = max(parts, key=lambda part: (self._support(sample, part), _shared(part, source)))
            return replace(source, document=self._name, page=own.page, chunk_id=own.chunk_id, former_chunk_id=None)
        elif source.text_hash in self._by_hash:
            return self._by_hash[source.text_hash]
        return self._supporting(sample)

    def holds(self, source: Source) -> Sequence[Source]:
        """The chunks that share the place which a source notes; none where another text stands there."""
        if source.start is None or source.end is None or source.text_hash is None:
            return ()
        if self._hash_of(source.start, source.end) != source.text_hash:
            return ()
        first = bisect_right(self._ends, source.start)
        return self._placed[first : bisect_left(self._starts, source.end, lo=first)]

    def _supporting(self, sample: Sample) -> Source | None:
        """The chunk that supports the answer best, if it does so well and knows each number in it."""
        words = dict(content_words(sample.output))
        if len(words) < LEAST_WORDS:
            return None
        shared = Counter(place for word in words for place in self._places.get(word, ()))
        for word in words:
            if word[0].isdigit():
                shared = Counter({place: shared[place] for place in self._places.get(word, ()) if place in shared})
        candidates = [self.sources[place] for place, _ in shared.most_common(CANDIDATES)]
        best = max(candidates, key=lambda each: self._support(sample, each), default=None)
        least = max(LEAST_SUPPORT, self._least(sample, 0.0))
        return best if best is not None and self._support(sample, best) >= least else None

    @staticmethod
    def _least(sample: Sample, unmeasured: float) -> float:
        """What a chunk must support of the answer to be the one that was measured."""
        return unmeasured if sample.support is None else sample.support - SUPPORT_LOST

    def _support(self, sample: Sample, source: Source) -> float:
        return support_of(sample.output, self._text_of(source.chunk_id)).share

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """In which chunks, by their place in `sources`, each word stands."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, chunk in enumerate(chain.from_iterable(self._store.batches(self._name))):
            for word in {word for word, _ in content_words(chunk.text)}:
                places[word].append(place)
        return places

    def _read_text(self, chunk_id: int) -> str:
        chunk = self._store.chunk(chunk_id)
        return chunk.text if chunk else ""


def _shared(one: Source, other: Source) -> int:
    """How many characters of a document both have."""
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return 0
    return min(one.end, other.end) - max(one.start, other.start)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=12).hexdigest()

"""Search and paging over a large store: `python -m benchmarks.search`.

The store is made of words that occur as often as words of a language do (Zipf), with a few known ones among them.
There is no baseline; the limit is 100 ms for a first page.
"""

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.documents.store.chunk_store import ChunkStore, NewChunk, SourceFile

FREQUENT = re.findall(
    r"\w+", "der die und in the of den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an"
)
SYLLABLES = re.findall(
    r"\w+",
    "ab an auf be bo da del di en er fa ge gen ha heit in ka keit la le lich ma mo ne or pa ra re ri sa scha se stra"
    " ta te ti um un ver vor wa we zu zeit über größ",
)
VOCABULARY = 200_000
SENTENCES = 40_000
WORDS_IN_SENTENCE = 15
SENTENCES_IN_CHUNK = 20
CHUNKS_IN_DOCUMENT = 500
JAPANESE = "この章では計算機の基本的な使い方を説明します。電源を入れてからログインするまでの手順は次のとおりです。"
SEARCHES = {
    "rare word": "einhornzahl77",
    "rare beginning": "einhorn",
    "middling word": "transformator",
    "frequent beginning": "ver",
    "everywhere": "der",
    "everywhere, English": "the",
    "one letter": "d",
    "two frequent words": "der und",
    "three frequent words": "die nicht auch",
    "frequent and middling": "der transformator",
    "frequent and rare": "der einhornzahl77",
    "two middling words": "transformator spannungsteiler",
    "middling, umlaut typed as ue": "ueberpruefung",
    "no hit": "xqzzy",
    "no hit beside a frequent word": "der xqzzy",
    "Japanese word in a sentence": "ログイン",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=64_000)
    parser.add_argument("--store", type=Path, help="keep the store here, and use it again where it is there")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = ChunkStore(options.store or Path(folder) / "rag.db")
        if store.count() < options.chunks:
            seconds = _seconds(lambda: fill(store, options.chunks))
            print(f"stored {options.chunks} chunks in {seconds:.0f} s, {options.chunks / seconds:.0f} a second")
        print(f"{store.count()} chunks, {store.path.stat().st_size / 1e9:.2f} GB")
        for name, words in SEARCHES.items():
            found = len(store.search(words))
            _show(f"{name}: {words} ({found} shown)", partial(store.search, words), options.repeat)
        for name, words in SEARCHES.items():
            if store.search(words, offset=180):
                _show(f"tenth page of {name}: {words}", partial(store.search, words, offset=180), options.repeat)
        ids = store.usable_ids()
        for name, place in (("first", 0), ("middle", len(ids) // 2), ("last", len(ids) - 60)):
            _show(f"{name} page of all chunks", partial(store.chunks, ids[place]), options.repeat)
        _show("page before the last chunk", partial(store.chunks, before_id=ids[-1]), options.repeat)
        _show("count of chunks", store.count, options.repeat)


def fill(store: ChunkStore, chunks: int) -> None:
    """Fill a store; the same number of chunks gives the same store."""
    chance = random.Random(1)
    sentences = _sentences(chance)
    with store.writer() as writer:
        for first in range(0, chunks, CHUNKS_IN_DOCUMENT):
            numbers = range(first, min(first + CHUNKS_IN_DOCUMENT, chunks))
            name = f"{first // CHUNKS_IN_DOCUMENT}.pdf"
            source = SourceFile(name, name, name, "done", pages=len(numbers), pages_read=len(numbers))
            new = (_chunk(number, sentences, chance) for number in numbers)
            writer.replace(name, new, partial(replace, source))


def _sentences(chance: random.Random) -> list[str]:
    words = FREQUENT + ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 5))) for _ in range(VOCABULARY)]
    weights, total = [], 0.0
    for rank in range(len(words)):
        total += 1 / (rank + 3) ** 1.05
        weights.append(total)
    drawn = iter(chance.choices(words, cum_weights=weights, k=SENTENCES * WORDS_IN_SENTENCE))
    return [" ".join(next(drawn) for _ in range(WORDS_IN_SENTENCE)) + "." for _ in range(SENTENCES)]


def _chunk(number: int, sentences: list[str], chance: random.Random) -> NewChunk:
    parts = chance.choices(sentences, k=SENTENCES_IN_CHUNK) + list(_known_words(number))
    metadata = {"page": number % 500, "page_end": number % 500, "tokens": 300 + number % 212, "tokenizer": "rule"}
    return NewChunk(" ".join(parts), {**metadata, "sha256": "0" * 64, "start": number * 1900})


def _known_words(number: int) -> Iterator[str]:
    yield f"Lfd{number:x}"  # a word of its own for each chunk, as numbers and names are
    if number % 100_003 == 7:
        yield "Einhornzahl77"
    if number % 100 == 3:
        yield "Transformator"
    if number % 150 == 3:
        yield "Spannungsteiler"
    if number % 1000 == 4:
        yield "Überprüfung"
    if number % 2000 == 5:
        yield JAPANESE * 4


def _show(name: str, work: Callable[[], object], repeat: int) -> None:
    seconds = [_seconds(work) for _ in range(repeat)]
    print(f"{statistics.median(seconds) * 1000:7.1f} ms, at most {max(seconds) * 1000:7.1f} ms  {name}", flush=True)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

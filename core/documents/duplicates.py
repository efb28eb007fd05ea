"""Which chunks say what others have said, and which say nothing. Knows texts and flags; knows no SQL and no UI.

A chunk is a near-duplicate where at least 80 % of it stood in earlier chunks, of any document. The text is taken
without spaces, punctuation and capitals, so other line wrapping changes nothing; windows of 24 bytes of it are
hashed, and of those a sample that depends on the hash alone is kept ("prints"), about 16 for a chunk of 2 kB. Sorting
all prints tells which were there before; where they are many, the texts themselves are compared. What a chunk repeats
of the one before it in its own file (the overlap that chunks have) does not count.

Measured on one core with 12,000 chunks of PDF manuals (13 MB): 0.4 s with all that is read, told, stored and
compared, at about 50 MB; MinHash in Rust (rensa 0.5.0, 64 permutations over shingles of five words) takes 0.8 s and
330 MB for the comparison alone, and misses what is cut at other places. Of 100 texts each with every 25th word
changed, other line ends, all digits changed, and cut elsewhere, this finds 73, 100, 58 and 97, rensa 52, 100, 45 and
1; neither took one of 400 shuffled texts for a repetition.

Boilerplate is told by its form: tables of contents, indexes, licences, mostly numbers. The rules rather miss one than
take a text for boilerplate that says something.
"""

import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

from core.documents.store.chunk_schema import FLAG_BOILERPLATE, FLAG_DUPLICATE, Flag
from core.documents.store.chunk_store import ChunkStore, Writer
from core.jobs.job import JobContext

if TYPE_CHECKING:
    import numpy

    Hashes = numpy.ndarray[tuple[int], numpy.dtype[numpy.uint64]]

DUPLICATE_SHARE = 0.8
CANDIDATE_SHARE = 0.5  # of its prints; what the texts say then decides
WINDOW_BYTES = 24
PRINTS_SHIFT = 64 - 7  # one window of 128 leaves a print
COMPARED_SHIFT = 64 - 3  # one of 8 where texts are compared
FEW_PRINTS = 4
BLOCK_BYTES = 1 << 16  # fits a processor's cache
MOST_PRINTS = 2_000_000  # in memory at once; larger stores are compared by every second, fourth … print
MOST_MASK = 0x3F
MOST_ORIGINALS = 4
COMPARED_AT_ONCE = 200
MULTIPLIER = 0x9E3779B97F4A7C15
BASE = 0x5851F42D4C957F2D

LEAST_BOILERPLATE_BYTES = 60
NUMBERS_SHARE = 0.25  # fewer letters than this among what is no space: figures, rules, plots, no text
LEAST_ENTRIES = 6
ENTRIES_SHARE = 0.5  # of a text that are lines of a table of contents
LINES_SHARE = 0.6
GROWING_SHARE = 0.85
CONTENTS_ENTRY = re.compile(r"[^\n]{0,100}?(?:\. ?){4,}\s*[\divxlc]{1,6}\b")
INDEX_ENTRY = re.compile(r"[\W\d]*[^\W\d].{1,80}?[\s,.][0-9]{1,4}(?:(?:, ?|–|-)[0-9]{1,4})*\s*")
LAST_NUMBER = re.compile(r"[0-9]{1,4}")
LEAST_PHRASES = 3
LICENCE_WORDS = (b"licen", b"warrant", b"copyright", b"rechte", b"gnu", b"isbn")
LICENCE_PHRASES = (
    b"without warranty",
    b"merchantability",
    b"fitness for a particular purpose",
    b"redistribution and use in source",
    b"permission is hereby granted",
    b"permission is granted to copy",
    b"shall not be liable",
    b"in no event shall",
    b"this permission notice",
    b"free software foundation",
    b"all rights reserved",
    b"alle rechte vorbehalten",
    b"terms of the gnu",
    b"this license",
    b"derivative works",
    b"the copyright holder",
    b"haftungsausschluss",
    b"unter den bedingungen der gnu",
    b"ohne jede gew",
    b"your option) any later version",
    b"invariant sections",
    b"isbn",
)
_SPACES = b" \t\n\r\f\v"
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
_NOT_COMPARED = bytes(code for code in range(128) if not chr(code).isalnum())
_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))


def mark_duplicates(context: JobContext, store: ChunkStore) -> dict[str, int]:
    """Flag what came since the last call, and compare it with all; the number of flagged chunks by kind.

    Without a change of the store it does nothing. May be stopped at any checkpoint and called again.
    """
    contents, compared = store.contents()
    if contents != compared:
        with store.writer() as writer:
            prepare_comparing(context, store, writer)
            context.checkpoint()
            writer.replace_flags(FLAG_DUPLICATE, list(_duplicates(context, store, writer)), contents)
    counts = store.flag_counts()
    return {kind: counts.get(kind, 0) for kind in (FLAG_DUPLICATE, FLAG_BOILERPLATE)}


def prepare_comparing(context: JobContext, store: ChunkStore, writer: Writer, filename: str | None = None) -> None:
    """Store the prints of new chunks, of one file or of all, and flag boilerplate. What was stored stays."""
    for batch in store.unprinted(filename):
        context.checkpoint()
        prints = prints_of([text[overlap:] for _, text, overlap in batch])
        reasons = [(chunk_id, boilerplate_reason(text)) for chunk_id, text, _ in batch]
        writer.add_prints(
            zip((chunk_id for chunk_id, _, _ in batch), prints, strict=True),
            [(chunk_id, Flag(FLAG_BOILERPLATE, reason=reason)) for chunk_id, reason in reasons if reason],
        )


def prints_of(texts: Sequence[str]) -> list[bytes]:
    """The prints of each text: 32-bit numbers, little-endian. The same text has the same ones everywhere."""
    import numpy as np

    prints: list[bytes] = []
    block: list[bytes] = []
    size = 0
    for number, text in enumerate(texts, start=1):
        block.append(_compared_bytes(text))
        size += len(block[-1])
        if size >= BLOCK_BYTES or number == len(texts):
            hashes = _window_hashes(b"".join(block))
            places = np.flatnonzero((hashes >> np.uint64(PRINTS_SHIFT)) == 0)
            kept = (hashes[places] >> np.uint64(8)).astype("<u4")
            ends = np.cumsum([len(part) for part in block])
            for part, end, stop in zip(
                block, ends, np.searchsorted(places, ends - WINDOW_BYTES, side="right"), strict=True
            ):
                start = int(np.searchsorted(places, end - len(part)))
                own = kept[start:stop].tobytes() if stop > start else b""
                if len(own) < 4 * FEW_PRINTS and part:
                    own += zlib.crc32(part).to_bytes(4, "little")  # so that equal short texts are found too
                prints.append(own)
            block, size = [], 0
    return prints


def shared_part(text: str, earlier: Iterable[str]) -> float:
    """The share of a text that stands in earlier ones, from 0 to 1."""
    import numpy as np

    own = _compared_windows(text)
    if not len(own):
        return float(any(_compared_bytes(text) in _compared_bytes(other) for other in earlier))
    return float(np.isin(own, np.concatenate([_compared_windows(other) for other in earlier])).mean())


def _duplicates(context: JobContext, store: ChunkStore, writer: Writer) -> Iterator[tuple[int, Flag]]:
    """The flags of all near-duplicates. Of equal chunks the one with the lowest id is the original.

    What a chunk was compared with is stored, with the share found. So only those texts are read again whose prints
    point to other chunks than before: after a new document, its own.
    """
    ids, prints, known = _all_prints(store)
    candidates = _candidates(ids, prints)
    while batch := list(islice(candidates, COMPARED_AT_ONCE)):
        context.checkpoint()
        new = [(chunk_id, others) for chunk_id, others in batch if known.get(chunk_id, ("", 0.0))[0] != others]
        found = list(_shares(store, new))
        if found:
            writer.set_shares(found)
        shares = {chunk_id: share for chunk_id, _, share in found}
        for chunk_id, others in batch:
            share = shares.get(chunk_id, known.get(chunk_id, ("", 0.0))[1])
            if share >= DUPLICATE_SHARE:
                yield chunk_id, Flag(FLAG_DUPLICATE, int(others.partition(",")[0]), round(share, 3))


def _candidates(ids: Sequence[int], prints: "Hashes") -> Iterator[tuple[int, str]]:
    """Chunks that share many prints with earlier ones, each with those to compare it with, the most alike first:
    their ids, as they are stored."""
    import numpy as np

    prints.sort()
    hashes, owners = prints >> np.uint64(32), (prints & np.uint64(0xFFFFFFFF)).astype(np.int64)
    new = np.ones(len(hashes), bool)
    np.not_equal(hashes[1:], hashes[:-1], out=new[1:])
    originals = owners[np.maximum.accumulate(np.where(new, np.arange(len(hashes)), 0))]
    seen = originals != owners
    total, shared = np.bincount(owners, minlength=len(ids)), np.bincount(owners[seen], minlength=len(ids))
    candidate = (shared > 0) & (shared >= CANDIDATE_SHARE * total)
    of_candidates = seen & candidate[owners]
    owners, originals = owners[of_candidates], originals[of_candidates]
    order = np.argsort(owners, kind="stable")
    owners, originals = owners[order], originals[order]
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    for start, end in pairwise([*starts.tolist(), len(owners)]):
        own = int(owners[start])
        common = [other for other, _ in Counter(originals[start:end].tolist()).most_common(MOST_ORIGINALS)]
        # What is cut at other places goes on in the chunks beside the one it is most like.
        beside = [near for near in (common[0] - 1, common[0] + 1) if 0 <= near < len(ids)]
        compared = dict.fromkeys(other for other in common + beside if other != own)
        yield ids[own], ",".join(str(ids[other]) for other in compared)


def _shares(store: ChunkStore, pairs: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str, float]]:
    """Each chunk, those it is compared with, and the share of its text that stands in them."""
    compared = {chunk_id: [int(other) for other in others.split(",")] for chunk_id, others in pairs}
    texts = store.compared_texts({*compared, *chain.from_iterable(compared.values())})
    for chunk_id, others in pairs:
        if {chunk_id, *compared[chunk_id]} <= texts.keys():  # none has gone meanwhile
            text, overlap = texts[chunk_id]
            yield chunk_id, others, shared_part(text[overlap:], [texts[other][0] for other in compared[chunk_id]])


def _all_prints(store: ChunkStore) -> "tuple[Sequence[int], Hashes, dict[int, tuple[str, float]]]":
    """All chunk ids, all prints as print << 32 | place of the chunk's id, and what is known: with which chunks each
    was compared, and the share. At most some millions of prints are kept."""
    import numpy as np

    ids, counts, data = array("q"), array("q"), bytearray()
    known = {}
    for chunk_id, prints, compared_with, share in store.prints():
        ids.append(chunk_id)
        counts.append(len(prints) // 4)
        data += prints
        if compared_with:
            known[chunk_id] = compared_with, share
    values = np.frombuffer(data, "<u4")
    mask = 0
    while mask < MOST_MASK and np.count_nonzero(values & np.uint32(mask) == 0) > MOST_PRINTS:
        mask = mask << 1 | 1
    kept = values & np.uint32(mask) == 0
    owners = np.repeat(np.arange(len(ids), dtype=np.uint32), counts)[kept]
    return ids, values[kept].astype(np.uint64) << np.uint64(32) | owners, known


def _compared_bytes(text: str) -> bytes:
    """A text without what does not count: spaces, punctuation, capitals (of ASCII)."""
    return text.encode(errors="replace").translate(_LOWER, _NOT_COMPARED)


def _compared_windows(text: str) -> "Hashes":
    import numpy as np

    hashes = _window_hashes(_compared_bytes(text))
    return hashes[(hashes >> np.uint64(COMPARED_SHIFT)) == 0]


_powers: "list[Hashes]" = []  # the base to the power of 0, 1, 2 …, and the inverses of these, modulo 2 ** 64


def _window_hashes(data: bytes) -> "Hashes":
    """A hash of each window of the data, by a polynomial over its bytes modulo 2 ** 64 (Rabin and Karp)."""
    import numpy as np

    if len(data) < WINDOW_BYTES:
        return np.empty(0, np.uint64)
    if not _powers or len(_powers[0]) < len(data):
        size = max(2 * BLOCK_BYTES, len(data))
        factors = [np.full(size, base, np.uint64) for base in (BASE, pow(BASE, -1, 1 << 64))]
        for factor in factors:
            factor[0] = 1
        _powers[:] = [np.cumprod(factor) for factor in factors]
    powers, inverses = _powers
    # A byte as it is has few bits; multiplied first, each of them reaches all.
    sums = np.frombuffer(data, np.uint8).astype(np.uint64)
    sums += np.uint64(1)
    sums *= powers[: len(data)]
    np.cumsum(sums, out=sums)
    hashes = sums[WINDOW_BYTES - 1 :].copy()
    hashes[1:] -= sums[:-WINDOW_BYTES]
    hashes *= inverses[: len(hashes)]
    hashes ^= hashes >> np.uint64(29)
    hashes *= np.uint64(MULTIPLIER)
    return hashes


def boilerplate_reason(text: str) -> str:
    """What kind of boilerplate a text is: contents, index, licence, numbers; "" for all others."""
    data = text.encode(errors="replace")
    solid = len(data.translate(None, _SPACES))
    if solid < LEAST_BOILERPLATE_BYTES:
        return ""
    if data.count(b"....") + data.count(b". . .") >= LEAST_ENTRIES:
        entries = sum(len(entry) for entry in CONTENTS_ENTRY.findall(text))
        if entries >= ENTRIES_SHARE * len(text):
            return "contents"
    if len(data.translate(None, _NO_LETTERS)) < NUMBERS_SHARE * solid:
        return "numbers"
    lines = text.split("\n")
    if len(lines) >= LEAST_ENTRIES and sum(line[-1:].isdigit() for line in lines) >= LINES_SHARE * len(lines):
        return _list_with_page_numbers(lines)
    lowered = data.lower()
    if any(word in lowered for word in LICENCE_WORDS):
        return "licence" if sum(phrase in lowered for phrase in LICENCE_PHRASES) >= LEAST_PHRASES else ""
    return ""


def _list_with_page_numbers(lines: Sequence[str]) -> str:
    """A table of contents has growing numbers, an index growing words; a table of figures has neither."""
    entries = [line.strip() for line in lines if INDEX_ENTRY.fullmatch(line)]
    if len(entries) < max(LEAST_ENTRIES, LINES_SHARE * len(lines)):
        return ""
    if _grow([int(LAST_NUMBER.findall(entry)[-1]) for entry in entries]):
        return "contents"
    return "index" if _grow([entry.casefold()[:1] for entry in entries]) else ""


def _grow(values: Sequence[int] | Sequence[str]) -> bool:
    """Whether nearly all values are not below the one before."""
    pairs = list(pairwise(values))
    return sum(a <= b for a, b in pairs) >= GROWING_SHARE * len(pairs)  # type: ignore[operator]

"""Whether a text can be read, or its letters are others than those that were printed. Knows no file and no model."""

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from operator import mul

SAMPLE_CHARACTERS = 4096
LOOKED_AT = 512  # at least, and less than twice as many
LEAST_LETTERS, ENOUGH_LETTERS = 32, 150  # that tell something, and that tell enough by themselves
LEAST_OTHERS = 120  # characters above ASCII
# How often the letters a to z come in 10,000 of English, German, French, Spanish and Italian together.
USUAL = (820, 165, 310, 420, 1420, 150, 200, 300, 750, 25, 60, 430, 270,
         760, 620, 210, 50, 680, 690, 690, 380, 120, 90, 20, 70, 60)  # fmt: skip
# The cosine between these and a text's: 0.85 to 0.98 in languages and programs, 0.75 in base64, 0.3 to 0.65 where
# each letter stands for another one.
LEAST_LIKENESS, LEAST_LIKENESS_WITH_VOWELS = 0.69, 0.5
LIKENESS_OF_PROSE, LIKENESS_OF_LANGUAGE, LIKENESS_OF_FEW = 0.92, 0.8, 0.72
VOWELS = [string.ascii_lowercase.index(vowel) for vowel in "aeiouy"]
LEAST_VOWELS = 0.42  # of the letters; Swahili and Hawaiian, which are like none of those, have 0.5
LEAST_DIFFERENT = 12  # letters: hexadecimal numbers and sequences of genes have fewer
# Signs numbered from 1 on come out as punctuation: of many kinds, none of them leading to a page number.
MOST_PUNCTUATION = 0.6
LEAST_KINDS, MOST_OF_A_KIND = 8, 0.4
MOST_ODD_SHARE = 0.2  # characters that no font agrees on
MOST_ACCENTED_SHARE = 0.6  # of the letters; Vietnamese has 0.3, Russian read as Western 1
MOST_SCRIPTS = 4
LEAST_OF_SCRIPTS = 0.8  # of the letters; Japanese has kanji, two kana and Latin
NUMBER = re.compile(r"\d(?:(?<=0)x[0-9a-fA-F]+|\d*)")  # begins with what a search skips to fastest
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def is_garbled(text: str) -> bool:
    """Whether most of a text is not what its document shows: letters shifted or shuffled, as in PDFs that do not say
    which characters their signs are, characters of private fonts, or a mixture of alphabets.

    Numbers, formulas, lists of codes and short texts pass; so does every language.
    """
    text = text[:SAMPLE_CHARACTERS]
    if len(text.encode("utf-8", "replace")) > 1.25 * len(text):
        others = "".join(NOT_ASCII.findall(text))
        if len(others) > max(LEAST_OTHERS, len(text) // 4):
            return _is_mixture(others[: SAMPLE_CHARACTERS // 8], len(others) / len(text))
    return not _is_plain(text) and (_has_odd_letters(text) or _is_punctuation(text))


def _is_plain(text: str) -> bool:
    """Whether letters from all over a text are enough to see that it is language, as those of nearly every page."""
    sample = text[:: max(1, len(text) // LOOKED_AT)]
    counts = _letters(sample)
    return sum(counts) > MOST_PUNCTUATION * len(sample) and _likeness(counts) > LIKENESS_OF_PROSE


def _has_odd_letters(text: str) -> bool:
    """Whether other letters are frequent than in any language. Each word counts once: a table repeats a few."""
    words = "".join(set(NUMBER.sub("", text).split()))
    counts = _letters(words)
    if sum(counts) < max(LEAST_LETTERS, len(words) // 3) or sum(map(bool, counts)) < LEAST_DIFFERENT:
        return False
    likeness = _likeness(counts)
    if sum(counts) >= ENOUGH_LETTERS:
        is_vocalic = sum(map(counts.__getitem__, VOWELS)) > LEAST_VOWELS * sum(counts)
        return likeness < (LEAST_LIKENESS_WITH_VOWELS if is_vocalic else LEAST_LIKENESS)
    # A few words have odd letters by chance; not so that they make sense all shifted by as much.
    shifted = (
        _letters(words.translate({code: code + by for code in range(0x20, 0x180)})) for by in range(-31, 32) if by
    )
    return likeness < LIKENESS_OF_FEW and any(
        sum(counts) >= LEAST_LETTERS and _likeness(counts) > LIKENESS_OF_LANGUAGE for counts in shifted
    )


def _letters(text: str) -> list[int]:
    return list(map(text.lower().count, string.ascii_lowercase))


def _likeness(counts: Sequence[int]) -> float:
    lengths = math.hypot(*counts) * math.hypot(*USUAL)
    return sum(map(mul, counts, USUAL)) / lengths if lengths else 0.0


def _is_punctuation(text: str) -> bool:
    if sum(map(str.isalnum, text[:400])) > MOST_PUNCTUATION * len(text[:400]):
        return False
    counts = [text.count(sign) for sign in string.punctuation]
    if sum(counts) < max(LEAST_OTHERS, MOST_PUNCTUATION * len("".join(text.split()))):
        return False
    return sum(map(bool, counts)) >= LEAST_KINDS and max(counts) < MOST_OF_A_KIND * sum(counts)


def _is_mixture(others: str, share: float) -> bool:
    """Whether the characters above ASCII are of no alphabet, or of too many."""
    scripts = Counter(map(_script, others))
    odd = scripts.pop("odd", 0)
    del scripts[""]
    usual = sum(count for _, count in scripts.most_common(MOST_SCRIPTS))
    return (
        odd > MOST_ODD_SHARE * len(others)
        or scripts["LATIN"] * share > MOST_ACCENTED_SHARE * len(others)
        or usual < LEAST_OF_SCRIPTS * scripts.total()
    )


@lru_cache(4096)
def _script(character: str) -> str:
    """The alphabet of a letter by its name in Unicode, such as `GREEK`; `odd` where no font agrees on it, else ""."""
    if unicodedata.category(character) in ("Co", "Cn", "Cs") or character == "\ufffd":
        return "odd"
    return unicodedata.name(character, "?").partition(" ")[0] if character.isalpha() else ""

"""Sentences that can stand alone, German and English. Knows text; knows no question and no model."""

import re
from collections.abc import Iterator

from core.documents.formats.page_text import PAGE_NUMBER
from core.documents.formats.printed import BULLET, DOT_LEADER, SENTENCE_END, blocks_of_lines
from core.documents.languages import STOP_WORDS

COMMON_WORDS = {language: frozenset(STOP_WORDS[language].split()) for language in ("de", "en")}
ABBREVIATION = re.compile(  # or an initial, or a German ordinal
    r"(?i)(?<!\w)(?:bzw|ca|etc|evtl|ggf|inkl|max|min|nr|sog|usw|vgl|abb|tab|kap|abs|bspw|dr|prof|hr|fr|st|str|tel|eg|ie"
    r"|cf|vs|fig|sec|ch|no|vol|approx|resp|mr|mrs|ms|inc|al|pp|ff|\d{1,2}|[ivx]{1,5}|(?:[^\W\d_]\.)*[^\W\d_])\.$"
)
LONGEST_ABBREVIATION = 12
SENTENCE_BREAK = re.compile(r"(?<=[.!?])(?P<close>[\"'”“’»)\]]*)\s+(?=[⁰¹²³⁴⁵⁶⁷⁸⁹]*\s?[\"'„“”»«(\[]*[A-ZÄÖÜ0-9])")
# A sentence that begins like this, or soon has a pronoun, leans on the one before it.
LEANING = {
    "de": re.compile(
        r"(?:Ihr|Sein|Hier|Beide|Erster|Letzter|Folgende|Welche|Weiter|Beispiel|Umgekehrt)\w*"
        r"|(?:Das|Sie|Er|Es|So|Da|Denn|Dann|Dort|Nun|Und|Oder|Aber|Auch|Also|Andere|Ebenso|Sonst|Ansonsten|Zudem|Zuerst"
        r"|Schließlich|Anschließend|Stattdessen|Insbesondere|Leider|Natürlich|Nein|Ja|Zum Beispiel|Außerdem|Trotzdem"
        r"|Da(?:bei|durch|für|gegen|her|hinter|mit|nach|neben|ran|rauf|raus|rin|rüber|rum|runter|von|vor|zu)"
        r"|Jedoch|Allerdings|Deshalb|Deswegen|Dennoch|Folglich|Somit)\b"
        r"|.{0,60}\b(?:es|sie|er|ihn|ihm|dort|da(?:von|zu|bei|mit|ran|rin|rüber)|(?i:dies|jene|solch)\w*)\b"
    ),
    "en": re.compile(
        r"(?:Its?|They|Their|He|She|So|Then|Thus|Therefore|Hence|However|Moreover|Also|And|But|Or|Yet|Here|There|Instead"
        r"|Otherwise|Similarly|Likewise|Next|Finally|First|Second|Third|Again|Both|Either|Neither|Another|Others?|Yes|No"
        r"|Which|Because|Since|Some of|In addition|In both|For (?:example|instance)|The (?:same|latter|former))\b"
        r"|.{0,60}\b(?:its?|they|them|their|there|he|she|(?i:this|that is|these|those|such))\b"
    ),
}
UNFIT = re.compile(
    # code, a table of contents, and what no letter of any language is
    r", \d+ [a-zäöü]|[\\{}<>|=_~^$#@]|://|\w\(\)|--\w|\s/\w+/|\.\.\.|…|\. \. |[^\w\s]{4}|□|\ufffd|[←→]"
    # the reader is sent to another place of the document, which an answer does not show
    r"|\b(?i:siehe|vgl\.|unten|oben|obige\w*|vorige\w*|vorherige\w*|folgende\w*|nächsten Seite|hier|see|below|above"
    r"|following|previous|here|next page"
    r"|(?:p\.|page|chapter|section|figure|table|Abschnitt|Kapitel|Abbildung|Tabelle|Listing|Seite)\s?\d)"
)
BEGINS_AND_ENDS = re.compile(r"[\"„“»]?[A-ZÄÖÜ].*[^\W\d_\s]\w*[)\"“”»’]*[.!]", re.DOTALL)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
LEAST_LINE = 50  # characters; what is shorter and ends no sentence is a title, not a torn paragraph


def prose_paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """The paragraphs of a text that are prose: (on one line, is it whole); no lists, tables, code or contents.

    A paragraph is not whole where the one before it breaks off in mid-sentence, as at the end of a printed page.
    """
    before = ""
    for part in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in part.split("\n")]
        if any(line.startswith(("```", "$ ", "# ", "> ", "|")) for line in lines):
            continue
        for block in blocks_of_lines(lines):
            if PAGE_NUMBER.fullmatch(block.text):
                continue
            if len(block.text) >= 30 and not DOT_LEADER.search(block.text) and not BULLET.match(block.text):
                yield block.text, len(before) < LEAST_LINE or SENTENCE_END.search(before) is not None
            before = block.text


def split_sentences(paragraph: str) -> list[str]:
    """A paragraph's sentences, verbatim. The last one may be cut off; `is_clean` tells."""
    sentences, start = [], 0
    for match in SENTENCE_BREAK.finditer(paragraph):
        before = paragraph[max(start, match.start() - LONGEST_ABBREVIATION) : match.start()]
        if not ABBREVIATION.search(before):
            sentences.append(paragraph[start : match.end("close")].strip())
            start = match.end()
    return [sentence for sentence in (*sentences, paragraph[start:].strip()) if sentence]


def is_clean(sentence: str, language: str) -> bool:
    """Whether a sentence is whole, readable prose in this language; it may still lean on the one before it."""
    words = WORD.findall(sentence)
    if not 5 <= len(words) <= 45 or not 35 <= len(sentence) <= 320 or not BEGINS_AND_ENDS.fullmatch(sentence):
        return False
    if UNFIT.search(sentence) or any(sentence.count(pair[0]) != sentence.count(pair[1]) for pair in ("()", "»«")):
        return False
    letters = sum(character.isalpha() or character.isspace() for character in sentence)
    if letters < 0.88 * len(sentence) or sum(word.isupper() for word in words) > 0.25 * len(words):
        return False
    return sum(word.casefold() in COMMON_WORDS[language] for word in words) >= max(2, 0.2 * len(words))


def stands_alone(sentence: str, language: str) -> bool:
    """Whether a clean sentence can be understood by someone who knows the heading it stands under."""
    return not LEANING[language].match(sentence)

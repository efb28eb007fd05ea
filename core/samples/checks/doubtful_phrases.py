"""Phrases that no good sample holds: refusals, left-over templates, mentions of a text that nobody will see."""

import re

BEGINNING = 300  # characters, in which a refusal is looked for
MOST_SHOWN = 60

_NOT_ABLE_DE = (
    r"(?=[^.!?]{0,80}\b(?:beantwort|helf|weiterhelf|sagen|find|geb|nenn|erstell|liefer|ausführ|auskunft|antwort|beurteil"
    r"|machen|schreib|verfass|bereitstell|entnehm|informationen|angaben|aussag))"
)
_NOT_ABLE_EN = (
    r"(?=[^.!?]{0,60}\b(?:answer|help|provide|assist|fulfil|generate|create|access|comply|give|determine|find|discuss"
    r"|respond|offer|write|do\ that|engage|share|see))"
)
_MYSELF = r"(?=\s*,|\s+(?:kann|bin|habe|darf|besitze|verfüge|ist\ es|fehlt|möchte))"
_REFUSAL = re.compile(
    rf"""\W*(?:(?:leider|sorry|entschuldig\w*|(?:es\ )?tut\ mir\ leid|i['’]?m\ (?:very\ )?sorry|i\ apologi[sz]e
    |unfortunately|ich\ bedaue?re)\b\W*)?(?:(?:aber|but|dass|that)\W+)?(?P<phrase>
    als\ (?:ein\w?\ )?(?:künstliche\ intelligenz|(?:ki-|großes\ )?sprachmodell|ki(?:-\w+)?){_MYSELF}
    |as\ an?\ (?:ai|artificial\ intelligence|(?:large\ )?language\ model|(?:virtual|text-based)\ assistant)\b
      (?=\s*,|\s+(?:i\b|language|model|assistant))
    |i['’]?(?:m|\ am)\ (?:just\ |only\ )?an?\ (?:ai|(?:large\ )?language\ model)\b
    |ich\ bin\ (?:nur\ |lediglich\ )?(?:eine?\ )?(?:ki|(?:ki-)?sprachmodell)\b
    |i\ (?:can\ ?not|can['’]?t|could\ not|won['’]?t|am\ (?:not\ able|unable)\ to)\b{_NOT_ABLE_EN}
    |i['’]m\ (?:not\ able|unable)\ to\b{_NOT_ABLE_EN}
    |i\ (?:do\ not|don['’]?t)\ have\ (?:access|enough|any\ information)\b
    |(?:das\ |dazu\ |da\ )?(?:kann|darf)\ ich\ (?:\w+\ ){{0,4}}?(?:nichts?|keine?n?)\b{_NOT_ABLE_DE}
    |ich\ (?:kann|darf|könnte|werde)\ (?:\w+\ ){{0,5}}?(?:nichts?|keine?n?)\b{_NOT_ABLE_DE}
    |ich\ (?:habe\ keinen?\ (?:zugriff|zugang|informationen)|bin\ nicht\ in\ der\ lage)\b
    |(?:ich\ weiß\ (?:es\ |das\ )?|das\ weiß\ ich\ )(?:leider\ )?nicht\b
    |(?:der|in\ dem|im|aus\ dem|laut|nach)\ (?:\w+\ )?(?:text\w*|auszug|abschnitt|dokument|kontext)\W+
      (?:\w+\W+){{0,4}}?(?:keine?|nicht)\W+(?:\w+\W+){{0,6}}?(?:information\w*|angaben?|hinweise?|erwähn\w*|genannt\w*
      |hervor|beantwort\w*|enthalten|angegeben|antwort)\b
    |(?:dazu\ )?(?:gibt\ es|es\ gibt|(?:es\ )?werden)\ (?:im\ \w*text\ |dazu\ ){{0,2}}
      keine\ (?:information|angabe)\w*
    |(?:the|this)\ (?:\w+\ )?(?:text|passage|document|context|excerpt)\ (?:does\ not|doesn['’]?t)\ (?:\w+\ )?
      (?:contain|provide|mention|include|specify|give|state)\b
    |there\ is\ (?:no|not\ enough)\ information\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)

_SLOTS = (
    "chunk|topic|thema|context|kontext|question|frage|answer|antwort|instruction|anweisung|placeholder|platzhalter"
    r"|insert\b[^\]}>\n]{1,40}|(?:your|ihre?|deine?|hier)\ [^\]}>\n]{1,40}"
    r"|[^\[\]{}<>\n]{1,40}\ (?:here|einfügen|einsetzen)"
)
_LEFT_OVER = re.compile(
    rf"""\{{\{{?\s*(?:{_SLOTS})\s*\}}?\}}|\[(?:{_SLOTS}|(?-i:TEXT|NAME|TITEL|TITLE|INPUT|OUTPUT|X{{2,}}))\](?!\()
    |</?(?:{_SLOTS})>
    |\A\s*(?:\#{{1,6}}\s*|\*\*)?(?:instruction|response|output|input|anweisung|ausgabe|eingabe|frage|antwort|question
      |answer)(?:\ \d+)?(?:\*\*)?\s*:
    |\blorem\ ipsum\b|<\|[\w ]{{2,30}}\|>|\[/?INST\]|</?s>|^\#\#\#\s*(?:instruction|response)""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)

_TEXT_DE = (
    r"(?:text(?:e?s|auszug\w*|abschnitt\w*|stelle|passage)?|abschnitt\w*|auszug\w*|passage|dokument\w*|kontext\w*)"
)
_TEXT_EN = r"(?:text|passage|excerpt|context|document|snippet|paragraph)"
_SHORT_DE = r"(?:text|textauszug|textabschnitt|textpassage|auszug)"
_POINTING_DE = r"(?:obig|vorliegend|gegeben|angegeben|bereitgestellt|vorstehend|genannt|zitiert)\w*"
_POINTING_EN = r"(?:above|given|provided|preceding|following|aforementioned|supplied)"
_POINTS_TO_TEXT = re.compile(
    rf"""\b(?:
    (?:laut|gemäß|entsprechend|nach)\ (?:(?:dem|der|diesem|dieser)\ )?(?:{_POINTING_DE}\ )?(?:{_SHORT_DE}|abschnitt)\b
    |(?:de[rmsn]|die|das|diese[rmsn]?|im)\ {_POINTING_DE}\ {_TEXT_DE}\b
    |(?:sagt|steht|macht|beschreibt|erklärt|erwähnt|nennt|gibt|behandelt|wird|werden)
      \ (?:im|der|dieser|in\ diesem)\ {_SHORT_DE}\b
    |(?:der|dieser)\ {_SHORT_DE}\ (?:sagt|besagt|beschreibt|erklärt|erwähnt|nennt|behandelt|enthält
      |informiert|handelt|zeigt)\b
    |im\ {_SHORT_DE}\ (?:\w+\ ){{0,4}}(?:erwähnt\w*|genannt\w*|beschrieben\w*|erklärt\w*|steht|heißt|gesagt)
    |aus\ dem\ {_SHORT_DE}\ (?:geht|ergibt|lässt)
    |according\ to\ (?:the|this)\ (?:{_POINTING_EN}\ )?{_TEXT_EN}\b
    |(?:based\ on|from|in)\ (?:the|this)\ (?:{_POINTING_EN}\ )?(?:text|passage|excerpt)\b
    |(?:the|this)\ {_POINTING_EN}\ {_TEXT_EN}\b|{_TEXT_EN}\ above\b
    |(?:the|this)\ (?:text|passage|excerpt)\ (?:says|states|mentions|describes|explains|discusses|does|is\ about)\b
    |does\ (?:the|this)\ (?:text|passage|excerpt)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def refusal(output: str) -> str:
    """The words by which an answer refuses to answer, "" where it does not; only its beginning counts."""
    match = _REFUSAL.match(output[:BEGINNING])
    return _shown(match["phrase"]) if match else ""


def left_over(text: str) -> str:
    """What is left of a template in an instruction or an answer: an empty slot, a heading of the prompt; else ""."""
    match = _LEFT_OVER.search(text)
    return _shown(match[0]) if match else ""


def points_to_text(text: str) -> bool:
    """Whether a text speaks of "the text above", which whoever asks the trained model will not see."""
    return _POINTS_TO_TEXT.search(text) is not None


def _shown(phrase: str) -> str:
    return " ".join(phrase.split())[:MOST_SHOWN]

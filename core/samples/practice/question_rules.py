"""Turn a sentence into the question that it answers, by few patterns: German and English. Knows no document.

A pattern applies only where the question is sure to be grammatical; most sentences fit none, and that is fine.
"""

import re
from collections.abc import Collection

from core.documents.sentences import COMMON_WORDS

# {heading} and {term} stand between quotation marks, so that no case ending is needed.
QUESTIONS = {
    "de": {
        "heading": ("Was steht zum Thema „{heading}“?", "Worum geht es bei „{heading}“?"),
        "term": ("Was wird über „{term}“ gesagt?", "Was ist zu „{term}“ bekannt?"),
        "term_in_section": ("Was steht unter „{heading}“ zu „{term}“?", "Was sagt „{heading}“ über „{term}“?"),
        "completion": ("Vervollständige den Satz: „{start} …“", "Wie geht dieser Satz weiter: „{start} …“?"),
    },
    "en": {
        "heading": ("What is explained under “{heading}”?", "What should one know about “{heading}”?"),
        "term": ("What is said about “{term}”?", "What is known about “{term}”?"),
        "term_in_section": (
            "What is said about “{term}” in “{heading}”?",
            "What does “{heading}” say about “{term}”?",
        ),
        "completion": ("Complete the sentence: “{start} …”", "How does this sentence go on: “{start} …”?"),
    },
}
VERBS_DE = (
    "enthält|umfasst|ermöglicht|erlaubt|beschreibt|definiert|bewirkt|erzeugt|liefert|benötigt|unterstützt|erfordert"
    "|verhindert|bezeichnet|bedeutet|verwendet|benutzt|regelt|bestimmt|prüft|besitzt|braucht|speichert|verkleinert"
)
VERBS_EN = (
    "provides|contains|describes|defines|returns|allows|supports|requires|creates|uses|includes|offers"
    "|enables|controls|represents|determines|indicates|means|produces|performs|needs|converts|stores|shrinks"
)
NOUN_DE = r"[A-ZÄÖÜ][\w-]+"
STATEMENTS = {
    "de": re.compile(
        rf"(?:(?P<article>Der|Die|Das|Ein|Eine|Jede[rs]?) )?(?P<noun>(?:[a-zäöüß]+(?:e|en|er|es) ){{0,2}}{NOUN_DE}"
        rf"(?:[ /]{NOUN_DE})*(?: (?:des|der|von|für|im|in|mit|aus) (?:[a-zäöüß]+ )?{NOUN_DE})?)"
        rf" (?P<verb>ist|{VERBS_DE}) (?P<defines>(?:eine?|einer|eines|der|die|das) )?"
        r"(?!(?:sie|Sie|man|wir|ich|er|es|du|ihr|sich|ihn|ihm)\b)"
    ),
    "en": re.compile(
        r"(?:(?P<article>The|An?|Each|Every) )?(?P<noun>(?:[\w/-]+ ){0,4}?[\w/-]+)"
        rf" (?P<verb>is|{VERBS_EN}) (?P<defines>(?:an?|the|one) )?(?!(?:it|them|is|are|was|were|can|will)\b)"
    ),
}
NO_SUBJECT = {  # it means nothing without another sentence, or the verb is not its own
    "de": re.compile(r"\b(?:weiter\w*|einzige\w*|ander\w*|gleiche\w*|Ergebnis|Grund|Problem|Text|Leser|Benutzer)\b"),
    "en": re.compile(
        r"\b(?:that|which|who|where|when|another|other|same|next|last|first|second|only|not|can|will|must|should|may"
        r"|is|are|was|were|has|have|be|do|does|result|reason|problem|value|user|default)\b|\w+ly\b"
        r"|\b(?:of|for|and|in|on|to|from|with|or|a|an|the|by|as)$"
    ),
}
CONDITIONS = {
    "de": re.compile(
        r"(?P<clause>(?:Wenn|Falls|Sobald|Bevor|Nachdem|Solange) [^,:;()]{12,100} [a-zäöüß]+[tn]), "
        r"(?:so |dann )?(?:\w+[tds]|kann|\w+n Sie)\b"  # a verb: else the comma stands in a list
    ),
    "en": re.compile(
        r"(?P<clause>(?:If|When|Once|Before|After|Unless) (?!(?:not|\w+ing|\w+ed)\b)[^,:;()]{12,100})(?<!that), "
        r"(?:then )?(?P<you>(?:you|please|use|run|try|check|make|set|type|add)\b)?"
    ),
}
TERMS = {
    "de": re.compile(r"(?<=\s)[A-ZÄÖÜ][\w-]{4,}"),
    "en": re.compile(
        r"(?<=\b[Tt]he )(?:[a-zA-Z][\w-]+ )?[a-zA-Z][\w-]{3,}"
        r"(?=[.,;]| (?:is|are|was|of|to|in|for|on|by|and|will|can|must|should|that|which|from|with|has|have|when)\b)"
    ),
}


def question_for(sentence: str, language: str, names: Collection[str]) -> tuple[str, str] | None:
    """(kind, question) that the sentence answers, or None. `names` are words that are capitalised in mid-sentence."""
    is_german = language == "de"
    if condition := CONDITIONS[language].match(sentence):
        clause = condition["clause"][0].lower() + condition["clause"][1:]
        begins = "Was gilt," if is_german else "What should you do" if condition["you"] else "What happens"
        return "rule", f"{begins} {clause}?"
    statement = STATEMENTS[language].match(sentence)
    if not statement or NO_SUBJECT[language].search(statement["noun"]):
        return None
    article, noun, verb, defines = statement.group("article", "noun", "verb", "defines")
    if not article and not all(word in names or re.search(r".[A-ZÄÖÜ\d]", word) for word in noun.split()):
        return None
    subject = f"{article.lower()} {noun}" if article else noun
    if verb in ("ist", "is"):
        return ("definition", f"{'Was' if is_german else 'What'} {verb} {subject}?") if defines else None
    return "rule", f"Was {verb} {subject}?" if is_german else f"What does {subject} {verb[:-1]}?"


def salient_term(sentence: str, language: str) -> str:
    """The longest noun of a sentence, in English one that follows "the"; empty where there is none."""
    terms = [
        term for term in TERMS[language].findall(sentence) if not COMMON_WORDS[language] & set(term.lower().split())
    ]
    return max(terms, key=len, default="")

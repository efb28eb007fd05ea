"""Turn a statement into the question that it answers, by grammar: German and English. Knows no document.

A rule applies only where the result is sure to be grammatical; most sentences fit none, and that is fine.
"""

import re
from collections.abc import Callable, Set
from typing import NamedTuple

from core.practice.word_lists import (
    ARTICLES,
    AUXILIARIES_EN,
    BE_DE,
    INNER_WORDS,
    OTHER_VERBS_DE,
    PREFIXES_DE,
    SEPARABLE_DE,
    WHAT_VERBS_DE,
    WHAT_VERBS_EN,
)

# Subjects that mean something only after another sentence.
RELATIVE = re.compile(
    r"\b(?:weiter\w*|einzige\w*|ander\w*|gleiche?\w*|another|other|same|next|last|first|second|only)\b",
    re.IGNORECASE,
)
# Things that every text has: alone they do not say what is asked about.
VAGUE = re.compile(
    r"(?:\w+ )?(?:result|reason|reader|problem|value|user|Ergebnis|Grund|Problem|Leser|Benutzer|Text)s?",
    re.IGNORECASE,
)
RELATIVE_CLAUSE_EN = frozenset(["that", "which", "who", "where", "whose"])
OBJECT_PRONOUN = re.compile(r"(?:sich|es|sie|ihn|ihm|it|them|him|her)\b")
SINGULAR_ENDING_DE = re.compile(r"(?:ung|ion|heit|keit|tät|schaft|ismus)$")
PRONOUNS_DE = {"sie", "man", "wir", "ich", "er", "es", "du", "ihr", "sich"}
MAX_SUBJECT_WORDS = 6
VERBS_DE = WHAT_VERBS_DE | SEPARABLE_DE | BE_DE | OTHER_VERBS_DE
VERBS_EN = (
    frozenset(WHAT_VERBS_EN) | AUXILIARIES_EN | (frozenset(WHAT_VERBS_EN.values()) - {"set", "use", "need", "mean"})
)
VERB_AT_END_DE = re.compile(r"(?:^|\s)[a-zäöüß]+(?:t|n|st|möchte|wollte|hätte|wäre|könnte|habe|sind|war)$")
HEDGE_DE = re.compile(
    r"\b(?:aber|jedoch|also|zum Beispiel|beispielsweise|etwa|allerdings|auch|es|ihn|ihm|sie|dort|wir)\b|z\."
)
CLAUSE_OPENERS_DE = frozenset(
    ["ohne", "welche", "welcher", "welches", "dass", "ob", "wie", "was", "der", "die", "das"]
)
DASS_CLAUSE = re.compile(r"^([\w -]+), dass\b")  # the comma belongs to the clause and not to the verb before it
YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")


class Statement(NamedTuple):
    """A sentence taken apart: `subject verb rest`, the subject as it reads inside a question."""

    subject: str
    verb: str
    rest: str
    article: str


def question_for(sentence: str, language: str, names: Set[str]) -> tuple[str, str] | None:
    """(kind, question) that the sentence answers, or None. `names` are words that are capitalised in mid-sentence."""
    rules: dict[str, tuple[Callable[[str], str | None], Callable[[Statement], str | None]]] = {
        "de": (_clause_question_de, _statement_question_de),
        "en": (_clause_question_en, _statement_question_en),
    }
    of_clause, of_statement = rules[language]
    question = of_clause(sentence)
    if question:
        return "rule", question
    statement = take_apart(sentence, language, names)
    if statement is None:
        return None
    if is_definition(statement, language):
        be = {"ist": "ist", "sind": "sind", "is": "is", "are": "are"}[statement.verb]
        return "definition", f"{'Was' if language == 'de' else 'What'} {be} {statement.subject}?"
    question = of_statement(statement)
    return ("rule", question) if question else None


def take_apart(sentence: str, language: str, names: Set[str]) -> Statement | None:
    """Subject, verb and rest of a sentence that begins with its subject; None where that is not certain."""
    words = DASS_CLAUSE.sub(r"\1 dass", sentence).rstrip(".!").split()
    verbs = VERBS_DE if language == "de" else VERBS_EN
    at = next((number for number, word in enumerate(words[: MAX_SUBJECT_WORDS + 1]) if word in verbs), 0)
    if not 0 < at < len(words) - 1:
        return None
    subject = words[:at]
    if not _is_subject(subject, language, names):
        return None
    if language == "de" and words[at + 1].casefold() in PRONOUNS_DE - {"sich"}:
        return None  # "Das Paket finden Sie …": what stands first is the object
    if language == "de" and len(subject) == 1 and words[at].endswith("en") and SINGULAR_ENDING_DE.search(subject[0]):
        return None
    if language == "en" and words[at] in WHAT_VERBS_EN.values() and not subject[-1].endswith("s"):
        return None
    first = subject[0]
    article = first.casefold() if first.casefold() in ARTICLES[language] else ""
    if article:
        subject = [article, *subject[1:]]
    elif first not in names and first[1:].islower():
        if language == "de" and len(subject) > 1 and subject[1][:1].isupper():
            subject = [first.casefold(), *subject[1:]]  # an adjective: "Freie Software" → "freie Software"
        elif language == "en":
            subject = [first.casefold(), *subject[1:]]
    return Statement(" ".join(subject), words[at], " ".join(words[at + 1 :]), article)


def _is_subject(words: list[str], language: str, names: Set[str]) -> bool:
    first, last = words[0], words[-1]
    if any(re.search(r"[,;:()\[\]„“»«\"]", word) for word in words) or RELATIVE.search(" ".join(words)):
        return False
    if VAGUE.fullmatch(" ".join(words)):
        return False
    if any(word[0].isupper() and word.casefold() in ARTICLES[language] for word in words[1:]):
        return False
    has_article = first.casefold() in ARTICLES[language]
    if has_article and len(words) == 1:
        return False
    named = first in names or re.search(r"[A-ZÄÖÜ\d]", first[1:]) is not None
    named = named or (language == "de" and SINGULAR_ENDING_DE.search(first) is not None)
    inner = words[1:-1]
    if language == "de":
        if not last[0].isupper() or not last[0].isalpha():
            return False
        adjective = len(words) > 1 and words[1][0].isupper() and re.search(r"e[rnsm]?$", first) is not None
        if not has_article and not named and not adjective:
            return False
        # Nouns are capitalised; what is not is an article, a preposition or an adjective.
        return all(w[0].isupper() or w in INNER_WORDS["de"] or re.search(r"(?:e[rnsm]?|te[rn]?)$", w) for w in inner)
    if last.casefold() in INNER_WORDS["en"] or last.casefold().endswith("ly") or RELATIVE_CLAUSE_EN & set(words):
        return False
    plural = last.endswith("s") and first[1:].islower() and not first.casefold().endswith(("ly", "ing"))
    return has_article or named or (plural and len(words) <= 3 and first.casefold() not in INNER_WORDS["en"])


def is_definition(statement: Statement, language: str) -> bool:
    """Whether a statement says what its subject is: "X ist ein …", "X are the …"."""
    first = statement.rest.split()[0].casefold() if statement.rest else ""
    if statement.article in {
        "alle",
        "viele",
        "manche",
        "jede",
        "jeder",
        "jedes",
        "all",
        "most",
        "many",
        "some",
        "any",
    }:
        return False
    if language == "de":
        return statement.verb in ("ist", "sind") and first in {"ein", "eine", "einer", "eines", "der", "die", "das"}
    return statement.verb in ("is", "are") and first in {"a", "an", "the", "one"}


def accusative(statement: Statement, language: str) -> str | None:
    """The subject as it reads after "über", None where German grammar leaves a doubt."""
    if language == "en" or statement.article in {
        "die",
        "das",
        "eine",
        "alle",
        "viele",
        "manche",
        "jedes",
        "jede",
        "keine",
    }:
        return statement.subject
    words = statement.subject.split()
    if not statement.article:
        return statement.subject if words[0][0].isupper() else None
    if statement.article == "der" and words[1][0].isupper() and not re.search(r"(?:ent|ant|ist|e|at|or)$", words[1]):
        return f"den {' '.join(words[1:])}"
    return None


def _clause_question_de(sentence: str) -> str | None:
    condition = re.match(
        r"(Wenn|Falls|Sobald|Bevor|Nachdem|Solange) ([^,:;]{12,110}), (?:so |dann )?(\w+)(?: (\w+))?", sentence
    )
    if condition and VERB_AT_END_DE.search(condition.group(2)) and not HEDGE_DE.search(condition.group(2)):
        conjunction, clause, verb, next_word = condition.groups()
        if next_word == "Sie" and verb in {"können", "sollten", "müssen", "dürfen"}:
            return f"Was {verb} Sie tun, {conjunction.lower()} {clause}?"
        if next_word == "Sie":
            return f"Was sollten Sie tun, {conjunction.lower()} {clause}?"
        return f"Was gilt, {conjunction.lower()} {clause}?"
    purpose = re.match(r"(Um [^,:;]{8,100}\b(?:zu \w+|\w+zu\w+en)), (\w+)(?: (\w+))?", sentence)
    if purpose and purpose.group(2) not in CLAUSE_OPENERS_DE and not HEDGE_DE.search(purpose.group(1)):
        clause, verb, next_word = purpose.groups()
        clause = clause[0].lower() + clause[1:]
        return f"Was {'müssen Sie tun' if next_word == 'Sie' else 'ist nötig'}, {clause}?"
    return None


def _statement_question_de(statement: Statement) -> str | None:
    subject, verb, rest, _ = statement
    reason = re.match(r"([^:;]{3,110}), (?:weil|da) ", rest)
    if reason and not re.search(r"\b(?:sie|er|es|ihn|dies\w*)\b", reason.group(1)):
        return f"Warum {verb} {subject} {reason.group(1)}?"
    if verb in ("wurde", "wurden"):
        participle = re.match(
            r"([^,;:]*?)\b(ge\w+t|ge\w+en|\w+iert|(?:ver|be|ent|er|zer)\w+(?:t|en))(?:[,;]|$)", rest
        )
        if participle and YEAR.search(participle.group(1)):
            return f"Wann {verb} {subject} {participle.group(2)}?"
        if participle and re.match(r"von [A-ZÄÖÜ]", participle.group(1)):
            return f"Von wem {verb} {subject} {participle.group(2)}?"
        return None
    last = rest.split()[-1] if rest else ""
    if verb in SEPARABLE_DE and last in PREFIXES_DE and "," not in rest:
        return f"Was {verb} {subject} {last}?"
    if verb in ("bietet", "bieten", "zeigt", "zeigen") and last not in PREFIXES_DE:
        return f"Was {verb} {subject}?"
    if verb in ("dient", "dienen"):
        return f"Wozu {verb} {subject}?"
    if verb in ("besteht", "bestehen") and re.match(r"(?:\w+ )?aus ", rest):
        return f"Woraus {verb} {subject}?"
    if verb in ("basiert", "basieren") and re.match(r"(?:\w+ )?auf ", rest):
        return f"Worauf {verb} {subject}?"
    if verb in ("befindet", "befinden") and rest.startswith("sich "):
        return f"Wo {verb} sich {subject}?"
    if verb in ("wird", "werden") and re.search(r"\b(?:verwendet|benutzt|genutzt|eingesetzt)\b", rest):
        return f"Wofür {verb} {subject} verwendet?" if re.search(r"\b(?:um|für|zum|zur)\b", rest) else None
    if verb in WHAT_VERBS_DE and not OBJECT_PRONOUN.match(rest):
        return f"Was {verb} {subject}?"
    return None


def _clause_question_en(sentence: str) -> str | None:
    condition = re.match(r"(If|When|Once|Before|After|Unless) ([^,:;]{12,110}), (.+)", sentence)
    if condition and not re.match(r"(?:[A-Z]?\w+ing)\b", condition.group(2)):
        conjunction, clause, main = condition.groups()
        if re.match(r"(?:then )?(?:you|please|use|run|try|check|make|set|install|type|add)\b", main):
            return f"What should you do {conjunction.lower()} {clause}?"
        return f"What happens {conjunction.lower()} {clause}?"
    purpose = re.match(
        r"(?:In order to|To) ([a-z]+ [^,:;]{5,90}), (?:you|use|type|run|set|call|select|please|simply|just)\b",
        sentence,
    )
    if purpose:
        return f"How do you {purpose.group(1)}?"
    return None


def _statement_question_en(statement: Statement) -> str | None:
    subject, verb, rest, _ = statement
    reason = re.match(r"([^:;]{3,110}),? because ", rest)
    if reason and verb in AUXILIARIES_EN and not re.search(r"\b(?:it|they|this)\b", reason.group(1)):
        return f"Why {verb} {subject} {reason.group(1).rstrip(',')}?"
    if verb in ("was", "were"):
        participle = re.match(r"(\w+(?:ed|en|un))\b.*\bin (?:\w+ )?(?:1[5-9]|20)\d\d\b", rest)
        return f"When {verb} {subject} {participle.group(1)}?" if participle else None
    if verb in ("is", "are") and re.match(r"used (?:to|for) ", rest):
        return f"What {verb} {subject} used for?"
    if verb == "can" and re.match(r"be used (?:to|for) ", rest):
        return f"What can {subject} be used for?"
    if verb in ("consists", "consist"):
        return (
            f"What {'does' if verb.endswith('s') else 'do'} {subject} consist of?" if rest.startswith("of ") else None
        )
    if OBJECT_PRONOUN.match(rest):
        return None
    if verb in WHAT_VERBS_EN:
        return f"What does {subject} {WHAT_VERBS_EN[verb]}?"
    if verb in WHAT_VERBS_EN.values():
        return f"What do {subject} {verb}?"
    return None

"""The wordings of the practice helper's questions. What a person reads in the app stands in ui/texts instead."""

from collections.abc import Mapping

# The practice helper fills these; {subject} stands in the accusative, {term} and {heading} between quotation marks.
QUESTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "de": {
        "heading": (
            "Was steht zum Thema „{heading}“?",
            "Worum geht es bei „{heading}“?",
            "Was sollte man zu „{heading}“ wissen?",
            "Fasse kurz zusammen, was zu „{heading}“ gesagt wird.",
        ),
        "subject": (
            "Was kannst du über {subject} sagen?",
            "Was erfährt man über {subject}?",
            "Was ist über {subject} bekannt?",
            "Was sollte man über {subject} wissen?",
        ),
        "term": (
            "Was wird über „{term}“ gesagt?",
            "Was ist zu „{term}“ bekannt?",
            "Welche Aussage gibt es zu „{term}“?",
        ),
        "term_in_section": (
            "Was steht unter „{heading}“ zu „{term}“?",
            "Was wird zum Thema „{heading}“ über „{term}“ gesagt?",
        ),
        "term_in_question": ("Zur Frage „{heading}“: Was wird über „{term}“ gesagt?",),
        "completion": ("Vervollständige den Satz: „{start} …“", "Wie geht dieser Satz weiter: „{start} …“?"),
    },
    "en": {
        "heading": (
            "What should one know about “{heading}”?",
            "What is “{heading}” about?",
            "What is explained under “{heading}”?",
            "Summarise briefly what is said about “{heading}”.",
        ),
        "subject": (
            "What can be said about {subject}?",
            "What can you tell me about {subject}?",
            "What is known about {subject}?",
            "What should one know about {subject}?",
        ),
        "term": (
            "What is said about “{term}”?",
            "What is known about “{term}”?",
            "Which statement is there about “{term}”?",
        ),
        "term_in_section": (
            "What does “{heading}” say about “{term}”?",
            "Under “{heading}”, what is said about “{term}”?",
        ),
        "term_in_question": ("Regarding “{heading}”: what is said about “{term}”?",),
        "completion": ("Complete the sentence: “{start} …”", "How does this sentence go on: “{start} …”?"),
    },
}

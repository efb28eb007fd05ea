"""The wordings of the practice helper's questions. What a person reads in the app stands in ui/texts instead."""

from collections.abc import Mapping

# The practice helper fills these; {subject} stands in the accusative, {term} and {heading} between quotation marks.
QUESTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "de": {
        "heading": (
            "Was steht zum Thema „{heading}“?",
            "Worum geht es bei „{heading}“?",
            "Was erklärt der Text zu „{heading}“?",
            "Fasse kurz zusammen, was zu „{heading}“ gesagt wird.",
        ),
        "subject": (
            "Was sagt der Text über {subject}?",
            "Was erfährt man über {subject}?",
            "Was ist über {subject} bekannt?",
            "Was sollte man über {subject} wissen?",
        ),
        "term": (
            "Was wird über „{term}“ gesagt?",
            "Was steht im Text zu „{term}“?",
            "Welche Aussage macht der Text zu „{term}“?",
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
            "What does the text say about “{heading}”?",
            "What is “{heading}” about?",
            "What is explained under “{heading}”?",
            "Summarise briefly what is said about “{heading}”.",
        ),
        "subject": (
            "What does the text say about {subject}?",
            "What can you tell me about {subject}?",
            "What is known about {subject}?",
            "What should one know about {subject}?",
        ),
        "term": (
            "What is said about “{term}”?",
            "What does the text say regarding “{term}”?",
            "Which statement does the text make about “{term}”?",
        ),
        "term_in_section": (
            "What does “{heading}” say about “{term}”?",
            "Under “{heading}”, what is said about “{term}”?",
        ),
        "term_in_question": ("Regarding “{heading}”: what is said about “{term}”?",),
        "completion": ("Complete the sentence: “{start} …”", "How does this sentence go on: “{start} …”?"),
    },
}

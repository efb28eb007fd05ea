"""A chat template → the Go template that asks a model of Ollama in the very same words. Knows texts only.

It is read off the chat template by filling that in with words that stand out: what stands between them is the same in
each turn, or it is no template that can be told in this way. What was found is filled in again and compared.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.export.go_language import UnsupportedTemplate
from core.export.go_template import Message, fill
from core.models.chat_text import said

Ask = Callable[[Sequence[Message]], str | None]
"""A conversation → the text that the model is given, up to where its answer begins; None where it cannot be asked."""

SYSTEM, USERS, ANSWERS = (
    "QzSystemzQ",
    ("QzUserOnezQ", "QzUserTwozQ", "QzUserThreezQ"),
    ("QzReplyOnezQ", "QzReplyTwozQ"),
)


@dataclass(frozen=True)
class Recipe:
    """How a model of Ollama is asked. `source` says where the template comes from: ollama, derived or one_turn.

    Of the `conversations` compared, `same` give the very text of the chat template; `first_turn` says whether a lone
    question does, `all_turns` whether all do that have no system text. `system` is the model's own system text.
    """

    template: str
    source: str
    system: str = ""
    same: int = 0
    conversations: int = 0
    first_turn: bool = False
    all_turns: bool = False


def find_recipe(ask: Ask, begin: str, template: str = "", system: str = "") -> Recipe | None:
    """The best way to ask; template and system text that a base from Ollama brought go first where they are right.

    `begin` is the token that Ollama puts in front of every prompt by itself, as text. None where nothing is right
    even for a lone question.
    """
    given = [(template, "ollama", words) for words in dict.fromkeys((system, ""))] if template else []
    own = [(derived(ask, begin), "derived", ""), (one_turn(ask, begin), "one_turn", "")]
    found = [compared(ask, begin, Recipe(*candidate)) for candidate in [*given, *own] if candidate[0]]
    usable = [recipe for recipe in found if recipe.first_turn]
    return max(usable, key=lambda recipe: recipe.same, default=None)  # of equal ones the first


def compared(ask: Ask, begin: str, recipe: Recipe) -> Recipe:
    """The recipe with how many conversations it renders as the chat template does."""
    known = {number: text for number, text in enumerate(map(ask, CONVERSATIONS)) if text is not None}
    same = {number for number, text in known.items() if says(recipe, CONVERSATIONS[number], text, begin)}
    return replace(
        recipe,
        same=len(same),
        conversations=len(known),
        first_turn=0 in same,
        all_turns=all(number in same for number in known if CONVERSATIONS[number][0]["role"] != "system"),
    )


def says(recipe: Recipe, conversation: Sequence[Message], text: str, begin: str) -> bool:
    """Whether Ollama would make this text of the conversation, whether it lets the model think or not."""
    try:
        made = {fill(recipe.template, conversation, recipe.system, think=think) for think in (False, True)}
        return made == {text.removeprefix(begin)}
    except UnsupportedTemplate:
        return False


@dataclass(frozen=True)
class Turns:
    """What a chat template puts around questions and answers, and where it puts a system text.

    `place` is first, last or nowhere: in front of the first question, of the last one, or not to be told. `before`
    and `after` surround the system text; in front of the first question they stand for the opening too.
    """

    opening: str
    after_question: str
    after_answer: str
    last: str
    place: str = "nowhere"
    before: str = ""
    after: str = ""


IS_LAST = "eq (len (slice $.Messages $i)) 1"


def derived(ask: Ask, begin: str) -> str:
    """A template for conversations of any length; empty where the turns of the chat template are not alike."""
    turns = read_turns(ask)
    if turns is None:
        return ""
    opening, system = literal(turns.opening.removeprefix(begin)), ""
    if turns.place == "first":
        opening = opened(turns.opening, [turns.before, turns.after], begin)
    if turns.place == "last":
        system = f"{literal(turns.before)}{{{{ $.System }}}}{literal(turns.after)}"
        system = f"{{{{ if and $.System ({IS_LAST}) }}}}{system}{{{{ end }}}}"
    followed = literal(turns.last)
    if turns.after_question != turns.last:
        followed = f"{{{{ if {IS_LAST} }}}}{followed}{{{{ else }}}}{literal(turns.after_question)}{{{{ end }}}}"
    closed = f"{{{{ if gt (len (slice $.Messages $i)) 1 }}}}{literal(turns.after_answer)}{{{{ end }}}}"
    return (
        f"{opening}{{{{ range $i, $_ := .Messages }}}}"
        f'{{{{ if eq .Role "user" }}}}{system}{{{{ .Content }}}}{followed}'
        f'{{{{ else if eq .Role "assistant" }}}}{{{{ .Content }}}}{closed}'
        "{{ end }}{{ end }}"
    )


def read_turns(ask: Ask) -> Turns | None:
    """What the chat template puts around marked words; None where that is not the same in each turn."""
    words = [word for pair in zip(USERS, (*ANSWERS, ""), strict=True) for word in pair if word]
    pieces = between(ask(conversation(*words)), words)
    if pieces is None or pieces[1:3] != pieces[3:5]:
        return None
    opening, after_question, after_answer, *_, end = pieces
    turns = Turns(opening, after_question, after_answer, end)
    if between(ask(conversation(USERS[0])), USERS[:1]) != [turns.opening, turns.last]:
        return None
    asked = ask([said("system", SYSTEM), *conversation(*words)])
    first = between(asked, [SYSTEM, *words])
    if first and first[2:] == pieces[1:]:
        return replace(turns, place="first", before=first[0], after=first[1])
    last = between(asked, [*words[:-1], SYSTEM, words[-1]])
    if last and last[:-3] == pieces[:-2] and last[-3].startswith(turns.after_answer):
        return replace(turns, place="last", before=last[-3].removeprefix(turns.after_answer), after=last[-2])
    return turns


def one_turn(ask: Ask, begin: str) -> str:
    """A template that is right for a lone question; empty where not even that can be told."""
    pieces = between(ask(conversation(USERS[0])), USERS[:1])
    if pieces is None:
        return ""
    with_system = between(ask([said("system", SYSTEM), said("user", USERS[0])]), [SYSTEM, USERS[0]])
    if with_system and with_system[2] != pieces[1]:
        with_system = None
    return opened(pieces[0], with_system, begin) + "{{ .Prompt }}" + literal(pieces[1]) + "{{ .Response }}"


def opened(opening: str, with_system: list[str] | None, begin: str) -> str:
    """What stands before the first question, with a system text and without one."""
    plain = literal(opening.removeprefix(begin))
    if with_system is None:
        return plain
    before, after = literal(with_system[0].removeprefix(begin)), literal(with_system[1])
    return f"{{{{ if .System }}}}{before}{{{{ .System }}}}{after}{{{{ else }}}}{plain}{{{{ end }}}}"


def literal(text: str) -> str:
    """Text as a Go template has it; what a template or a Modelfile would misread becomes a quoted value."""
    if "{{" in text or '"""' in text or text.startswith('"') or text.endswith(('"', "{")):
        return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"
    return text


def between(text: str | None, words: Sequence[str]) -> list[str] | None:
    """What stands before, between and behind the words; None unless each is there once, in this order."""
    if text is None or any(text.count(word) != 1 for word in words):
        return None
    pieces = []
    for word in words:
        before, found, text = text.partition(word)
        if not found:
            return None
        pieces.append(before)
    return [*pieces, text]


def conversation(*turns: str) -> list[Message]:
    """Questions and answers in turn, a question first."""
    return [said("assistant" if number % 2 else "user", turn) for number, turn in enumerate(turns)]


QUESTION, REPLY, NEXT = "Was ist Energie?", "Die Fähigkeit, Arbeit zu verrichten {x}.", 'And "power"?\nShort, please.'
RULES = "Antworte kurz.\n\nAnswer in one sentence."
CONVERSATIONS: tuple[list[Message], ...] = (
    conversation(QUESTION),
    conversation(QUESTION, REPLY, NEXT),
    conversation(QUESTION, REPLY, NEXT, "Work per time.", QUESTION),
    [said("system", RULES), *conversation(QUESTION)],
    [said("system", RULES), *conversation(QUESTION, REPLY, NEXT)],
    [said("system", RULES), *conversation(QUESTION, REPLY, NEXT, "Work per time.", QUESTION)],
)

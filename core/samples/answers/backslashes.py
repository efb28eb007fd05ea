r"""Backslashes that a model forgot to double in its JSON: \frac, \nabla and C:\temp are no line breaks and no tabs.

JSON knows \b, \f, \n, \r and \t; LaTeX, patterns and paths have them too. What a backslash was meant to be is decided
by what follows it, and, where that could be either ("\nu" is a letter, or a new line with a variable), by whether it
stands in a formula.
"""

import re

ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "/": "/", "\n": "\n", "`": "`"}
_SURROGATES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")

# Commands that nobody takes for a control character and a word: "\nabla" would be a line that begins with "abla".
_COMMANDS = (
    r"t(?:imes|heta|ext(?:bf|it|rm|sf|tt|sc|normal|color|style|up|width)?|[fd]?frac|d?binom|ilde|riangle\w*"
    r"|herefore|hick\w+|wohead\w+)"
    r"|(?<![a-zà-ÿ]\\)tau"
    r"|n(?:abla|eq(?!\s*=)|otin|leq|geq|gtr|prec|succ|cong|vdash|(?:sub|sup)seteqq?"
    r"|ew(?:line|command|page)|oindent|onumber|otag|olimits|icefrac|(?:left|right|leftright)arrow|earrow|warrow|atural)"
)
# What may as well be the end of a line, or a tab, and the name of a variable or a word.
_COMMANDS_OR_WORDS = (
    r"t(?:o|anh?|op|ag|t|au)|n(?:eq?|i|u|ot|um|eg|exists|less|sim|(?:sub|sup)set|parallel|(?:short)?mid)|r(?:m|e)"
)
_LETTERS_END = r"(?![a-zA-Z])"
_FOR_ITSELF = re.compile(
    rf"[bf]|r(?=[a-z]|Vert)|(?:{_COMMANDS}){_LETTERS_END}"
    r"|u(?![0-9a-fA-F]{4})|x(?![0-9a-fA-F]{2})|[^\"\\/nrtux'`\n]"  # what JSON does not know
)
_IN_FORMULA = re.compile(rf"(?:{_COMMANDS}|{_COMMANDS_OR_WORDS}){_LETTERS_END}")
_FORMULA = re.compile(
    r"\$\$.+?\$\$|\$(?!\s)[^$\n\"]+(?<!\s)\$(?!\d)|\\+\(.+?\\+\)|\\+\[.+?\\+\]|\\+begin\{.+?\\+end\{", re.DOTALL
)
_NOT_DOUBLED = re.compile(r"(?<!\\)\\(?![nrtu])[a-zA-Z]{3,}(?![\w\\.])")  # a command that is no escape of JSON
_NOT_DOUBLED_IN_FORMULA = re.compile(rf"(?<!\\)\\(?:{_COMMANDS}|{_COMMANDS_OR_WORDS}){_LETTERS_END}")
_END_OF_ROW = re.compile(r"\\\\(?=\s|\[|\\hline|\\end)")
_PATH = re.compile(
    r"(?:(?<![A-Za-z\\])[A-Za-z]:|(?<=[\s\"'(])\\\\[\w.-]+|%\w+%|(?<![\w.])\.\.)(?:\\(?![nrtbf](?:[^a-z]|$)|u[0-9a-fA-F]{4})\w[\w.$~-]*)+"
)

# Names of folders of which no word is left where their first letter is one of an escape.
_FOLDER = re.compile(
    r"te?mp|tests|tools|reports?|resources|readme|root|repos?|new|neu|notes|nginx|node_modules|templates"
)


def with_doubled_backslashes(text: str) -> str:
    """JSON, or what was meant to be, in which a backslash that stands for itself is written as two."""
    if "\\" not in text:
        return text
    formulas = [found.span() for found in _FORMULA.finditer(text)]
    paths = [found.span() for found in _PATH.finditer(text) if _leads_somewhere(found[0])]
    is_latex = _NOT_DOUBLED.search(text) is not None or any(
        _NOT_DOUBLED_IN_FORMULA.search(text, *formula) for formula in formulas
    )

    def mended(escape: re.Match[str]) -> str:
        place = escape.start()
        if escape[1] == "\\":
            stands_for_itself = any(place == begin for begin, _ in paths) or (
                is_latex and _within(place, formulas) and _END_OF_ROW.match(text, place)
            )
            return escape[0] * 2 if stands_for_itself else escape[0]
        stands_for_itself = (
            _FOR_ITSELF.match(text, place + 1)
            or ((is_latex or _within(place, formulas)) and _IN_FORMULA.match(text, place + 1))
            or (escape[1] in ("n", "r", "t") and _within(place, paths))
        )
        return f"\\{escape[0]}" if stands_for_itself else escape[0]

    return ESCAPE.sub(mended, text)


def _leads_somewhere(path: str) -> bool:
    r"""Whether "C:\new\x.txt" is a path: a line may well end with "C:", or have a tab after it, and a word then."""
    folders = path.lstrip("\\").split("\\")[1:]
    has_known = any(folder[0] not in "nrt" or _FOLDER.fullmatch(folder) for folder in folders)
    return has_known or path[0] == "%" or (len(folders) > 1 and re.search(r"\w\.\w{2,4}\.?$", path) is not None)


def _within(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(begin <= place < end for begin, end in spans)


def decoded(raw: str) -> str:
    """What a string says: escapes replaced; those that JSON does not know, as in patterns, stay as they are."""

    def replace(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPED.get(escape, match[0])

    text = ESCAPE.sub(replace, raw)
    return _SURROGATES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)

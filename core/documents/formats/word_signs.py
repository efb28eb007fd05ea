"""What Word draws and does not write: formulas, form fields, numbers of lists, signs of symbol fonts. Knows XML."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from core.documents.formats.word_tree import attribute, found, is_on, short, value


def _signs(pairs: str) -> dict[int, str]:
    """`a✔ r✖`: each sign behind the character whose place it has in the font."""
    return {ord(pair[0]): pair[1] for pair in pairs.split()}


# What stands in texts of these fonts: boxes, ticks, arrows, numbers in circles.
SYMBOL_FONTS: dict[str, Mapping[int, str]] = {
    "wingdings": _signs(
        "ü✓ û✗ þ☑ ¨☐ ý☒ o☐ q☐ x☒ n■ l● §▪ ·• v• Ø➢ «★ à→ ß← á↑ â↓ ã↖ ä↗ å↙ æ↘ è→ ç← é↑ ê↓ ð⇨ ï⇦ ñ⇧ ò⇩"
    )
    | _signs("J☺ K😐 L☹ C👍 D👎 F☞ E☜ G☝ H☟ (☎ )✆ *✉ !✏ I✋ M💣 N☠ Q✈ R☀ T❄ z⌘ ó⬄ ô⇳ ¤◉ ¡○")
    | {0x80 + n: sign for n, sign in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿")},
    "wingdings 2": _signs("P✓ O✗ R☑ S☒ Q☒ T☒ U⊗ V⊗ W⊘ £☐ ¢■ ¡■ ¤☐")
    | {0x69 + n: sign for n, sign in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿")},
    "wingdings 3": _signs("p▲ q▼ r△ s▽ t◀ u▶ v◁ w▷ x◣ y◢ z◤ {◥ !← \"→ #↑ $↓ %↖ &↗ '↙ (↘ )⇐ 1↔ 2↕ f← g→ h↑ i↓"),
    "webdings": _signs("a✔ r✖ c☐ g■ n● 3◀ 4▶ 5▲ 6▼ i🛈 ~⚡ =ℹ s? Y♥ @✉"),
}
# What needs no brackets below a line or as an exponent, and what needs none before an exponent.
ATOM = re.compile(r"[\d.,]+|[^\W\d_]+|.|√?[(\[|{][^()\[\]]*[)\]|}]|√.")
BASE = re.compile(r"[\d.,]+|.|[(\[|{][^()\[\]]*[)\]|}]")
HIGHEST_IN_LETTERS = 4999
ROOTS = {"2": "√", "3": "∛", "4": "∜"}


@lru_cache(64)
def signs_of(font: str) -> Mapping[int, str] | None:
    """The signs of a symbol font by their places in it, of Symbol as Adobe published it; None of any other font."""
    if font.casefold() != "symbol":
        return SYMBOL_FONTS.get(font.casefold())
    from pypdf._codecs import charset_encoding  # takes as long to load as a book to read, and few need it

    return {code: sign.replace("∆", "Δ") for code, sign in enumerate(charset_encoding["/Symbol"]) if code > 0x20}


def in_font(text: str, font: str) -> str:
    """What characters show in a font, which may keep them in the private range U+F000 to U+F0FF."""
    signs = signs_of(font)
    if signs is None:
        return text
    codes = (ord(character) - 0xF000 if 0xF000 <= ord(character) <= 0xF0FF else ord(character) for character in text)
    return "".join(signs.get(code, chr(code) if code <= 0x20 else "") for code in codes)


def formula(element: etree._Element) -> str:
    """A formula of Word in one line, in Word's own linear form: `x^(n+1)`, `(a+b)/2`, `∑_(i=1)^n i`."""
    kind = short(element.tag)
    if kind in ("m:t", "w:t"):
        return element.text or ""
    if kind in _NOT_SHOWN:
        return ""
    inner = [(short(each.tag), formula(each)) for each in element]
    part = dict(inner)
    bases = [text for name, text in inner if name == "m:e"]

    def chosen(name: str, usual: str) -> str:
        return value(element, f"{kind}Pr/{name}/@m:val", usual)

    scripts = "".join(
        f"{sign}{_grouped(part[name])}" for sign, name in (("_", "m:sub"), ("^", "m:sup")) if part.get(name)
    )
    base = part.get("m:e", "")
    match kind:
        case "m:f":
            sign = "¦" if chosen("m:type", "bar") == "noBar" else "/"
            return f"{_grouped(part.get('m:num', ''))}{sign}{_grouped(part.get('m:den', ''))}"
        case "m:rad":
            degree = part.get("m:deg") or "2"
            return f"{ROOTS.get(degree, f'√[{degree}]')}{base if len(base) == 1 else f'({base})'}"
        case "m:sSup" | "m:sSub" | "m:sSubSup":
            return (base if BASE.fullmatch(base) else f"({base})") + scripts
        case "m:sPre":
            return scripts + base
        case "m:nary":
            return f"{chosen('m:chr', '∫')}{scripts} {base}"
        case "m:d":
            return f"{chosen('m:begChr', '(')}{chosen('m:sepChr', '|').join(bases)}{chosen('m:endChr', ')')}"
        case "m:m":
            return f"[{'; '.join(text for name, text in inner if name == 'm:mr')}]"
        case "m:mr" | "m:eqArr":
            return (", " if kind == "m:mr" else "; ").join(bases)
        case "m:func":
            return f"{part.get('m:fName', '')}{base if base[:1] in '([|{' else f' {base}'}"
        case "m:limLow" | "m:limUpp":
            return f"{base}{'_' if kind == 'm:limLow' else '^'}{_grouped(part.get('m:lim', ''))}"
        case "m:acc":
            return f"{base}{chosen('m:chr', chr(0x302))}" if len(base) == 1 else base
        case "m:bar":
            return f"{base}\u0305" if len(base) == 1 else f"overline({base})"
    return "".join(text for _, text in inner)


_NOT_SHOWN = {"m:rPr", "m:ctrlPr", "w:rPr", "w:del", "w:moveFrom", "w:instrText"}


def _grouped(text: str) -> str:
    """In brackets, where a sign before it would else take hold of its beginning alone."""
    return text if ATOM.fullmatch(text) else f"({text})"


def form_field(begin: etree._Element) -> str:
    """What a form field shows: whether its box is ticked, or which entry was chosen."""
    for box in found(begin, ".//w:checkBox"):
        return "☒" if is_on(box, "w:checked" if found(box, "w:checked") else "w:default") else "☐"
    entries = found(begin, ".//w:ddList/w:listEntry/@w:val")
    at = _whole(value(begin, ".//w:ddList/w:result/@w:val"), 0)
    return entries[at] if at < len(entries) else "".join(entries[:1])


@dataclass
class Level:
    """A level of a list: how its numbers look, where they begin, and the text around them (`%1.%2)`)."""

    form: str = "bullet"
    text: str = ""
    start: int = 1


@dataclass
class Numbering:
    """The lists of a document, and how far each of them has been counted on the way through it."""

    levels: dict[str, dict[int, Level]] = field(default_factory=dict)  # by abstract list
    lists: dict[str, tuple[str, dict[int, int]]] = field(default_factory=dict)  # abstract list and new starts
    level_of_style: dict[str, int] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Count from the beginning: a document is read more than once."""
        self._counts.clear()
        self._begun.clear()

    def label(self, number: str, depth: int) -> str:
        """What stands before the next paragraph of a list: `2.`, `b)`, `1.2`, or a bullet."""
        abstract, starts = self.lists.get(number, ("", {}))
        levels = self.levels.get(abstract, {})
        counts = self._counts.setdefault(abstract, {})
        if number not in self._begun:
            self._begun.add(number)
            counts |= {at: start - 1 for at, start in starts.items()}
        level = levels.get(depth, Level())
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [at for at in counts if at > depth]:
            del counts[deeper]
        if level.form in ("bullet", "none"):
            return "•" if level.form == "bullet" else ""

        def shown(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            other = levels.get(at, Level("decimal"))
            return in_form(counts.get(at, other.start), other.form)

        return re.sub(r"%(\d)", shown, level.text)


def numbering_of(root: etree._Element) -> Numbering:
    """The lists that the part `numbering` describes."""
    numbering = Numbering()
    links = {value(each, "w:styleLink/@w:val"): each for each in found(root, ".//w:abstractNum[w:styleLink]")}
    for abstract in found(root, ".//w:abstractNum"):
        source = links.get(value(abstract, "w:numStyleLink/@w:val"), abstract)
        levels = numbering.levels.setdefault(attribute(abstract, "w:abstractNumId"), {})
        for level in found(source, "w:lvl"):
            at = _whole(attribute(level, "w:ilvl"), 0)
            form, text = value(level, "w:numFmt/@w:val"), value(level, "w:lvlText/@w:val")
            levels[at] = Level(form, text, _whole(value(level, "w:start/@w:val"), 1))
            numbering.level_of_style |= dict.fromkeys(found(level, "w:pStyle/@w:val"), at)
    for number in found(root, ".//w:num"):
        starts = {
            _whole(attribute(override, "w:ilvl"), 0): _whole(value(override, "w:startOverride/@w:val"), 1)
            for override in found(number, "w:lvlOverride[w:startOverride]")
        }
        numbering.lists[attribute(number, "w:numId")] = (value(number, "w:abstractNumId/@w:val"), starts)
    return numbering


def _whole(text: str, usual: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else usual


def in_form(number: int, form: str) -> str:
    """A number as Word shows it: 3 as `3`, `03`, `c`, `C`, `iii` or `III`."""
    shown = str(number)
    if 0 < number <= HIGHEST_IN_LETTERS and form.endswith("Letter"):
        shown = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
    elif 0 < number <= HIGHEST_IN_LETTERS and form.endswith("Roman"):
        from pypdf._page_labels import number2lowercase_roman_numeral  # late, as in `signs_of`

        shown = number2lowercase_roman_numeral(number)
    elif form == "decimalZero":
        shown = f"{number:02}"
    return shown.upper() if form.startswith("upper") else shown

"""Single backslashes in JSON: which of them were meant as text."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.samples.answers.answers import parse_answer


def said_by(raw):
    """What comes out of an answer in whose JSON this stands as it is."""
    (pair,) = parse_answer(f'{{"samples": [{{"instruction": "Was ist das?", "output": "{raw}"}}]}}', True).pairs
    return pair.output


@pytest.mark.parametrize(
    "text",
    [
        r"Sie lautet $a = \frac{v}{t}$ und $\vec F = -\nabla V$.",
        r"Es gilt $\tau = r \times F$.",
        r"Es gilt \tau = r \times F.",
        r"Mit \theta \neq \nu ist \vec x gemeint.",
        r"$a \ne b$, $x \to 0$, $E = h\nu$, $\tan x$",
        r"Die Dichte ist \(\rho = \frac{m}{V}\) in $\text{kg}$.",
        r"\begin{aligned} a &\neq b \end{aligned}",
        r"$\left\{ x \notin A \right\}$, $\bar x$, $\beta$",
        r"Use \bcat\b for a whole word, \d+ for digits.",
        r"The log is in C:\new\tools\report.txt.",
        r"C:\temp\new, D:\bin und c:\Programme\neu\Readme.txt",
        r"C:\Users\nina\test",
        r"Auf \\server\share\neu\text.txt und in ..\neu\tests\run.py",
        r"%TEMP%\new\reports",
        r"$$\begin{pmatrix} a & b \\ c & d \end{pmatrix}$$",
        r"Was \nu ist, sagt $E = h\nu$.",
        r"$A \nsubseteq B$, $a \nmid b$, $a \nless b$, $\nexists x$, $2\tau$, $\pi\tau$ und \nleftarrow",
    ],
)
def test_a_backslash_that_a_model_forgot_to_double_is_text(text):
    assert said_by(text) == text
    assert said_by(json.dumps(text)[1:-1]) == text  # and where it did not forget, nothing changes


@pytest.mark.parametrize(
    "text",
    [
        *("i = 0\ni += 1\nu = 3\nne = 2", "for x in y:\n\tprint(x)\n\treturn x"),
        *("if x:\n\ttext = 1\nelse:\n\tto = 2", "Name\tan\tto\ttag", "A:\nDas ist\nB:\nEnde.", "- C:\nyes\nno"),
        *("A:\tja\nnein", "Etwa \\w\nund\nmehr", "x:\tb", "a\n:\tb", "x = 1\neq = Eq(x, 2)"),
        *("Es kostet $5\nund $6\nnicht mehr.", "a\nne pas\nni oui ni non", "Zeile\r\nzwei"),
        *("$\\frac{a}{b}$\nnot so\nund\tmehr", "$\\nu$ ist die Frequenz\nu = 1", "path C:\\new\\file.txt\nnext"),
        "\\rho und\nneu",
        "Options:\nleft: a\nright: b\nexists: c",
        "Words:\nless is more,\nsubset of it\nparallel to it\nmid range\neg. this\nsim, senhor",
        "So\nshort but\nlefthand",
        "Il va\tau marché",
    ],
)
def test_line_breaks_and_tabs_stay_what_they_are(text):
    assert said_by(json.dumps(text, ensure_ascii=False)[1:-1]) == text.replace("\r\n", "\n") or "\r" in text


COMMANDS = [
    *(r"\alpha", r"\beta", r"\bar{x}", r"\boldsymbol{v}", r"\forall x", r"\frac12", r"\frac{a}{b}"),
    *(r"\footnote{a}", r"\nabla", r"\neq", r"\ne", r"\nu", r"\notin", r"\ni", r"\neg", r"\rho", r"\right)"),
    *(r"\rangle", r"\rightarrow", r"\rm", r"\tau", r"\theta", r"\times", r"\text{m}", r"\to", r"\tan"),
    *(r"\tilde{x}", r"\triangle", r"\top"),
]


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=8), st.sampled_from(["$", "$$"]))
def test_any_formula_comes_out_as_it_was_written_single_or_doubled(commands, mark):
    text = f"Es gilt {mark}x = {' '.join(commands)}{mark} für alle x."
    assert said_by(text) == said_by(text.replace("\\", "\\\\")) == text


@settings(max_examples=2000, deadline=None)
@given(st.text("b nrtf\n\tuei=:.()", min_size=1).filter(str.strip))
def test_whatever_is_escaped_well_and_holds_no_backslash_comes_out_as_it_was(text):
    assert said_by(json.dumps(f"So: {text}.")[1:-1]) == f"So: {text}."


PIECES = [
    *(r"$\frac{a}{b}$", r"$\nabla \cdot E$", r"$$\begin{cases} a \\ b \end{cases}$$", r"\(\theta\)"),
    *(r"C:\new\x.txt", r"\d+\b", r"\\server\neu", r"print('\n')", "$5", "und", "\n", "\n\t", "\t", "\nu = 3"),
    *("\nif x:", "\r\n", "A:", "eq", "\nnicht", "\ti", "x = 1", "…", '"', "„so“", "{", "}", "[1]", "/", "100 %"),
    *("..", "...", "\nnext"),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9))
def test_well_escaped_text_with_backslashes_comes_out_as_it_was(pieces):
    text = f"So: {' '.join(pieces)}."
    assert said_by(json.dumps(text, ensure_ascii=False)[1:-1]) == text

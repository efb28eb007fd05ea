"""Every word exists in each language, and every key that the code names exists."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from ui import texts

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for folder in ("core", "ui", "utils") for path in sorted((ROOT / folder).rglob("*.py"))]
TEXT_CALLS = {"t": 0, "log": 0, "progress": 2, "text": 0, "Message": 0}  # call → position of the key


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in SOURCES:
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def literal_argument(call: ast.Call, position: int) -> str | None:
    argument = call.args[position] if len(call.args) > position else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders_and_no_empty_text(language):
    words, english = texts.WORDS[language], texts.WORDS["en"]
    assert words.keys() == english.keys()
    assert [key for key in words if placeholders(words[key]) != placeholders(english[key])] == []
    assert [key for key, text in words.items() if not text.strip()] == []


def test_every_error_that_is_raised_says_what_happened_and_what_to_do():
    missing = set()
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) == "AppError":
                code = literal_argument(node, 0)
                missing |= {
                    f"{path}:{node.lineno} {kind}.{code}"
                    for kind in ("error", "hint")
                    if code and f"{kind}.{code}" not in texts.KEYS
                }
    assert sorted(missing) == []


def test_every_key_that_the_code_names_has_its_words():
    missing = set()
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) in TEXT_CALLS:
                key = literal_argument(node, TEXT_CALLS[called(node)])
                if key and "." in key and key not in texts.KEYS and f"error.{key}" not in texts.KEYS:
                    missing.add(f"{path}:{node.lineno} {key}")
    assert sorted(missing) == []


def test_no_text_is_left_that_nothing_uses():
    words = set()
    prefixes = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                prefixes.add(str(node.values[0].value))
    prefixes -= {"error.", "hint."}

    def used(key: str) -> bool:
        area, _, code = key.partition(".")
        if area in {"error", "hint"}:
            return code in words
        return key in words or any("." in prefix and key.startswith(prefix) for prefix in prefixes)

    assert [key for key in texts.KEYS if not used(key)] == []


def test_a_key_defined_twice_is_refused(tmp_path):
    for file in ("a", "b"):
        (tmp_path / f"{file}.toml").write_text('"job.count" = "x"')
    with pytest.raises(ValueError, match="twice"):
        texts.read_language(tmp_path)


def test_numbers_are_written_as_the_language_writes_them():
    assert texts.error_text("field_too_small", "de", {"field": "learning_rate", "limit": 1e-5})[0] == (
        "„Lernrate“ ist zu klein: Der kleinste erlaubte Wert ist 0,00001."
    )
    assert "0.00001" in texts.error_text("field_too_small", "en", {"field": "learning_rate", "limit": 1e-5})[0]
    assert texts.text("job.count", "de", done=1200, total=12345) == "1.200/12.345"


def test_a_message_of_an_older_version_is_shown_and_breaks_nothing():
    assert "gone.key" in texts.message_text("gone.key", {"count": 3}, "de")


def test_braces_in_a_value_are_shown_as_they_are():
    happened, _ = texts.error_text("project_missing", "de", {"name": "{0.__class__}"})
    assert "{0.__class__}" in happened

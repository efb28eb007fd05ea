"""Every word exists in each language, and every key that the code names exists."""

import ast
import os
import shutil
import string
import subprocess
import sys
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


def test_a_third_language_is_a_third_folder(tmp_path):
    """The page, the commands and the settings of a copied tree speak it, with its own way to write numbers."""
    for folder in ("core", "ui", "utils"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    french = tmp_path / "ui/texts/fr"
    shutil.copytree(ROOT / "ui/texts/en", french)
    names = 'locale.names" = "fr French'
    for file, before, after in (
        ("language", 'locale.names" = "en English', names),
        ("language", 'thousands" = ","', 'thousands" = " "'),
        ("frame", 'this_language" = "English"', 'this_language" = "Français"'),
        ("frame", "Language at start", "Langue au début"),
    ):
        path = french / f"{file}.toml"
        assert before in path.read_text(encoding="utf-8")
        path.write_text(path.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    script = (
        "from pathlib import Path; from core.project_manager import ProjectStore;"
        "from core.jobs.services import Services; from ui import layout, texts; from ui.cli import terminal;"
        "shown = str(layout.build(Services(ProjectStore(Path('projects'))), 'fr').get_config_file());"
        "print(texts.person_language(), texts.text('job.count', 'fr', done=1200, total=1),"
        "'Langue au début' in shown, 'Français' in shown)"
    )
    environment = {**os.environ, "LC_ALL": "fr_FR.UTF-8", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split("\n")[0] == "fr 1 200/1 True True", done.stderr


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

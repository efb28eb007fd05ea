"""README: its tree names every file of the code, and nothing that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TREES = ("core", "ui", "utils")


def named_files() -> set[str]:
    """The files that README's tree names, with their folders."""
    tree = (ROOT / "README.md").read_text("utf-8").split("## Where things are", 1)[1].split("```")[1]
    folder, names = "", set()
    for line in tree.splitlines():
        if found := re.match(r"(\S+)/ ", line):
            folder = found[1]
        elif found := re.match(r"  (\S+\.\S+) ", line):
            names.add(f"{folder}/{found[1]}")
    return names


def has_something_to_say(path: Path) -> bool:
    """Not so what Python leaves, what is hidden, an `__init__.py` with one line for its folder, and the words."""
    if path.name == "__init__.py":
        return len(path.read_text("utf-8").splitlines()) > 1
    return path.is_file() and path.suffix not in (".pyc", ".toml") and not path.name.startswith(".")


def test_the_readmes_tree_names_every_file_of_the_code_and_no_other():
    files = (path for tree in TREES for path in (ROOT / tree).rglob("*") if has_something_to_say(path))
    assert named_files() == {path.relative_to(ROOT).as_posix() for path in files}


def test_the_readme_starts_with_the_two_commands_and_ci_runs_just_these():
    readme, ci = (ROOT / "README.md").read_text("utf-8")[:700], (ROOT / ".ci" / "run").read_text("utf-8")
    for command in ("python3 start.py", "python3 start.py test"):
        assert f"```\n{command}\n```" in readme
        assert f"{command}" in ci
    assert "pip install" not in ci

"""README: its tree names every file of the code, and nothing that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "core",
    "core/bases",
    "core/documents",
    "core/documents/formats",
    "core/practice",
    "core/samples",
    "core/samples/helpers",
    "core/training",
    "ui",
    "ui/texts",
    "utils",
)


def named_files() -> set[str]:
    """The files that README's tree names, with their folders."""
    tree = (ROOT / "README.md").read_text("utf-8").split("## Where things are", 1)[1].split("```")[1]
    folder, names = "", set()
    for line in tree.splitlines():
        if found := re.match(r"(\S+)/ ", line):
            folder = found[1]
        elif found := re.match(r"  (\S+\.(?:py|css)) ", line):
            names.add(f"{folder}/{found[1]}")
    return names


def test_the_readmes_tree_names_every_file_of_the_code_and_no_other():
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).iterdir()
        if path.suffix in {".py", ".css"} and (path.name != "__init__.py" or folder == "ui/texts")
    }
    assert named_files() == there


def test_the_readme_starts_with_the_two_commands():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "python -m pip install -r requirements.txt && python app.py" in readme[:700]
    assert "python -m pip install -r requirements-dev.txt && python -m pytest" in readme[:700]

"""What lies in this machine's Hugging Face cache, read from its files: no request, and no library to load.

The layout is the documented one ("Understand caching" in huggingface_hub's guides): `models--VENDOR--NAME` holds
`refs/main` with a commit, `snapshots/COMMIT` with links, and `blobs` with what they lead to.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from utils.files import open_file, read_json, write_text_atomic

PREFIX, SEPARATOR = "models--", "--"
INDEX = "model.safetensors.index.json"


def hub_folder() -> Path:
    """Where huggingface_hub keeps what it downloads, by the variables that it reads itself."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if named := os.environ.get(name):
            return Path(os.path.expanduser(named))
    usual = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(os.path.expanduser(os.environ.get("HF_HOME") or usual)) / "hub"


def folder_of(name: str) -> Path:
    """The folder of a repository, whether it is there or not."""
    return hub_folder() / (PREFIX + name.replace("/", SEPARATOR))


def repositories() -> Iterator[str]:
    """The names of all model repositories of which anything is there."""
    for folder in sorted(hub_folder().glob(f"{PREFIX}*")):
        if (folder / "snapshots").is_dir():
            yield folder.name.removeprefix(PREFIX).replace(SEPARATOR, "/", 1)


def snapshot(name: str) -> Path | None:
    """The folder of the newest version of a repository that is there; it may be incomplete."""
    folder = folder_of(name)
    try:
        with open_file(folder / "refs" / "main") as file:
            commit = file.read().decode().strip()
    except (OSError, ValueError):
        commit = ""
    if commit and (folder / "snapshots" / commit).is_dir():
        return folder / "snapshots" / commit
    others = [path for path in folder.glob("snapshots/*") if path.is_dir()]
    return max(others, key=lambda path: path.stat().st_mtime, default=None)


def set_newest(name: str, commit: str) -> None:
    """Let everybody who asks for the repository find this version of it."""
    file = folder_of(name) / "refs" / "main"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(file, commit)


def revision_of(folder: Path) -> str | None:
    """The commit of a folder of the cache; None where it is none."""
    return folder.name if folder.parent.name == "snapshots" else None


def lacks_weights(folder: Path) -> bool:
    """Whether a part of the weights is not there that the model's own index names."""
    try:
        parts = set(read_json(folder / INDEX)["weight_map"].values())
        return not all((folder / part).is_file() for part in parts)
    except FileNotFoundError:
        return False
    except (ValueError, KeyError, TypeError, AttributeError):
        return True

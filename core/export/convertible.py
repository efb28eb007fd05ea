"""Whether a base model can become a GGUF once it is tuned: asked before anybody trains. Loads no torch.

It reads the small files of a model, and of the converter the tables that say what that knows, as text.
"""

import ast
import re
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from core.models import bases, ollama_store, unpacked
from core.models.split_rules import GPT_2, NAMES
from utils.errors import AppError
from utils.files import file_stamp, read_json

SENTENCE_PIECE = "tokenizer.model"
TEXT_MODELS, KNOWN_HASHES, HASHED_TEXT = "TEXT_MODEL_MAP", r'chkhsh == "([0-9a-f]{64})"', r"chktxt = (.*)\n"


def source_of(base: Path) -> Path | None:
    """The GGUF that a base was unpacked from, where it still lies in Ollama's store."""
    note = unpacked.read_note(base)
    return ollama_store.find_blob(note.digest) if note else None


def require_convertible(base: Path) -> None:
    """Raises AppError where no GGUF can be made: `gguf_no_converter`, `gguf_architecture`, `gguf_tokenizer`, and
    `gguf_source_gone` where one could while Ollama still had the model."""
    if source_of(base):
        return
    try:
        architecture = bases.describe(base).architecture
        if architecture not in architectures():
            raise AppError("gguf_architecture", architecture=architecture)
        if not (base / SENTENCE_PIECE).is_file() and not is_known(
            base / "tokenizer.json", file_stamp(base / "tokenizer.json")
        ):
            raise AppError("gguf_tokenizer")
    except AppError:
        if note := unpacked.read_note(base):
            raise AppError("gguf_source_gone", name=note.name) from None
        raise


@lru_cache(maxsize=16)
def is_known(file: Path, stamp: tuple[int, int] | None) -> bool:
    """Whether the converter finds llama.cpp's name for the split rule of a byte-level BPE.

    A vocabulary of SentencePiece needs its own file: without it, the scores that decide about merges are lost. Files
    are large, and what was read stays true for the same `stamp`.
    """
    try:
        found = read_json(file)
        model = found["model"]
        if model.get("type") != "BPE" or model.get("byte_fallback"):
            return False
        if split_rule(found) in NAMES:
            return True
        hashes, text = hashed()
        return sha256(str(Tokenizer.from_file(str(file)).encode(text).ids).encode()).hexdigest() in hashes
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False


def split_rule(tokenizer: dict[str, Any]) -> tuple[str, ...]:
    """The regular expressions by which a tokenizer.json splits text, one after the other."""
    rule = tokenizer.get("pre_tokenizer") or {}
    patterns = []
    for step in rule.get("pretokenizers", [rule]):
        if step.get("type") == "Split":
            patterns.append(step["pattern"].get("Regex", ""))
        elif step.get("type") == "Digits":
            patterns.append(r"\p{N}" if step.get("individual_digits") else r"\p{N}+")
        elif step.get("type") == "ByteLevel" and step.get("use_regex", True):
            patterns.append(GPT_2)
    return tuple(patterns)


def converter_file(name: str) -> Path:
    """A file of the converter. Raises AppError `gguf_no_converter`."""
    spec = find_spec("auto_round")
    if spec is None or not spec.submodule_search_locations:
        raise AppError("gguf_no_converter")
    return Path(spec.submodule_search_locations[0], "export", "export_to_gguf", "conversion", name)


@lru_cache(maxsize=1)
def architectures() -> frozenset[str]:
    """The architectures of text models that the converter knows."""
    for node in ast.parse(converter_file("__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == TEXT_MODELS:
            return frozenset(ast.literal_eval(node.value) if node.value else ())
    raise AppError("gguf_no_converter")


@lru_cache(maxsize=1)
def hashed() -> tuple[frozenset[str], str]:
    """The hashes by which the converter knows tokenizers, and the text whose tokens are hashed."""
    source = converter_file("base.py").read_text(encoding="utf-8")
    text = re.search(HASHED_TEXT, source)
    return frozenset(re.findall(KNOWN_HASHES, source)), ast.literal_eval(text[1]) if text else ""

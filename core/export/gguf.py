"""A model folder → an f16 GGUF, without network and compiler. Knows the file format; knows no project.

The converter is the copy of llama.cpp's own that auto-round brings along: internals of that package, therefore its
version is pinned.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gguf
import torch
from transformers import AutoTokenizer

from core.export.convertible import SENTENCE_PIECE, converter_file, split_rule
from core.models.chat_text import opener, puts_space
from core.models.gguf_tokenizer import told_name
from core.models.split_rules import NAMES
from utils.errors import AppError
from utils.files import read_json

NEWER_IN_CONVERTER = ("MODEL_ARCH", "MODEL_TENSOR")


def write_f16(folder: Path, file: Path, name: str) -> None:
    """Write the model in `folder` as a GGUF of type f16 that calls itself `name`.

    Raises AppError `gguf_architecture` or `gguf_tokenizer` where llama.cpp does not know the model.
    """
    with converter() as conversion:
        parameters = conversion.ModelBase.load_hparams(folder, False)
        architecture = conversion.get_model_architecture(parameters, conversion.ModelType.TEXT)
        try:
            model_class = conversion.get_model_class(architecture)
        except NotImplementedError:
            raise AppError("gguf_architecture", architecture=architecture) from None
        own = with_own_vocabulary(model_class, folder)
        with torch.inference_mode():
            own(folder, gguf.LlamaFileType.MOSTLY_F16, file, model_name=told_name(name, folder)).write()


@contextmanager
def converter() -> Iterator[Any]:
    """The bundled converter; it imports its own parts by bare names, so its folder is put on the path meanwhile."""
    folder = str(converter_file("__init__.py").parents[1])
    sys.path.insert(0, folder)
    names = {name: getattr(gguf, name) for name in NEWER_IN_CONVERTER}
    for name, known in names.items():
        setattr(gguf, name, Lenient(known))
    try:
        import conversion  # type: ignore[import-not-found, unused-ignore]

        yield conversion
    finally:
        sys.path.remove(folder)
        for name, known in names.items():
            setattr(gguf, name, known)


class Lenient:
    """An enum that answers None for members that it does not have.

    The converter is newer than the newest `gguf` of the package index: the module of the Qwen models, for one, also
    names an architecture that `gguf` does not know yet, and could not be imported at all.
    """

    def __init__(self, known: Any) -> None:
        self._known = known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._known, name, None)

    def __call__(self, value: Any) -> Any:
        return self._known(value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._known)


def with_own_vocabulary(model_class: Any, folder: Path) -> Any:
    """The converter's class for a model, which writes the vocabulary as the folder's tokenizer has it.

    It recognizes a split rule by its text where it does not know the tokenizer by its hash, takes Phi 4, which is of
    Phi 3's architecture, for byte-level, and lets a text begin with a space where it does behind a prompt's opener:
    some tokenizers put one only at the very beginning, llama.cpp behind each control token.
    """

    class WithOwnVocabulary(model_class):
        model_arch = model_class.model_arch

        def get_vocab_base_pre(self, tokenizer: Any) -> str:
            try:
                return super().get_vocab_base_pre(tokenizer)
            except NotImplementedError:
                name = NAMES.get(split_rule(read_json(folder / "tokenizer.json")))
                if name is None:
                    raise AppError("gguf_tokenizer") from None
                return name

        def set_vocab(self) -> None:
            if not (folder / SENTENCE_PIECE).is_file() and self.model_arch == gguf.MODEL_ARCH.PHI3:
                self._set_vocab_gpt2()
                return
            super().set_vocab()
            if (folder / SENTENCE_PIECE).is_file():
                tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
                self.gguf_writer.add_add_space_prefix(puts_space(tokenizer, opener(tokenizer)))

    return WithOwnVocabulary

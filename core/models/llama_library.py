"""llama.cpp's own C functions, in the library that xllamacpp brings along: what its Python interface does not offer.

The library exports them on Linux and macOS; on Windows it does not, slower ways are taken there. Parameters are
passed on as llama.cpp made them, without a look inside: only how a batch of tokens is laid out has to stay as it is.
"""

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import gguf
import numpy as np
import xllamacpp  # noqa: F401  its library is used below

from core.hardware_detector import cores_for_work
from utils.errors import AppError

LONGEST_TOKENS = 512
"""Of a text: the context that llama.cpp gives where nobody asks for another."""

PARTS_A_THREAD = 4


@dataclass(frozen=True)
class Judgement:
    """What the model thinks of one given next token, and which one it would have preferred."""

    log_probability: float
    preferred: int


class _Parameters(ctypes.Structure):
    """What the defaults of a model or a context are returned in: at least as large as any of them."""

    _fields_ = (("content", ctypes.c_uint8 * 1024),)


class _Batch(ctypes.Structure):
    """`llama_batch` of llama.h. Without positions and sequences the tokens go on where the last batch ended."""

    _fields_ = (
        ("n_tokens", ctypes.c_int32),
        ("token", ctypes.POINTER(ctypes.c_int32)),
        ("embd", ctypes.c_void_p),
        ("pos", ctypes.c_void_p),
        ("n_seq_id", ctypes.c_void_p),
        ("seq_id", ctypes.c_void_p),
        ("logits", ctypes.POINTER(ctypes.c_int8)),
    )


_LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_POINTER, _INTEGER, _SIZE = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64
FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "ggml_quantize_chunk": (ctypes.c_size_t, (ctypes.c_int, _POINTER, _POINTER, _SIZE, _SIZE, _SIZE, _POINTER)),
    "llama_log_set": (None, (_LOG, _POINTER)),
    "llama_model_default_params": (_Parameters, ()),
    "llama_context_default_params": (_Parameters, ()),
    "llama_model_load_from_file": (_POINTER, (ctypes.c_char_p, _Parameters)),
    "llama_model_free": (None, (_POINTER,)),
    "llama_model_get_vocab": (_POINTER, (_POINTER,)),
    "llama_vocab_n_tokens": (_INTEGER, (_POINTER,)),
    "llama_init_from_model": (_POINTER, (_POINTER, _Parameters)),
    "llama_free": (None, (_POINTER,)),
    "llama_set_n_threads": (None, (_POINTER, _INTEGER, _INTEGER)),
    "llama_get_memory": (_POINTER, (_POINTER,)),
    "llama_memory_seq_rm": (ctypes.c_bool, (_POINTER, _INTEGER, _INTEGER, _INTEGER)),
    "llama_memory_clear": (None, (_POINTER, ctypes.c_bool)),
    "llama_decode": (_INTEGER, (_POINTER, _Batch)),
    "llama_get_logits": (ctypes.POINTER(ctypes.c_float), (_POINTER,)),
}
"""Name → what it returns and what it takes, by ggml.h and llama.h."""


def _open_library() -> Any:
    """The library with its functions declared; None where it does not export them."""
    library = ctypes.CDLL(sys.modules["xllamacpp.xllamacpp"].__file__)
    if not all(hasattr(library, name) for name in FUNCTIONS):
        return None
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


LIBRARY = _open_library()
_SILENT = _LOG(lambda level, text, data: None)


def quantize(rows: np.ndarray, kind: gguf.GGMLQuantizationType) -> np.ndarray:
    """Rows of f16 or f32 in the blocks of `kind`, by llama.cpp's own kernel, on all cores: rows × bytes."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    count, width = rows.shape
    made = np.empty((count, width // block * size), np.uint8)

    def work(part: np.ndarray) -> None:
        values = np.ascontiguousarray(rows[part[0] : part[-1] + 1], np.float32)
        target = made[part[0] : part[-1] + 1]
        LIBRARY.ggml_quantize_chunk(kind, values.ctypes.data, target.ctypes.data, 0, len(values), width, None)

    threads = cores_for_work()
    with ThreadPoolExecutor(threads) as pool:
        parts = np.array_split(np.arange(count), min(count, threads * PARTS_A_THREAD))
        list(pool.map(work, parts))
    return made


def common_length(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two texts begin with in common."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((number for number, (one, other) in pairs if one != other), min(len(first), len(second)))


class Scorer:
    """A model that says what it expects along given tokens, of a whole text at once.

    Raises AppError `gguf_unreadable` where llama.cpp refuses the file.
    """

    def __init__(self, file: Path) -> None:
        LIBRARY.llama_log_set(_SILENT, None)
        self._read: list[int] = []
        self._context = None
        self._model = LIBRARY.llama_model_load_from_file(os.fsencode(file), LIBRARY.llama_model_default_params())
        if self._model:
            self._context = LIBRARY.llama_init_from_model(self._model, LIBRARY.llama_context_default_params())
        if not self._context:
            self.__exit__(None, None, None)
            raise AppError("gguf_unreadable", file=file.name, problem="llama.cpp: model or context")
        LIBRARY.llama_set_n_threads(self._context, cores_for_work(), cores_for_work())
        self._vocabulary = LIBRARY.llama_vocab_n_tokens(LIBRARY.llama_model_get_vocab(self._model))

    def __enter__(self) -> "Scorer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._context:
            LIBRARY.llama_free(self._context)
        if self._model:
            LIBRARY.llama_model_free(self._model)

    def score(self, ids: list[int], start: int) -> list[Judgement]:
        """What the model thinks of each token from position `start`, 1 or later, after those before it.

        What the text has in common with the one before is not read again. Raises AppError `gguf_no_answer`.
        """
        known = min(common_length(self._read, ids), start - 1)
        memory = LIBRARY.llama_get_memory(self._context)
        if not LIBRARY.llama_memory_seq_rm(memory, 0, known, -1):  # there are models that cannot forget a part
            LIBRARY.llama_memory_clear(memory, True)
            known = 0
        tokens = ids[known:-1]
        asked = [known + number >= start - 1 for number in range(len(tokens))]
        batch = _Batch(
            n_tokens=len(tokens),
            token=(ctypes.c_int32 * len(tokens))(*tokens),
            logits=(ctypes.c_int8 * len(tokens))(*asked),
        )
        if problem := LIBRARY.llama_decode(self._context, batch):
            raise AppError("gguf_no_answer", problem=f"llama_decode: {problem}")
        self._read = ids[:-1]
        return list(self._judged(ids[start:]))

    def _judged(self, wanted: list[int]) -> Iterator[Judgement]:
        logits = np.ctypeslib.as_array(LIBRARY.llama_get_logits(self._context), (len(wanted), self._vocabulary))
        for row, token in zip(logits, wanted, strict=True):
            best = int(row.argmax())
            total = row[best] + np.log(np.exp(row - row[best]).sum())
            yield Judgement(float(row[token] - total), best)

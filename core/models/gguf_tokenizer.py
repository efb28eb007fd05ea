"""The tokenizer that is inside of a GGUF → one of transformers that reads text as llama.cpp does.

Transformers' own conversion gives Llama 3 another split rule, exchanges begin and end, and knows three of Qwen's
special tokens: text would be cut differently in training than in the finished model.
"""

from pathlib import Path
from typing import Any

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from utils.errors import AppError
from utils.files import read_json, write_json

# The split rules that llama.cpp knows by name, by the text of their regular expression. The converter itself
# recognizes tokenizers only by a hash over their tokens, so one that was trained on this machine is never known.
PRE_TOKENIZERS = {
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+": "qwen2",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+": "llama-bpe",
}

LLAMA_3, QWEN = "llama-bpe", "qwen2"
RULES = {name: rule for rule, name in PRE_TOKENIZERS.items()}
# llama.cpp's names of split rules that are one of these two.
SAME_RULE = {
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "falcon3", "lfm2"), LLAMA_3),
    **dict.fromkeys(("qwen2", "deepseek-r1-qwen"), QWEN),
}

# What llama.cpp takes for the end of an answer wherever it stands in a vocabulary (llama-vocab.cpp).
ENDS = {
    *("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>", "<end_of_utterance>"),
    *("<|endoftext|>", "<|end_of_text|>", "<|eom_id|>", "<EOT>", "_<EOT>", "<\uff5cend\u2581of\u2581sentence\uff5c>"),
}


def make_tokenizer(file: Path, reader: gguf.GGUFReader) -> Any:
    """The tokenizer of a GGUF, with its chat template. Raises AppError `ollama_tokenizer` for a kind unknown here."""
    kind = read(reader, "tokenizer.ggml.model")
    tokens = read(reader, "tokenizer.ggml.tokens")
    if not tokens:
        raise AppError("ollama_tokenizer", kind=str(kind))
    if kind == "gpt2":
        backend = byte_level(reader, tokens)
    elif kind == "llama":
        backend = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).backend_tokenizer
    else:
        raise AppError("ollama_tokenizer", kind=str(kind))
    named = {
        f"{role}_token": tokens[number]
        for role, key in (("bos", "bos"), ("eos", "eos"), ("pad", "padding"), ("unk", "unknown"))
        if (number := read(reader, f"tokenizer.ggml.{key}_token_id")) is not None and number < len(tokens)
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        chat_template=read(reader, "tokenizer.chat_template"),
        clean_up_tokenization_spaces=False,
        add_bos_token=adds_begin(reader) and "bos_token" in named,
        **named,
    )


def byte_level(reader: gguf.GGUFReader, tokens: list[str]) -> Tokenizer:
    """A byte-level BPE with the split rule that the GGUF names. Raises AppError `ollama_tokenizer`."""
    named = str(read(reader, "tokenizer.ggml.pre"))
    rule = SAME_RULE.get(named)
    if rule is None:
        raise AppError("ollama_tokenizer", kind=named)
    merges = [tuple(merge.split(" ", 1)) for merge in read(reader, "tokenizer.ggml.merges") or []]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    backend = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=rule == LLAMA_3))
    split = pre_tokenizers.Split(Regex(RULES[rule]), "isolated")
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    backend.decoder = decoders.ByteLevel()
    kinds = read(reader, "tokenizer.ggml.token_type") or []
    for wanted, special in ((gguf.TokenType.CONTROL, True), (gguf.TokenType.USER_DEFINED, False)):
        found = [token for token, kind in zip(tokens, kinds, strict=False) if kind == wanted]
        backend.add_tokens([AddedToken(token, normalized=False, special=special) for token in found])
    return backend


def adds_begin(reader: gguf.GGUFReader) -> bool:
    """Whether llama.cpp opens every text with the begin token."""
    said = read(reader, "tokenizer.ggml.add_bos_token")
    if said is not None:
        return bool(said)
    by_rule = SAME_RULE.get(str(read(reader, "tokenizer.ggml.pre"))) == LLAMA_3
    return by_rule or read(reader, "tokenizer.ggml.model") == "llama"


def note_begin(folder: Path, begins: bool) -> None:
    """Say in the settings of a folder's tokenizer whether texts open with the begin token.

    Transformers may leave that out, and of a GGUF that does not say it llama.cpp and Ollama each have their own idea.
    """
    path = folder / "tokenizer_config.json"
    write_json(path, {**read_json(path), "add_bos_token": begins})


def stop_ids(reader: gguf.GGUFReader) -> list[int]:
    """The tokens at which llama.cpp ends an answer: those that the file names, and those known by their text."""
    named = (read(reader, f"tokenizer.ggml.{role}_token_id") for role in ("eos", "eot"))
    tokens = read(reader, "tokenizer.ggml.tokens") or []
    known = [number for number, token in enumerate(tokens) if token in ENDS]
    return list(dict.fromkeys([*(int(number) for number in named if number is not None), *known]))


def read(reader: gguf.GGUFReader, key: str) -> Any:
    """The value of a key; None where it is missing."""
    field = reader.fields.get(key)
    return field.contents() if field else None

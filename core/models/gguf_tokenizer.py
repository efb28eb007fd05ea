"""The tokenizer that is inside of a GGUF → one of transformers that reads text as llama.cpp does.

Transformers' own conversion gives Llama 3 another split rule, exchanges begin and end, knows three of Qwen's special
tokens and takes SentencePiece's BPE for a Unigram model: text would be cut otherwise in training than when asked.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from core.models.split_rules import SPLIT_RULES
from utils.errors import AppError
from utils.files import read_json, write_json

# What llama.cpp takes for the end of an answer wherever it stands in a vocabulary (llama-vocab.cpp).
ENDS = {
    *("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>", "<end_of_utterance>"),
    *("<|endoftext|>", "<|end_of_text|>", "<|eom_id|>", "<EOT>", "_<EOT>", "<\uff5cend\u2581of\u2581sentence\uff5c>"),
}


SPACE = "▁"
"""What SentencePiece writes for a space."""


def make_tokenizer(reader: gguf.GGUFReader) -> Any:
    """The tokenizer of a GGUF, with its chat template. Raises AppError `ollama_tokenizer` for a kind unknown here."""
    kind = str(read(reader, "tokenizer.ggml.model"))
    tokens = read(reader, "tokenizer.ggml.tokens")
    if not tokens or kind not in BACKENDS:
        raise AppError("ollama_tokenizer", kind=kind)
    backend = BACKENDS[kind](reader, {token: number for number, token in enumerate(tokens)})
    kinds = read(reader, "tokenizer.ggml.token_type") or []
    strips = re.search(r"phi-?3", str(read(reader, "general.name")), re.IGNORECASE) is not None
    added = [
        AddedToken(
            token,
            normalized=False,
            special=of != gguf.TokenType.USER_DEFINED or token in ENDS,
            rstrip=strips and token not in KEEP_SPACES,
        )
        for token, of in zip(tokens, kinds, strict=False)
        if of in ADDED or token in ENDS
    ]
    backend.add_tokens(added)
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


def byte_level(reader: gguf.GGUFReader, vocabulary: dict[str, int]) -> Tokenizer:
    """A byte-level BPE with the split rule that the GGUF names. Raises AppError `ollama_tokenizer`."""
    named = str(read(reader, "tokenizer.ggml.pre") or "default")
    rule = SPLIT_RULES.get(named)
    if rule is None:
        raise AppError("ollama_tokenizer", kind=named)
    merges = [tuple(merge.split(" ", 1)) for merge in read(reader, "tokenizer.ggml.merges") or []]
    backend = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=rule.whole_words))
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in rule.patterns]
    by_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([*splits, by_bytes])
    backend.decoder = decoders.ByteLevel()
    return backend


def sentence_piece(reader: gguf.GGUFReader, vocabulary: dict[str, int]) -> Tokenizer:
    """SentencePiece's BPE, which merges what gives the token of the best score: each way to make a token is a merge,
    in the order of their scores; characters without a token become bytes."""
    scores = read(reader, "tokenizer.ggml.scores") or [0.0] * len(vocabulary)
    merges = [
        (token[:cut], token[cut:])
        for token, _ in sorted(vocabulary.items(), key=lambda item: -scores[item[1]])
        for cut in range(1, len(token))
        if token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
    unknown = read(reader, "tokenizer.ggml.unknown_token_id")
    unknown = next((token for token, number in vocabulary.items() if number == unknown), None)
    backend = Tokenizer(models.BPE(vocabulary, merges, unk_token=unknown, fuse_unk=True, byte_fallback=True))
    prefixed = read(reader, "tokenizer.ggml.add_space_prefix") is not False
    spaces = [normalizers.Replace(" ", SPACE)]
    backend.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), *spaces] if prefixed else spaces)
    whole = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    backend.decoder = decoders.Sequence([*whole, decoders.Strip(" ", 1, 0)] if prefixed else whole)
    return backend


BACKENDS: dict[str, Callable[[gguf.GGUFReader, dict[str, int]], Tokenizer]] = {
    "gpt2": byte_level,
    "llama": sentence_piece,
}
"""llama.cpp's name for a kind of tokenizer → what makes one of its vocabulary."""
KEEP_SPACES = {"<unk>", "<s>", "<|endoftext|>"}
"""After all other control tokens of Phi 3, which llama.cpp knows by the model's name, it passes over spaces."""
ADDED = {gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED, gguf.TokenType.UNKNOWN}


def adds_begin(reader: gguf.GGUFReader) -> bool:
    """Whether llama.cpp opens every text with the begin token."""
    said = read(reader, "tokenizer.ggml.add_bos_token")
    if said is not None:
        return bool(said)
    if read(reader, "tokenizer.ggml.model") == "llama":
        return True
    rule = SPLIT_RULES.get(str(read(reader, "tokenizer.ggml.pre")))
    return rule is not None and rule.begins


def told_name(name: str, folder: Path) -> str:
    """What a GGUF of the model in `folder` calls itself, so that llama.cpp reads it as its tokenizer does.

    By the name alone it knows Phi 3, after whose control tokens it passes over spaces (llama-vocab.cpp); a project on
    another base may be called so too.
    """
    added = read_json(folder / "tokenizer.json")["added_tokens"]
    strip = [token["rstrip"] for token in added if token["special"] and token["content"] not in KEEP_SPACES]
    strips = 2 * sum(strip) > len(strip)
    return f"{name} (Phi-3)" if strips else re.sub(r"(phi)-?(?=3)", r"\1 ", name, flags=re.IGNORECASE)


def note_added(folder: Path) -> None:
    """Name the added tokens in the settings of a folder's tokenizer, where converters to GGUF look for those that
    SentencePiece's own file lacks, or has as text. Transformers 5 no longer writes them there."""
    added = {
        str(token["id"]): {key: value for key, value in token.items() if key != "id"}
        for token in read_json(folder / "tokenizer.json")["added_tokens"]
    }
    path = folder / "tokenizer_config.json"
    write_json(path, {**read_json(path), "added_tokens_decoder": added})


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


def plain_ids(tokenizer: Any, text: str) -> list[int]:
    """What one of transformers reads a text as, which stands for itself: none are added."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def read(reader: gguf.GGUFReader, key: str) -> Any:
    """The value of a key; None where it is missing."""
    field = reader.fields.get(key)
    return field.contents() if field else None

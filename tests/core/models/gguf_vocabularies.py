"""GGUF files that hold a vocabulary, trained on the spot by a published rule, and next to no weights."""

import io

import gguf
import numpy as np
import sentencepiece
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from core.models.llama_server import TRICKY_TEXTS
from utils.files import parse_json

CONTROLS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
USER_DEFINED = ("<tool_call>", "\n\n\n")
WIDTH, FEED = 32, 64
CONTROL, DEFINED, NORMAL = gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED, gguf.TokenType.NORMAL
# Each text twice, so that its words are worth a token.
CORPUS = [text for text in TRICKY_TEXTS for _ in range(3)]


def untrained(patterns):
    """A byte-level BPE that is cut by these expressions, before it knows any word."""
    backend = Tokenizer(models.BPE())
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]
    by_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([*splits, by_bytes])
    return backend


def byte_level(patterns, size=1500):
    """(tokens, merges) of a byte-level BPE that was cut by these expressions."""
    backend = untrained(patterns)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    backend.train_from_iterator(CORPUS, trainer)
    vocabulary = backend.get_vocab()
    merges = parse_json(backend.to_str())["model"]["merges"]
    return sorted(vocabulary, key=vocabulary.get), [" ".join(merge) for merge in merges]


def write_byte_level(file, pre, patterns, control=CONTROL, **keys):
    """A GGUF of a byte-level BPE with the split rule that llama.cpp calls `pre`."""
    tokens, merges = byte_level(patterns)
    tokens = [token for token in tokens if token not in (*CONTROLS, *USER_DEFINED)]
    kinds = [NORMAL] * len(tokens) + [control] * len(CONTROLS) + [DEFINED] * len(USER_DEFINED)
    tokens = [*tokens, *CONTROLS, *USER_DEFINED]
    writer = started(file, "gpt2", tokens, kinds)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_merges(merges)
    finish(writer, len(tokens), tokens.index("<|endoftext|>"), tokens.index("<|im_end|>"), keys)
    return written(writer, file)


def sentence_piece_model(*, prefix, **symbols):
    """SentencePiece's own file of a BPE with bytes to fall back on; `prefix` puts a space before a text."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_writer=model,
        model_type="bpe",
        vocab_size=1600,
        byte_fallback=True,
        add_dummy_prefix=prefix,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        character_coverage=0.98,
        minloglevel=2,
        **symbols,
    )
    return model.getvalue()


def write_sentence_piece(file, *, prefix, name="", **keys):
    """A GGUF of such a vocabulary."""
    symbols = {"user_defined_symbols": list(USER_DEFINED), "control_symbols": list(CONTROLS)}
    model = sentence_piece_model(prefix=prefix, **symbols)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
    numbers = range(pieces.vocab_size())
    tokens = [pieces.id_to_piece(number) for number in numbers]
    kinds = [kind_of(pieces, number, tokens[number]) for number in numbers]
    writer = started(file, "llama", tokens, kinds)
    writer.add_tokenizer_pre("default")
    writer.add_name(name)
    writer.add_token_scores([pieces.get_score(number) for number in numbers])
    writer.add_add_space_prefix(prefix)
    finish(writer, len(tokens), pieces.bos_id(), pieces.eos_id(), {"unknown_token_id": 0, **keys})
    return written(writer, file)


def kind_of(pieces, number, token):
    if pieces.is_control(number):
        return CONTROL
    if pieces.is_unknown(number):
        return gguf.TokenType.UNKNOWN
    if pieces.is_byte(number):
        return gguf.TokenType.BYTE
    return DEFINED if token in USER_DEFINED else NORMAL


def started(file, kind, tokens, kinds, family="llama"):
    writer = gguf.GGUFWriter(file, family)
    writer.add_block_count(1)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model(kind)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    return writer


def finish(writer, size, begin, end, keys):
    if template := keys.pop("chat_template", None):
        writer.add_chat_template(template)
    writer.add_bos_token_id(begin)
    writer.add_eos_token_id(end)
    for name, value in keys.items():
        add = writer.add_bool if isinstance(value, bool) else writer.add_uint32
        add(f"tokenizer.ggml.{name}", value)
    shapes = {"token_embd": (size, WIDTH), "output_norm": (WIDTH,)}
    shapes |= {f"blk.0.{name}": (WIDTH, WIDTH) for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
    shapes |= {"blk.0.ffn_gate": (FEED, WIDTH), "blk.0.ffn_up": (FEED, WIDTH), "blk.0.ffn_down": (WIDTH, FEED)}
    shapes |= {"blk.0.attn_norm": (WIDTH,), "blk.0.ffn_norm": (WIDTH,)}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", np.full(shape, 0.01, np.float32))


def written(writer, file):
    """The file, with all that was given to its writer."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file

"""Tokenizers as models bring them, made in a moment, and a model folder to hold one."""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from core.project_manager import Project
from utils.config import BaseChoice

GERMAN = "Die Fähigkeit eines Körpers, Arbeit zu verrichten, heißt Energie. Sie hat die Einheit Joule: 3,6 MJ.\n" * 20


def save(tokenizer: Tokenizer, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def byte_level(vocabulary_size: int = 600, text: str = GERMAN) -> Tokenizer:
    """As GPT-2, Llama 3 and Qwen have it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary_size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def with_prefix_space() -> Tokenizer:
    """As Llama 2 and Mistral have it: a space is put before whatever comes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.train_from_iterator([GERMAN], trainers.BpeTrainer(vocab_size=600, show_progress=False))
    return tokenizer


def choose(project: Project, folder: Path) -> None:
    config = project.load_config()
    config.base = BaseChoice(source="path", name=str(folder))
    project.save_config(config)


def model_folder(folder: Path, tokenizer: Tokenizer) -> Path:
    save(tokenizer, folder)
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (folder / "model.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    return folder

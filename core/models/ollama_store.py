"""The models in Ollama's own store on this machine, read from its files: no server is needed. Knows no torch.

The store is `$OLLAMA_MODELS`, else `models` in the Ollama folder of whoever runs it: a manifest for each name,
`manifests/HOST/NAMESPACE/MODEL/TAG`, whose layers lie as `blobs/sha256-…`; the one of type `…image.model` is a GGUF.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.models.gguf_header import KIND, PRE, stored_head
from core.models.split_rules import is_known
from utils.files import open_file, read_json

LAYER = "application/vnd.ollama.image."
USUAL_HOST, USUAL_NAMESPACE = "registry.ollama.ai", "library"
LONGEST_TEXT_BYTES = 1 << 20
NAME_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# What transformers reads from a GGUF as llama.cpp does, by llama.cpp's names; each was compared.
TRAINABLE = {
    *("llama", "mistral", "qwen2", "qwen3", "qwen3moe", "gemma2", "gemma3"),
    *("phi3", "stablelm", "starcoder2", "nemotron", "lfm2"),
}


@dataclass(frozen=True)
class OllamaModel:
    """A model of the store. `digest` is the SHA-256 of its GGUF in hex; `file` is None where it has none.

    `problem` is the code of the AppError that says why it cannot be trained; empty where it can. `texts` are its
    template, system prompt and parameters, by the name of their layer; `tokenizer` is llama.cpp's name for its kind.
    """

    name: str
    size_bytes: int
    digest: str = ""
    file: Path | None = None
    family: str = ""
    parameters: str = ""
    quantization: str = ""
    problem: str = ""
    tokenizer: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, str]:
        """What the sentence about its problem calls it."""
        return {"name": self.name, "family": self.family, "kind": self.tokenizer}


def store_folders() -> list[Path]:
    """Where Ollama keeps models: what the environment says, else the user's own folder and the Linux service's."""
    if named := os.environ.get("OLLAMA_MODELS"):
        return [Path(os.path.expanduser(named))]
    return [Path.home() / ".ollama/models", Path("/usr/share/ollama/.ollama/models")]


def list_models() -> list[OllamaModel]:
    """All models of all stores, by name. What cannot be read is passed over."""
    found: dict[str, OllamaModel] = {}
    for store in store_folders():
        for manifest in manifests(store):
            model = read_model(store, manifest)
            if model is not None:
                found.setdefault(model.name, model)
    return [found[name] for name in sorted(found)]


def find_model(name: str) -> OllamaModel | None:
    """The model of this name, written as Ollama writes it; without a tag, `latest`."""
    path = manifest_path(name)
    for store in store_folders() if path else []:
        model = read_model(store, store / "manifests" / path) if path else None
        if model is not None:
            return model
    return None


def find_blob(digest: str) -> Path | None:
    """The file with this SHA-256 in one of the stores, under whatever name; None where it is gone."""
    files = [store / "blobs" / f"sha256-{digest}" for store in store_folders()]
    return next((file for file in files if file.is_file()), None)


def manifest_path(name: str) -> Path | None:
    """Where the manifest of a name lies below `manifests`; None where it is no name of a model."""
    model, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    parts = [*model.split("/"), tag]
    if not 2 <= len(parts) <= 4 or not all(NAME_PART.fullmatch(part) for part in parts):
        return None
    return Path(*[USUAL_HOST, USUAL_NAMESPACE][: 4 - len(parts)], *parts)


def manifests(store: Path) -> Iterator[Path]:
    """The manifest files of a store."""
    try:
        paths = sorted((store / "manifests").glob("*/*/*/*"))
        yield from (path for path in paths if path.is_file() and not path.name.startswith("."))
    except OSError:
        return  # the service's store may be closed to others


def read_model(store: Path, manifest: Path) -> OllamaModel | None:
    """What a manifest describes; None where it is no manifest."""
    content = read_small_json(manifest)
    if not isinstance(content, dict) or not isinstance(content.get("layers"), list):
        return None
    layers = [layer for layer in content["layers"] if isinstance(layer, dict)]
    named = content.get("config")
    config = read_small_json(blob(store, named)) if isinstance(named, dict) else None
    config = config if isinstance(config, dict) else {}
    weights = [layer for layer in layers if layer.get("mediaType") == f"{LAYER}model"]
    file = blob(store, weights[0]) if len(weights) == 1 else None
    head = stored_head(file) if file else {}
    family = str(config.get("model_family") or head.get("general.architecture") or "")
    return OllamaModel(
        name=shown_name(manifest),
        size_bytes=sum(size_of(layer) for layer in layers),
        digest=str(weights[0].get("digest", "")).removeprefix("sha256:") if file else "",
        file=file,
        family=family,
        parameters=str(config.get("model_type") or ""),
        quantization=str(config.get("file_type") or ""),
        problem=problem_of(layers, config, file, size_of(weights[0]) if file else 0) or problem_in(head, family),
        tokenizer=tokenizer_of(head),
        texts=dict(texts_of(store, layers)),
    )


def shown_name(manifest: Path) -> str:
    """The name by which Ollama lists a model: its own host and namespace are left out."""
    host, namespace, model, tag = manifest.parts[-4:]
    parts = [model] if (host, namespace) == (USUAL_HOST, USUAL_NAMESPACE) else [namespace, model]
    return "/".join([*([host] if host != USUAL_HOST else []), *parts]) + f":{tag}"


def problem_of(layers: list[dict[str, Any]], config: Mapping[str, Any], file: Path | None, size_bytes: int) -> str:
    """Why a model cannot be trained, as the code of an AppError; empty where nothing speaks against it."""
    kinds = {str(layer.get("mediaType", "")).removeprefix(LAYER) for layer in layers}
    named = config.get("model_families")
    families = {str(family) for family in named} if isinstance(named, list) else set()
    if config.get("remote_host") or config.get("remote_model"):
        return "ollama_cloud"
    if "tensor" in kinds:
        return "ollama_tensor_layers"
    if "projector" in kinds or families & {"clip", "mllama"}:
        return "ollama_vision"
    if "adapter" in kinds:
        return "ollama_adapter"
    if file is None or not file.is_file() or file.stat().st_size != size_bytes:
        return "ollama_incomplete"
    return ""


def problem_in(head: Mapping[str, Any], family: str) -> str:
    """The same, by what stands in the head of its GGUF and in its manifest; an unreadable head tells nothing."""
    kind = str(head.get("general.architecture") or family)
    if {kind, family.lower() or kind} - TRAINABLE - {""}:
        return "ollama_architecture"
    scaling = f"{kind}.rope.scaling."
    if head.get(f"{scaling}type", "none") != "none" or f"{scaling}attn_factor" in head:
        return "ollama_rope"
    return "ollama_tokenizer" if head.get(KIND) and not is_known(head.get(KIND), head.get(PRE)) else ""


def tokenizer_of(head: Mapping[str, Any]) -> str:
    """By what its tokenizer cuts text: the name of its rule, or of its kind where it has none."""
    return str(head.get(PRE) if head.get(KIND) == "gpt2" and head.get(PRE) else head.get(KIND, ""))


def texts_of(store: Path, layers: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Template, system prompt and parameters of a model."""
    for layer in layers:
        kind = str(layer.get("mediaType", "")).removeprefix(LAYER)
        path = blob(store, layer)
        if kind in ("template", "system", "params") and path and size_of(layer) <= LONGEST_TEXT_BYTES:
            try:
                with open_file(path) as file:
                    yield kind, file.read(LONGEST_TEXT_BYTES).decode("utf-8", errors="replace")
            except OSError:
                continue


def blob(store: Path, layer: Mapping[str, Any]) -> Path | None:
    """The file of a layer; None where its digest is none."""
    name = str(layer.get("digest", "")).replace(":", "-")
    digest = name.removeprefix("sha256-")
    if len(digest) != hashlib.sha256().digest_size * 2 or not set(digest) <= set("0123456789abcdef"):
        return None
    return store / "blobs" / name


def size_of(layer: Mapping[str, Any]) -> int:
    """A layer's size in bytes, as the manifest has it."""
    size = layer.get("size")
    return size if isinstance(size, int) and 0 <= size < 2**63 else 0


def read_small_json(path: Path | None) -> Any:
    """The JSON in a small file; None where there is none."""
    try:
        if path is None or path.stat().st_size > LONGEST_TEXT_BYTES:
            return None
        return read_json(path)
    except (OSError, ValueError):
        return None

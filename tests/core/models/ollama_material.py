"""A store as Ollama lays it out, made for tests. The layout is the documented one; no real Ollama has written it."""

import hashlib
import json

TYPE = "application/vnd.ollama.image."


def put_blob(store, content, kind):
    """Store a blob and return the layer that names it."""
    digest = hashlib.sha256(content).hexdigest()
    path = store / "blobs" / f"sha256-{digest}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"mediaType": TYPE + kind, "digest": f"sha256:{digest}", "size": len(content)}


def put_model(store, name, weights=b"GGUF and weights", config=None, layers=(("template", b"{{ .Prompt }}"),)):
    """Store a model under `host/namespace/model/tag` and return its manifest."""
    config = {"model_format": "gguf", "model_family": "llama", "model_type": "3.2B", "file_type": "Q4_K_M"} | (
        config or {}
    )
    content = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": put_blob(store, json.dumps(config).encode(), "config")
        | {"mediaType": "application/vnd.docker.container.image.v1+json"},
        "layers": [
            *([put_blob(store, weights, "model")] if weights else []),
            *(put_blob(store, data, kind) for kind, data in layers),
        ],
    }
    path = store / "manifests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path

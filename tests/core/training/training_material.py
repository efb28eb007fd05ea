"""Something to train with in seconds: a random Llama of a few thousand weights, samples, and a watching context."""

import json
import shutil

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from core.jobs.job import PauseRequested, raise_stop
from core.jobs.runs import create_run
from core.project_manager import ProjectStore
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_sample
from core.training import derived_runs, train
from ui.texts import KEYS
from utils.config import TrainingSettings

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<' + message['role'] + '>' + message['content'] + '<end>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)
TOPICS = ("Wasser", "Licht", "Wärme")


class TrainingContext:
    """Notes what a run reports, and asks it to stop once step `stop_at` is done."""

    def __init__(self, stop_at=None, request="pause"):
        self._stop_at = stop_at
        self._request = request
        self.step = 0
        self.points = []
        self.keys = []

    def progress(self, done, total, key=None, /, **params):
        self.step = int(done)
        if key:
            self.log(key)

    def log(self, key, /, **params):
        assert key in KEYS
        self.keys.append(key)

    def metric(self, **values):
        self.points.append(values)

    def checkpoint(self):
        raise_stop(self.stop_request)

    @property
    def stop_request(self):
        return self._request if self._stop_at is not None and self.step >= self._stop_at else None


def make_base(folder, *, chat_template=CHAT_TEMPLATE, hidden=64, layers=2):
    """A Llama with random weights that transformers can load."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ["<pad>", "<user>", "<assistant>", "<end>"]
    train = trainers.BpeTrainer(
        vocab_size=400, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator([f"Wovon handelt Kapitel 12? Kapitel 12 handelt von {t}." for t in TOPICS], train)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>")
    fast.chat_template = chat_template
    torch.manual_seed(0)
    sizes = {"hidden_size": hidden, "intermediate_size": 2 * hidden, "num_hidden_layers": layers}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 256}
    ids = {"bos_token_id": None, "eos_token_id": fast.eos_token_id, "pad_token_id": fast.pad_token_id}
    config = LlamaConfig(vocab_size=len(fast), **sizes, **heads, **ids, tie_word_embeddings=True)
    LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def make_project(folder, samples=24):
    """A project with samples of which each two come from one chunk."""
    project = ProjectStore(folder).create("Physik")
    for number in range(samples):
        topic = TOPICS[number % len(TOPICS)]
        question, answer = f"Wovon handelt Kapitel {number}?", f"Kapitel {number} handelt von {topic}."
        append_sample(project.samples_file, Sample(question, answer, str(number), Source("buch.pdf", 1, number // 2)))
    return project


def make_run(project, base, **training):
    """A training run as the pipeline creates it."""
    made_of = {"source": "path", "name": str(base), "folder": str(base)}
    request = {"base": made_of, "training": training, "engine": "trl", "force_cpu": True}
    run = create_run(project, "train", request)
    shutil.copyfile(project.samples_file, run.samples_file)
    return run


def pause(run, at):
    """Train until step `at` is done. Returns the context that has noted it."""
    context = TrainingContext(at)
    with pytest.raises(PauseRequested):
        train.run(context, run)
    return context


def continued(parent, step, **changes):
    """A run that goes on from a checkpoint of another one, as the pipeline makes it, but for its job."""
    start = derived_runs.start_point(parent, step)
    settings = derived_runs.changed_settings(TrainingSettings(**parent.request["training"]), start, changes)
    request = derived_runs.continued_request(parent, start, settings)
    return create_run(parent.project, "train", request, lambda run: derived_runs.seed(parent, start, run))


def curve(run):
    """All points of a run's curves, without what a clock says."""
    points = [json.loads(line) for line in run.metrics_file.read_text().splitlines()]
    return [{name: point[name] for name in point.keys() - {"seconds", "tokens_per_second"}} for point in points]


def published(project):
    """Every published adapter's weights, by the name of its folder."""
    files = project.checkpoints_folder.glob("*/adapter_model.safetensors")
    return {path.parent.name: path.read_bytes() for path in sorted(files)}

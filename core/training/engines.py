"""Training engines: each loads a base model with a fresh LoRA adapter; and what the errors of their libraries mean.

Nothing here is imported before it is needed: Unsloth rewrites transformers and trl at import, so it has to be
first in its process.
"""

import errno
import importlib
import importlib.util
import os
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import torch

from core import hardware_detector
from core.estimates.memory import four_bit_works
from core.models.model_shape import FULL_PRECISION_BYTES, SINGLE_CORE_BYTES
from utils.config import TargetModule, TrainingSettings, cache_folder
from utils.errors import AppError, system_error

# What libraries and drivers say, in lower case.
OUT_OF_MEMORY = re.compile("out of memory|defaultcpuallocator|bad_alloc|alloc_failed|cannot allocate memory")
NO_KERNEL = re.compile("no kernel image|not compiled with cuda|invalid device function")
DRIVER = re.compile(
    r"cuda (error|driver)|cudnn( error|_status)|cublas( error|_status)|nvrtc|nvml|hip ?error|miopen|rocblas"
    "|level zero|(ur_result|ze_result)_error|device[ _]lost|mps backend"
)
OUR_FAULT = "device-side assert"  # a GPU's words for an index that is out of range
REASON_CHARACTERS = 200


@dataclass(frozen=True)
class Device:
    """Where a run computes, and whether bfloat16 is quick and safe there."""

    kind: str
    bf16: bool


@dataclass(frozen=True)
class Loaded:
    """A base model with a trainable adapter, and its tokenizer."""

    model: Any
    tokenizer: Any
    device: Device


def detect_device(force_cpu: bool = False) -> Device:
    """The accelerator that torch sees, or the CPU."""
    if not force_cpu:
        if torch.cuda.is_available():
            return Device("cuda", torch.cuda.is_bf16_supported(including_emulation=False))
        if torch.xpu.is_available():
            return Device("xpu", True)
        if torch.backends.mps.is_available():
            return Device("mps", False)
    return Device("cpu", cpu_has_bf16())


def choose_engine(wanted: str | None, device: Device) -> str:
    """The name of the engine to use: what was asked for if it can run here, else the one that can."""
    unsloth_runs = device.kind in ("cuda", "xpu") and importlib.util.find_spec("unsloth") is not None
    return "unsloth" if unsloth_runs and wanted != "trl" else "trl"


def use_cores(base_folder: Path, processes: int = 1) -> int:
    """Let torch use the cores that are there for work; for a small model only one. Returns the number.

    Processes that train together on this machine share the cores.
    """
    if processes > 1:  # torchrun lets each process use one core, which is no measure
        threads = max(1, hardware_detector.cores_for_work() // processes)
        os.environ["OMP_NUM_THREADS"] = str(threads)  # else accelerate chooses a number of its own
    else:
        threads = min(hardware_detector.cores_for_work(), torch.get_num_threads())
    if _weight_bytes(base_folder) < SINGLE_CORE_BYTES:
        threads = 1
    torch.set_num_threads(threads)
    return threads


def import_first(engine: str) -> None:
    """What has to be imported before the first part of transformers is: before the tokenizer, that is."""
    if engine == "unsloth":
        os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"  # else it downloads a file on every model load
        os.environ["UNSLOTH_COMPILE_LOCATION"] = str(cache_folder() / "unsloth")  # else in the run's own folder
        importlib.import_module("unsloth")


def load_model(base_folder: Path, device: Device, *, four_bit: bool) -> Any:
    """A base model by plain transformers, without any network."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(
        base_folder,
        local_files_only=True,
        dtype=_weights_dtype(base_folder, device),
        quantization_config=_four_bit(device) if four_bit else None,
        device_map={"": torch.cuda.current_device() if device.kind == "cuda" else device.kind} if four_bit else None,
    )


def load_trl(base_folder: Path, tokenizer: Any, settings: TrainingSettings, device: Device) -> Loaded:
    """Plain transformers and PEFT: CUDA, Apple MPS and CPU. Raises AppError `training_modules_missing`."""
    from peft import LoraConfig, get_peft_model
    from transformers import set_seed

    model = load_model(base_folder, device, four_bit=settings.four_bit)
    require_modules(model, settings.target_modules)
    model.config.use_cache = False
    # The adapter's first weights are random: without a seed of their own, two runs would never be alike.
    set_seed(settings.seed)
    adapter = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=list(settings.target_modules) or "all-linear",
    )
    return Loaded(get_peft_model(model, adapter), tokenizer, device)


def load_unsloth(base_folder: Path, tokenizer: Any, settings: TrainingSettings, device: Device) -> Loaded:
    """Unsloth's kernels: NVIDIA, AMD and Intel GPUs. It pads with a tokenizer of its own, whose template is ours.

    Raises AppError `training_modules_missing`.
    """
    import_first("unsloth")
    from unsloth import FastLanguageModel

    model, own_tokenizer = FastLanguageModel.from_pretrained(
        model_name=str(base_folder),
        max_seq_length=settings.max_length,
        dtype=None,
        load_in_4bit=settings.four_bit,
        load_in_16bit=not settings.four_bit,
        # Without this it replaces a model that it knows by a variant of its own from the network.
        use_exact_model_name=True,
        random_state=settings.seed,
    )
    require_modules(model, settings.target_modules)
    model = FastLanguageModel.get_peft_model(
        model,
        r=settings.lora_rank,
        target_modules=list(settings.target_modules or get_args(TargetModule)),
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        bias="none",
        use_gradient_checkpointing="unsloth" if settings.gradient_checkpointing else False,
        random_state=settings.seed,
        max_seq_length=settings.max_length,
    )
    own_tokenizer.chat_template = tokenizer.chat_template
    return Loaded(model, own_tokenizer, device)


Engine = Callable[[Path, Any, TrainingSettings, Device], Loaded]
"""(folder of the base model, its tokenizer, settings, device) → the model to train."""
ENGINES: dict[str, Engine] = {"trl": load_trl, "unsloth": load_unsloth}


def require_modules(model: Any, wanted: Collection[str]) -> None:
    """Raises AppError `training_modules_missing`, which names those that there are, where the model lacks one."""
    there = linear_modules(model)
    if missing := [name for name in wanted if name not in there]:
        raise AppError("training_modules_missing", missing=", ".join(missing), there=", ".join(there))


def linear_modules(model: Any) -> list[str]:
    """The names of the layers that can get an adapter, such as "q_proj"; each once, in the model's order."""
    head = model.get_output_embeddings()
    linear = (name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear) and part is not head)
    return list(dict.fromkeys(name.rpartition(".")[2] for name in linear))


def cpu_has_bf16() -> bool:
    """Whether bfloat16 is quick on this CPU; where it is emulated it is slower than float32."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def as_app_error(error: BaseException) -> AppError | None:
    """What a library's error means to a person, or None where it is a bug. Libraries wrap causes, so all are read."""
    cause: BaseException | None = error
    while cause is not None:
        if found := _of_one(cause):
            return found
        cause = cause.__cause__ or cause.__context__
    return system_error(error)


def _of_one(error: BaseException) -> AppError | None:
    words = str(error).lower()
    no_memory = isinstance(error, (torch.OutOfMemoryError, MemoryError)) or getattr(error, "errno", 0) == errno.ENOMEM
    if no_memory or OUT_OF_MEMORY.search(words):
        return AppError("training_out_of_memory")
    if not isinstance(error, RuntimeError) or OUR_FAULT in words:
        return None
    reason = next(iter(str(error).splitlines()), "")[:REASON_CHARACTERS]
    if NO_KERNEL.search(words):
        return AppError("training_device_unsupported", reason=reason)
    return AppError("training_device_trouble", reason=reason) if DRIVER.search(words) else None


def _weights_dtype(base_folder: Path, device: Device) -> torch.dtype:
    if device.bf16 and (device.kind != "cpu" or _weight_bytes(base_folder) > FULL_PRECISION_BYTES):
        return torch.bfloat16
    return torch.float32


def _weight_bytes(base_folder: Path) -> int:
    return sum(path.stat().st_size for path in base_folder.glob("*.safetensors"))


def _four_bit(device: Device) -> Any:
    """NF4 with double quantization. Raises AppError `training_four_bit_unavailable`."""
    from transformers import BitsAndBytesConfig

    if not four_bit_works(device.kind):
        raise AppError("training_four_bit_unavailable", device=device.kind)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if device.bf16 else torch.float32,
    )

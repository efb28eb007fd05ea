"""The trainer library's settings for a run. Every one that matters is spelled out: its defaults differ by version."""

from typing import Any

import torch

from core.runs import Run
from core.training import ranks
from core.training.engines import Loaded
from utils.config import TrainingSettings

SCHEDULERS = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


def trainer_settings(run: Run, settings: TrainingSettings, loaded: Loaded, *, measure: bool) -> dict[str, Any]:
    """The arguments of trl's SFTConfig; `measure` where there are held-out samples to evaluate on.

    They are for a process that works in the run's folder.
    """
    device = loaded.device
    return {
        "output_dir": run.trainer_folder.name,
        "per_device_train_batch_size": settings.batch_size,
        "per_device_eval_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.gradient_accumulation,
        "num_train_epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": SCHEDULERS[settings.scheduler],
        "warmup_steps": settings.warmup_ratio,  # below 1 it is a share of all steps
        "weight_decay": settings.weight_decay,
        "max_grad_norm": 1.0,
        "optim": "adamw_torch" if device.kind == "mps" else "adamw_torch_fused",
        "seed": settings.seed,
        "data_seed": settings.seed,
        "use_cpu": device.kind == "cpu",
        "bf16": device.bf16,
        "fp16": False,
        "gradient_checkpointing": settings.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},  # the other kind fails where ranks share gradients
        "ddp_backend": ranks.BACKENDS[device.kind] if torch.distributed.is_initialized() else None,
        "ddp_find_unused_parameters": False,
        "average_tokens_across_devices": True,  # each answer's token counts the same, whichever rank reads it
        "max_length": settings.max_length,
        "packing": False,
        # Fewer different shapes: on the CPU each one costs a compilation and memory that is never given back.
        "pad_to_multiple_of": 16,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "loss_type": "chunked_nll" if hasattr(loaded.model.get_base_model(), "lm_head") else "nll",
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": device.kind == "cuda",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # it would hide a diverging run behind the last good loss
        "save_strategy": "epoch",
        "eval_strategy": "epoch" if measure else "no",
        "load_best_model_at_end": False,  # the best adapter is published the moment it is found
        "save_total_limit": None,
        "report_to": "none",
        "disable_tqdm": True,
        "push_to_hub": False,
    }

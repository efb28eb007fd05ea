"""What a person would write with TRL alone: the baseline of `python -m benchmarks.train`. Prints its steps as JSON.

`python -m benchmarks.bare_trl BASE SAMPLES OUTPUT SETTINGS` where SETTINGS is a JSON object with the fields of
TrainingSettings, and `threads`, `bf16`, `device` and `engine` (trl or unsloth) as our own run has them.
"""

import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any


def main() -> None:
    base, samples, output, given = sys.argv[1:]
    settings = json.loads(given)
    model, tokenizer, adapter = (
        load_unsloth(base, settings) if settings["engine"] == "unsloth" else load(base, settings)
    )

    import torch
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(settings["threads"])
    rows = [json.loads(line) for line in Path(samples).read_text(encoding="utf-8").splitlines()]
    data = Dataset.from_list(
        [
            {
                "prompt": [{"role": "user", "content": row["instruction"]}],
                "completion": [{"role": "assistant", "content": row["output"]}],
            }
            for row in rows
        ]
    )

    class Clock(TrainerCallback):
        """When each step was done."""

        def __init__(self) -> None:
            self.at: list[float] = []

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.at.append(time.perf_counter())

    clock = Clock()
    trainer: Any = SFTTrainer(
        model=model,
        args=SFTConfig(**arguments(output, settings)),
        train_dataset=data,
        processing_class=tokenizer,
        peft_config=adapter,
        callbacks=[clock],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    steps = [later - earlier for earlier, later in pairwise(clock.at)]
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    on_gpu = settings["device"] == "cuda"
    print(
        json.dumps(
            {
                "steps": steps,
                "loss": losses[-1],
                "device_gib": torch.cuda.max_memory_reserved() / 2**30 if on_gpu else 0.0,
            }
        )
    )


def load(base: str, settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Model, tokenizer and the adapter that the trainer shall put on."""
    import torch
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dtype = getattr(torch, settings["dtype"])
    model = AutoModelForCausalLM.from_pretrained(base, local_files_only=True, dtype=dtype)
    adapter = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings["lora_rank"],
        lora_alpha=settings["lora_alpha"],
        lora_dropout=settings["lora_dropout"],
        target_modules="all-linear",
    )
    return model, AutoTokenizer.from_pretrained(base, local_files_only=True), adapter


def load_unsloth(base: str, settings: dict[str, Any]) -> tuple[Any, Any, None]:
    """As Unsloth's own notebooks do it; it brings its adapter along."""
    from unsloth import FastLanguageModel

    model, tokenizer = FastLanguageModel.from_pretrained(
        model_name=base,
        max_seq_length=settings["max_length"],
        load_in_4bit=False,
        load_in_16bit=True,
        use_exact_model_name=True,
    )
    model = FastLanguageModel.get_peft_model(
        model,
        r=settings["lora_rank"],
        lora_alpha=settings["lora_alpha"],
        lora_dropout=settings["lora_dropout"],
        random_state=settings["seed"],
        use_gradient_checkpointing="unsloth" if settings["gradient_checkpointing"] else False,
    )
    return model, tokenizer, None


LOADERS = {"trl": load, "unsloth": load_unsloth}


def arguments(output: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The same settings as ours, by trl's names."""
    return {
        "output_dir": output,
        "per_device_train_batch_size": settings["batch_size"],
        "gradient_accumulation_steps": settings["gradient_accumulation"],
        "num_train_epochs": settings["epochs"],
        "learning_rate": settings["learning_rate"],
        "lr_scheduler_type": settings["scheduler"],
        "warmup_steps": settings["warmup_ratio"],
        "weight_decay": settings["weight_decay"],
        "optim": "adamw_torch_fused",
        "seed": settings["seed"],
        "data_seed": settings["seed"],
        "use_cpu": settings["device"] == "cpu",
        "bf16": settings["bf16"],
        "gradient_checkpointing": settings["gradient_checkpointing"],
        "max_length": settings["max_length"],
        "pad_to_multiple_of": 16,
        "loss_type": "chunked_nll" if settings["engine"] == "trl" else "nll",
        "dataloader_pin_memory": settings["device"] == "cuda",
        "logging_steps": 1,
        "save_strategy": "epoch",
        "report_to": "none",
        "disable_tqdm": True,
    }


if __name__ == "__main__":
    main()

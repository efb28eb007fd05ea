"""The model card of an export: where the model comes from, what it was trained with, what was checked.

It is a file for the world outside this app, and therefore in English, like model cards everywhere.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from core.jobs.runs import Run
from core.models import bases
from core.samples.store.sft_dataset import read_samples, usable
from core.training import history
from utils.config import ON_CARD, settings_with


def write(training: Run, step: int, base: Path, name: str, reports: list[dict[str, Any]]) -> str:
    """The card of the model that a run was at `step`, as Markdown."""
    request = training.request
    facts = bases.describe(base)
    licence = facts.licence or (
        "none (made on this machine)" if request["base"]["source"] == "practice" else "unknown"
    )
    sections = [
        f"# {name}",
        "Made with Custom AI Training App by fine-tuning a base model (LoRA) on samples from one's own documents.",
        "## Base model\n\n"
        + table(
            {
                "Source": request["base"]["source"],
                "Name": request["base"]["name"],
                "Architecture": facts.architecture,
                "Parameters": f"{facts.parameters:,}",
                "Licence": licence,
            }
        ),
        "## Training data\n\n" + data_section(training),
        "## Training\n\n" + table(settings_shown(request["training"]) | figures(training, step)),
        "## Verification\n\n" + verification_section(reports),
        "## How to use it\n\n" + usage_section(name.lower(), reports),
        "## Licence\n\n"
        f"The base model's licence ({licence}) applies to this model as well. The documents that it was trained on"
        " may carry rights of their own: check both before you pass it on.",
    ]
    if request["base"]["source"] == "practice":
        sections.insert(
            2, "> This is a **practice model**: tiny, for learning the way to a model. Its answers are of no use."
        )
    return "\n\n".join(sections) + "\n"


def settings_shown(settings: dict[str, Any]) -> dict[str, Any]:
    shown = {key: settings.get(key) for key in settings_with(ON_CARD)}
    return shown | {"target_modules": shown["target_modules"] or "all linear layers"}


def table(rows: dict[str, Any]) -> str:
    """A Markdown table of two columns."""
    lines = [f"| {key} | {cell(value)} |" for key, value in rows.items()]
    return "\n".join(["| | |", "|---|---|", *lines])


def cell(value: Any) -> str:
    """A value that cannot break a table or smuggle markup into it."""
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def data_section(training: Run) -> str:
    """How many samples there were, and from which documents."""
    samples = usable(read_samples(training.samples_file))
    documents = Counter(sample.source.document if sample.source else "?" for sample in samples)
    helpers = Counter(sample.generator.model if sample.generator else "?" for sample in samples)
    return table(
        {
            "Samples": len(samples),
            "Written by": ", ".join(f"{name} ({count})" for name, count in helpers.most_common()),
            "Documents": ", ".join(f"{name} ({count})" for name, count in documents.most_common()),
            "SHA-256": training.request.get("samples_sha256", ""),
        }
    )


def figures(training: Run, step: int) -> dict[str, Any]:
    """What came of the training, as far as the run noted it; `eval_loss` is that of the checkpoint."""
    points = [point for point in history.points_of(training.metrics_file) if point["step"] == step]
    measured = {name: value for point in points for name, value in point.items()}
    result = (training.read_state().result or {}) | ({"eval_loss": measured.get("eval_loss")} if points else {})
    epoch = f", epoch {measured['epoch']:g}" if "epoch" in measured else ""
    shown: dict[str, Any] = {"run": training.id, "checkpoint": f"step {step}{epoch}"}
    for key in ("engine", "epochs", "steps", "first_loss", "loss", "eval_loss", "samples", "held_out", "seconds"):
        value = result.get(key, training.request.get(key))
        if value is not None:
            shown[key] = round(value, 4) if isinstance(value, float) else value
    return shown


def verification_section(reports: list[dict[str, Any]]) -> str:
    """One line for each file and check; verification.json has them all."""
    lines = ["| File | Check | Passed | Figures |", "|---|---|---|---|"]
    for report in reports:
        for check in report["checks"]:
            shown = ", ".join(f"{key} {value}" for key, value in check["figures"].items())
            passed = "**no**" if not check["passed"] else "doubtful" if check["amber"] else "yes"
            lines.append(f"| {report['file']} | {check['name']} | {passed} | {shown} |")
    return "\n".join(lines)


def usage_section(name: str, reports: list[dict[str, Any]]) -> str:
    """The shortest way to ask the model."""
    file = reports[0]["file"]
    if file == ".":
        return (
            "```python\n"
            "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            'tokenizer = AutoTokenizer.from_pretrained(".")\n'
            'model = AutoModelForCausalLM.from_pretrained(".")\n'
            "```"
        )
    if file == "Modelfile":
        return f"```sh\nollama create {name} -f Modelfile\nollama run {name}\n```"
    return f"```sh\nllama-server -m {file}\n```\n\nThe chat template and the stop tokens are inside the file."

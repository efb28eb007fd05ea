"""What browser and command line both call once a model is trained: compare it, export it, ask what was exported."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.export.convertible import require_convertible
from core.jobs.job import JobSnapshot
from core.jobs.runs import Run
from core.jobs.services import Services, start_child_job
from core.project_manager import VERIFICATION, Project
from core.training import checkpoints, history
from core.training.history import Chosen
from core.training.readiness import Check
from utils.config import QUANTIZED, OutputSettings
from utils.errors import AppError
from utils.files import read_json


def exported_files(project: Project) -> list[Path]:
    """The GGUF files of the newest export, that which was written last first: no clock decides which one answers."""
    entries = export_report(project).get("files")
    written = [one.get("file") for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    files = sorted(project.final_folder.glob("gguf/*.gguf"))
    return sorted(files, key=lambda file: written.index(file.name) if file.name in written else -1, reverse=True)


def export_report(project: Project) -> dict[str, Any]:
    """What the newest export to GGUF noted of itself: `files`; `run` and `step`, unless by an early version."""
    try:
        report = read_json(project.final_folder / "gguf" / VERIFICATION)
        return report if isinstance(report, dict) else {}
    except (OSError, ValueError):
        return {}


def check_format(base: Path, output: OutputSettings) -> list[Check]:
    """Whether a model that is tuned from `base` can be written in the chosen format: known before it is trained."""
    if output.format not in QUANTIZED:
        return []
    try:
        require_convertible(base)
    except AppError as error:
        return [Check("format", "bad", error.params, error.code)]
    return [Check("format", "ok", {"format": output.format})]


def start_evaluation(services: Services, project: Project, chosen: Chosen | None = None) -> JobSnapshot:
    """Compare base and tuned model on the held-out samples: of the chosen run and checkpoint, or of `trained_run`.

    Raises AppError `not_trained`, and as `checkpoints.adapter` does.
    """
    return start_child_job(services, project, "evaluate", tuned_model(project, chosen))


def start_export(
    services: Services, project: Project, chosen: Chosen | None = None, also: Sequence[str] = ()
) -> JobSnapshot:
    """Write the tuned model in the project's output format; which one, and what is raised, as `start_evaluation`.

    `also` are quantizations that are wanted beside the project's own. Ollama is given one file.
    """
    output = project.load_config().output
    request = {
        **tuned_model(project, chosen),
        "format": output.format,
        "quantization": sorted({output.quantization, *(also if output.format == "gguf" else ())}),
    }
    return start_child_job(services, project, "export", request)


def tuned_model(project: Project, chosen: Chosen | None) -> dict[str, Any]:
    """Which run and checkpoint a request means, frozen."""
    found = chosen or Chosen(trained_run(project))
    return {"train_run": found.run.id, "step": checkpoints.adapter(found.run, found.step).step}


def start_question(services: Services, project: Project, question: str, chosen: Chosen | None = None) -> JobSnapshot:
    """Ask the newest exported model. Raises AppError `no_question`, `not_exported`, or `run_not_exported` where it is
    another one than the chosen."""
    if not question.strip():
        raise AppError("no_question")
    files = exported_files(project)
    if not files:
        raise AppError("not_exported")
    of = {name: export_report(project).get(name) for name in ("run", "step")}
    if chosen and (of["run"] != chosen.run.id or chosen.step not in (None, of["step"])):
        exported = f"{of['run']}:{of['step']}" if of["run"] else files[0].name
        raise AppError("run_not_exported", run=chosen.words, exported=exported)
    request = {"file": str(files[0]), "question": question.strip(), **of}
    return start_child_job(services, project, "ask", request)


def trained_run(project: Project) -> Run:
    """What `history.trained_run` finds. Raises AppError `not_trained`."""
    run = history.trained_run(project)
    if run is None:
        raise AppError("not_trained")
    return run

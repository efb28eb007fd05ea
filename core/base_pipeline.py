"""What the browser and the command line both call to get a chosen base model ready; beside pipeline.py, for its
length."""

from core import access, base_models, document_pipeline
from core.jobs import JobSnapshot
from core.project_manager import Project
from core.services import Services, start_child_job
from utils.errors import AppError


def start_unpacking(services: Services, project: Project) -> JobSnapshot:
    """Make the chosen model of Ollama's store trainable. Raises AppError `no_base`, and as `base_models.check`."""
    return _start(services, project, "unpack_base")


def start_download(services: Services, project: Project) -> JobSnapshot:
    """Fetch the chosen model from Hugging Face, or what lacks of it: with the host's token, onto their disk.

    Raises AppError `host_only`, `no_base`, `base_name`.
    """
    access.require_host()
    return _start(services, project, "download")


def _start(services: Services, project: Project, kind: str) -> JobSnapshot:
    choice = project.load_config().base
    if choice is None:
        raise AppError("no_base")
    base_models.check(choice)
    return start_child_job(services, project, kind, {"name": choice.name})


def make_ready(services: Services, project: Project) -> JobSnapshot | None:
    """What still has to be done with the base model that was just chosen: unpack it, fetch it, or only count the
    chunks with its tokenizer, where that is another one. None where nothing is left to do."""
    choice = project.load_config().base
    if choice is None:
        raise AppError("no_base")
    if base_models.is_ready(project, choice):
        return document_pipeline.rechunk_if_needed(services, project)
    if choice.source not in ("ollama", "hf"):
        base_models.resolve(project, choice)  # which says what lacks
    start = start_unpacking if choice.source == "ollama" else start_download
    return start(services, project)

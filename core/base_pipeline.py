"""What the browser and the command line both call to get a chosen base model ready; beside pipeline.py, for its
length."""

from core import access, base_models, document_pipeline
from core.jobs import JobSnapshot
from core.project_manager import Project
from core.services import Services, start_child_job
from utils.errors import AppError

MADE_READY_BY = {"ollama": "unpack_base", "hf": "download"}


def make_ready(services: Services, project: Project) -> JobSnapshot | None:
    """What still has to be done with the base model that was just chosen: unpack it, fetch it, or only count the
    chunks with its tokenizer, where that is another one. None where nothing is left to do.

    Raises AppError `no_base`, as `base_models.check` and `resolve` do, and `host_only`: a model is fetched with the
    host's token, onto their disk.
    """
    choice = project.load_config().base
    if choice is None:
        raise AppError("no_base")
    if base_models.is_ready(project, choice):
        return document_pipeline.rechunk_if_needed(services, project)
    kind = MADE_READY_BY.get(choice.source)
    if kind is None:
        base_models.resolve(project, choice)  # which says what lacks
        return None
    if kind == "download":
        access.require_host()
    base_models.check(choice)
    return start_child_job(services, project, kind, {"name": choice.name})

"""What browser and command line both call for step 2: choose the model that training starts from, get it ready."""

from core import access, rag_processor
from core.documents.chunk_state import require_chunks
from core.estimates.memory import MemoryEstimate
from core.estimates.recommended import FIRST_SAMPLES, Candidate, candidates, recommended
from core.estimates.what_fits import USUAL_TOKENS, Fit, Listed, fit, hub_list, shape_of_ollama
from core.jobs.job import JobSnapshot
from core.jobs.services import MINIMUM_FREE_GIB, Services, start_child_job
from core.models import bases, hub_cache, hub_models, unpacked
from core.models.bases import local_folder
from core.models.hub_models import Original
from core.models.model_shape import Shape
from core.models.ollama_store import OllamaModel, find_model, list_models, store_folders
from core.models.unpacked import Note, read_note
from core.project_manager import Project
from utils import config
from utils.errors import AppError
from utils.files import file_stamp, require_disk

# What callers read of the packages, beside what stands below.
__all__ = [
    "FIRST_SAMPLES",
    "USUAL_TOKENS",
    "Candidate",
    "Fit",
    "Listed",
    "MemoryEstimate",
    "Note",
    "OllamaModel",
    "Original",
    "Shape",
    "candidates",
    "fit",
    "hub_list",
    "list_models",
    "local_folder",
    "read_note",
    "recommended",
    "shape_of_ollama",
    "store_folders",
]

NOT_THE_SAME = ("ollama_architecture", "ollama_tokenizer", "ollama_rope")
MADE_READY_BY = {"ollama": "unpack_base", "hf": "download"}


def start_practice_base(services: Services, project: Project) -> JobSnapshot:
    """Make the practice base model from the project's chunks. Raises AppError `no_chunks`."""
    require_chunks(project)
    require_disk(project.root, MINIMUM_FREE_GIB)
    seed = project.load_config().training.seed
    return start_child_job(services, project, "practice_base", {"seed": seed})


def choose_base(project: Project, choice: config.BaseChoice) -> None:
    """Set the model that training starts from; the practice model brings the settings that suit its size.

    Raises AppError where the choice names nothing that can be trained.
    """
    require_trainable(choice)

    def changes(now: config.ProjectConfig) -> dict[str, object]:
        training = config.changed(now.training, **suited_values(now.training, choice.source == "practice"))
        return {"base": choice.model_dump(), "training": training.model_dump()}

    project.change_config(changes)


def require_trainable(choice: config.BaseChoice) -> None:
    """Raises AppError where a choice can never become a model; of one of Ollama that would not stay the same once it
    is unpacked, `ollama_instead` with the repository that has its weights, where that is known."""
    try:
        bases.check(choice)
    except AppError as error:
        model = find_model(choice.name) if error.code in NOT_THE_SAME else None
        original = original_of(model) if model else None
        if model is None or original is None:
            raise
        raise AppError("ollama_instead", **model.named, original=original.name) from None


def suited_values(training: config.TrainingSettings, practice: bool) -> dict[str, object]:
    """Fields to change so that the practice model trains with what suits it, and any other one without that.

    What a person has set to something of their own stays.
    """
    usual = config.TrainingSettings().model_dump()
    wanted, given_up = bases.PRACTICE_TRAINING, usual
    if not practice:
        wanted, given_up = {name: usual[name] for name in wanted}, wanted
    return {name: value for name, value in wanted.items() if getattr(training, name) == given_up[name]}


def make_ready(services: Services, project: Project) -> JobSnapshot | None:
    """What still has to be done with the base model that was just chosen: unpack it, fetch it, or only count the
    chunks with its tokenizer, where that is another one. None where nothing is left to do.

    Raises AppError `no_base`, as `base_models.check` and `resolve` do, and `host_only`: a model is fetched with the
    host's token, onto their disk.
    """
    choice = project.load_config().base
    if choice is None:
        raise AppError("no_base")
    if bases.is_ready(project, choice):
        return rag_processor.rechunk_if_needed(services, project)
    kind = MADE_READY_BY.get(choice.source)
    if kind is None:
        bases.resolve(project, choice)  # which says what lacks
        return None
    if kind == "download":
        access.require_host()
    require_trainable(choice)
    return start_child_job(services, project, kind, {"name": choice.name})


def take_base(services: Services, project: Project, choice: config.BaseChoice) -> JobSnapshot | None:
    """Choose a model and make it ready; see `choose_base` and `make_ready`."""
    choose_base(project, choice)
    return make_ready(services, project)


def hub_stamp() -> tuple[object, ...]:
    """Changes whenever a model of Hugging Face has been downloaded."""
    versions = sorted(hub_cache.hub_folder().glob("*/refs/main"))
    return tuple((str(path), *file_stamp(path)) for path in versions)


def is_downloaded(name: str) -> bool:
    """Whether anything of this repository is on this machine."""
    return hub_cache.snapshot(name) is not None


def is_unpacked(model: OllamaModel) -> bool:
    """Whether a model of Ollama was unpacked before."""
    return read_note(unpacked.folder_of(model.digest)) is not None


def original_of(model: OllamaModel) -> Original | None:
    """What a model of Ollama was rounded from; for one that only lacks a usable file too."""
    return hub_models.original_of(model.name, model.parameters)

"""What can be set: typed, bounded once, stored as JSON. The slider, the flag and the check all read these fields."""

import os
import sys
from contextlib import suppress
from enum import Enum, StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from utils.errors import AppError, system_error
from utils.files import locked, read_json, write_json
from utils.validators import checked, first_problem, http_address

Section = TypeVar("Section", bound=BaseModel)


def split_choices(value: object) -> object:
    """Several choices: a flag of the command line names them with commas between."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def in_order(known: tuple[str, ...], value: tuple[str, ...]) -> tuple[str, ...]:
    """The same choices are the same value, in whatever order they were made."""
    return tuple(name for name in known if name in value)


class Settings(BaseModel):
    """A group of settings that refuses names it does not know, so that a typing error never passes silently."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class ChunkSettings(Settings):
    """How documents are cut into chunks, in tokens, and which chunks no sample is made from."""

    chunk_tokens: int = Field(512, ge=32, le=4096)
    overlap_tokens: int = Field(50, ge=0, le=1024)
    skip_duplicates: bool = True
    skip_boilerplate: bool = True


class BaseChoice(Settings):
    """The model that training starts from: `name` is a repository id, a folder, a model of Ollama, or "practice"."""

    source: Literal["practice", "ollama", "hf", "path"]
    name: str = Field(min_length=1, max_length=500)


Quantization = Literal["f16", "q8_0", "q4_k_m"]  # the smallest last: it is made from f16


QUANTIZED = ("gguf", "ollama")  # the formats whose precision can be chosen


class OutputSettings(Settings):
    """What the finished model is written as."""

    format: Literal["gguf", "safetensors", "ollama"] = "gguf"
    quantization: Quantization = "q4_k_m"


Provider = Literal["practice", "ollama", "openrouter", "local"]
Style = Literal["question", "explanation", "summary", "application", "comparison", "reasoning"]
HTTP_ADDRESS = r"^(https?://[^\s/?#@]+(/[^\s?#]*)?)?$"  # no user name and no query: keys do not belong there


class SftSettings(Settings):
    """How training samples are written. `samples` is the total wanted, not how many more.

    An empty `model` is one that nobody has chosen yet; an empty `base_url` the provider's own; an empty prompt the
    default one in the language of the samples.
    """

    provider: Provider = "practice"
    model: str = Field("", max_length=500)
    base_url: str = Field("", max_length=300, pattern=HTTP_ADDRESS)
    samples: int = Field(100, ge=1, le=100_000)
    temperature: float = Field(0.7, ge=0, le=2)
    seed: int = Field(42, ge=0, le=2**31 - 1)
    language: Literal["auto", "de", "en"] = "auto"
    styles: tuple[Style, ...] = Field(("question", "explanation", "application"), min_length=1)
    topic: str = Field("", max_length=300)
    per_request: int = Field(1, ge=1, le=10)
    turns: int = Field(1, ge=1, le=4)
    concurrency: int = Field(5, ge=1, le=32)
    timeout_seconds: int = Field(180, ge=5, le=3600)
    context_tokens: int = Field(8192, ge=1024, le=131_072)
    budget_usd: float = Field(0.0, ge=0, le=10_000)
    system_prompt: str = Field("", max_length=8000)
    user_template: str = Field("", max_length=8000)

    _split = field_validator("styles", mode="before")(split_choices)
    _order = field_validator("styles")(partial(in_order, get_args(Style)))

    _address = field_validator("base_url", mode="before")(
        lambda typed: http_address(typed) if isinstance(typed, str) else typed
    )


TargetModule = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# What `target_modules` was before single ones could be chosen; old projects and runs still say so.
OLD_TARGET_MODULES = {"all-linear": (), "attention": ("q_proj", "k_proj", "v_proj", "o_proj")}


class Group(StrEnum):
    """Where the form shows a training setting: in front, or behind the fold under one of these headings."""

    MAIN = "main"
    LEARNING = "learning"
    DATA = "data"
    MACHINE = "machine"
    KEEPING = "keeping"


class SettingFact(Enum):
    """What is true of a training setting beside its bounds; `settings_with` tells of which ones."""

    MAY_CHANGE = "may change where a run is continued from a checkpoint; what may not decides what its weights mean"
    READING = "decides how the samples are read, and so whether a look at them before a training still holds"
    ON_CARD = "stands on the model card"
    HELD = "is set to the default by every preset"
    LEARNED = "is chosen by a preset from the data; what else a preset chooses only makes it fit the memory"


MAY_CHANGE, READING, ON_CARD, HELD, LEARNED = SettingFact


class TrainingSettings(Settings):
    """Hyperparameters of one training run, in the order in which they are shown, each with what is true of it.

    Without `target_modules` all linear layers learn. `early_stopping` counts epochs in which the held-out loss was
    no better than before; with 0 all epochs are trained.
    """

    epochs: Annotated[int, Group.MAIN, MAY_CHANGE, ON_CARD, LEARNED] = Field(3, ge=1, le=20)
    learning_rate: Annotated[float, Group.MAIN, MAY_CHANGE, ON_CARD, LEARNED] = Field(2e-4, ge=1e-5, le=1e-3)
    batch_size: Annotated[int, Group.MAIN, MAY_CHANGE, ON_CARD] = Field(2, ge=1, le=16)
    lora_rank: Annotated[int, Group.MAIN, ON_CARD, LEARNED] = Field(16, ge=8, le=64)
    lora_alpha: Annotated[int, Group.MAIN, ON_CARD, LEARNED] = Field(32, ge=8, le=128)
    gradient_checkpointing: Annotated[bool, Group.MAIN, MAY_CHANGE] = False
    four_bit: Annotated[bool, Group.MAIN] = False
    lora_dropout: Annotated[float, Group.LEARNING, MAY_CHANGE, ON_CARD, HELD] = Field(0.05, ge=0, le=0.5)
    warmup_ratio: Annotated[float, Group.LEARNING, MAY_CHANGE, HELD] = Field(0.03, ge=0, le=0.5)
    scheduler: Annotated[Literal["cosine", "linear", "constant"], Group.LEARNING, MAY_CHANGE, HELD] = "cosine"
    weight_decay: Annotated[float, Group.LEARNING, MAY_CHANGE, HELD] = Field(0.0, ge=0, le=0.5)
    seed: Annotated[int, Group.LEARNING, READING, ON_CARD] = Field(42, ge=0, le=2**31 - 1)
    target_modules: Annotated[tuple[TargetModule, ...], Group.LEARNING, ON_CARD, HELD] = ()
    held_out_share: Annotated[float, Group.DATA, READING] = Field(0.1, ge=0, le=0.5)
    max_length: Annotated[int, Group.DATA, READING, ON_CARD] = Field(1024, ge=64, le=32_768)
    train_on_answers: Annotated[bool, Group.DATA, READING, HELD] = True
    gradient_accumulation: Annotated[int, Group.MACHINE, MAY_CHANGE, ON_CARD] = Field(1, ge=1, le=64)
    processes: Annotated[int, Group.MACHINE] = Field(1, ge=1, le=16)
    early_stopping: Annotated[int, Group.KEEPING, MAY_CHANGE, LEARNED] = Field(0, ge=0, le=10)
    keep_checkpoints: Annotated[int, Group.KEEPING, MAY_CHANGE] = Field(3, ge=1, le=20)

    @field_validator("target_modules", mode="before")
    @classmethod
    def _split_modules(cls, value: object) -> object:
        old = OLD_TARGET_MODULES.get(value) if isinstance(value, str) else None
        return split_choices(value) if old is None else old

    _order = field_validator("target_modules")(partial(in_order, get_args(TargetModule)))


def settings_with(mark: SettingFact | Group) -> tuple[str, ...]:
    """The names of the training settings of which this is true, in their order."""
    return tuple(name for name, field in TrainingSettings.model_fields.items() if mark in field.metadata)


def bounds(kind: type[BaseModel], name: str) -> tuple[Any, Any]:
    """The smallest and the largest value that a setting takes; None where there is no such bound."""
    limits = kind.model_fields[name].metadata
    low = next((limit.ge for limit in limits if hasattr(limit, "ge")), None)
    high = next((limit.le for limit in limits if hasattr(limit, "le")), None)
    return low, high


class ProjectConfig(Settings):
    """A project's `config.json`."""

    schema_version: Literal[1] = 1
    documents: ChunkSettings = ChunkSettings()
    base: BaseChoice | None = None
    output: OutputSettings = OutputSettings()
    sft: SftSettings = SftSettings()
    training: TrainingSettings = TrainingSettings()


class AppSettings(Settings):
    """The machine-wide `settings.json`, in the user's configuration folder.

    `guest_addresses` are the servers that guests may use besides the providers' own; `guest_requests` is how many
    requests each guest may make with the host's keys.
    """

    schema_version: Literal[1] = 1
    language: str = Field("auto", pattern=r"^[a-z]{2,4}$")
    force_cpu: bool = False
    training: TrainingSettings = TrainingSettings()
    guest_addresses: tuple[Annotated[str, Field(pattern=HTTP_ADDRESS)], ...] = ()
    guest_requests: int = Field(0, ge=0, le=100_000)

    @field_validator("guest_addresses", mode="before")
    @classmethod
    def _split_addresses(cls, value: object) -> object:
        """A text field names them with spaces, commas or lines between."""
        return value.replace(",", " ").split() if isinstance(value, str) else value


def load(kind: type[Section], path: Path) -> Section:
    """The settings in `path`, which is left as it is.

    Raises AppError `config_damaged`, `config_missing`, or what the system refused.
    """
    try:
        return kind.model_validate(read_json(path))
    except FileNotFoundError:
        raise AppError("config_missing", file=path.name) from None
    except ValidationError as error:
        raise AppError("config_damaged", file=path.name, problem=first_problem(error)) from None
    except OSError as error:
        raise system_error(error) or error from error
    except ValueError:
        raise AppError("config_damaged", file=path.name, problem="JSON") from None


def save(settings: BaseModel, path: Path) -> None:
    """Write settings atomically, as JSON that a person can read."""
    write_json(path, settings.model_dump(mode="json"))


def changed(settings: Section, **values: object) -> Section:
    """A checked copy of `settings` with new values. Raises AppError naming the field that is out of bounds."""
    return checked(type(settings), {**settings.model_dump(), **values})


def config_folder() -> Path:
    """Where this user's machine-wide settings live, by the custom of the operating system. Makes the folder."""
    if override := os.environ.get("CUSTOM_AI_CONFIG"):
        folder = Path(override)
    elif sys.platform == "win32":
        folder = Path(os.environ.get("APPDATA", Path.home() / "AppData/Roaming")) / "CustomAI"
    elif sys.platform == "darwin":
        folder = Path.home() / "Library/Application Support/CustomAI"
    else:
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "custom-ai"
    with suppress(OSError):  # to read nothing takes no folder, and whoever writes into it says what is wrong
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def cache_folder() -> Path:
    """Where this user's programs keep what can be made again, by the custom of the operating system."""
    if override := os.environ.get("CUSTOM_AI_CACHE"):
        return Path(override)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "CustomAI/cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/CustomAI"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "custom-ai"


def uploads_folder() -> Path:
    """Where uploads lie until a project takes them in: apart from projects, and only this user's."""
    return cache_folder() / "uploads"


def load_app_settings() -> AppSettings:
    """The machine-wide settings, or the defaults where none were saved. Raises AppError as `load` does."""
    try:
        return load(AppSettings, config_folder() / "settings.json")
    except AppError as error:
        if error.code != "config_missing":
            raise
        return AppSettings()


def change_app_settings(**values: object) -> AppSettings:
    """Set machine-wide settings; of two apps that do so neither undoes the other's. Returns how they are now.

    Raises AppError that names the field that does not fit, `config_damaged`, `settings_busy`.
    """
    with locked(config_folder() / ".settings.lock", AppError("settings_busy")):
        settings = changed(load_app_settings(), **values)
        save_app_settings(settings)
    return settings


def save_app_settings(settings: AppSettings) -> None:
    """Keep the machine-wide settings, whatever they were before."""
    save(settings, config_folder() / "settings.json")

"""What a library's error in training means to a person. Knows torch's and the drivers' words."""

import errno

import torch

from utils.errors import AppError, system_error

OUT_OF_MEMORY = ("out of memory", "defaultcpuallocator", "bad_alloc", "alloc_failed", "cannot allocate memory")
NO_KERNEL = ("no kernel image", "not compiled with cuda", "invalid device function")
DRIVER = (
    "cuda error",
    "cuda driver",
    "cudnn error",
    "cudnn_status",
    "cublas_status",
    "cublas error",
    "nvrtc",
    "nvml",
    "hip error",
    "hiperror",
    "miopen",
    "rocblas",
    "level zero",
    "ur_result_error",
    "ze_result_error",
    "device lost",
    "device_lost",
    "mps backend",
)
OUR_FAULT = ("device-side assert",)  # a GPU's words for an index that is out of range
REASON_CHARACTERS = 200


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

    def says(sayings: tuple[str, ...]) -> bool:
        return any(saying in words for saying in sayings)

    no_memory = isinstance(error, (torch.OutOfMemoryError, MemoryError)) or getattr(error, "errno", 0) == errno.ENOMEM
    if no_memory or says(OUT_OF_MEMORY):
        return AppError("training_out_of_memory")
    if not isinstance(error, RuntimeError) or says(OUR_FAULT):
        return None
    if says(NO_KERNEL):
        return AppError("training_device_unsupported", reason=_first_line(error))
    return AppError("training_device_trouble", reason=_first_line(error)) if says(DRIVER) else None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:REASON_CHARACTERS]

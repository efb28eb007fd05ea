"""What libraries and drivers say when something is wrong, and what a person reads then."""

import errno

import pytest
import torch

from core.training.engines import as_app_error


def code(error):
    return getattr(as_app_error(error), "code", None)


def caused_by(cause):
    error = RuntimeError("PytorchStreamWriter failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("HIP out of memory."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("std::bad_alloc"),
        *(MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory"), caused_by(MemoryError())),
    ],
)
def test_too_little_memory_is_known_in_all_its_words(error):
    assert code(error) == "training_out_of_memory"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("CUDA error: unspecified launch failure", "training_device_trouble"),
        ("CUDA driver version is insufficient for CUDA runtime version", "training_device_trouble"),
        ("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", "training_device_trouble"),
        ("HIP error: shared object initialization failed", "training_device_trouble"),
        ("level_zero backend failed with error: 20 (UR_RESULT_ERROR_DEVICE_LOST)", "training_device_trouble"),
        ("CUDA error: no kernel image is available for execution on the device", "training_device_unsupported"),
        ("CUDA error: device-side assert triggered", None),
        ("shape mismatch", None),
    ],
)
def test_a_driver_in_trouble_is_told_from_a_bug_by_its_first_line(words, expected):
    known = as_app_error(RuntimeError(f"{words}\nCUDA kernel errors might be asynchronously reported"))
    assert (known and (known.code, known.params)) == (expected and (expected, {"reason": words}))


def test_a_full_disk_is_known_behind_a_librarys_words():
    assert code(caused_by(OSError(errno.ENOSPC, "No space left on device"))) == "disk_is_full"
    assert code(ValueError("CUDA error")) is None

"""Loading a diffusers pipeline onto a device: safetensors only, and only where memory suffices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.pipeline_folder import (
    find_part,
    find_pipeline,
    first_line,
    pipeline_class,
    weights_bytes,
)

DTYPES = ("auto", "float32", "float16", "bfloat16")
OFFLOADS = ("none", "model", "sequential")
_NO_MEMORY = ("allocate memory", "not enough memory", "out of memory", "allocate tensor")


def load_pipeline(
    model: str,
    *,
    motion_adapter: str | None = None,
    variant: str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    offload: str = "none",
    download: bool = False,
) -> Any:
    """Loads a text-to-video pipeline; see ``DiffusersVideo`` for the arguments.

    Raises:
        ImagineError: the model is not there, is damaged or something else, the device is not
            there, or memory is short.
    """
    for name, value, choices in (("dtype", dtype, DTYPES), ("offload", offload, OFFLOADS)):
        if value not in choices:
            raise ImagineError(
                f"diffusers: {name} must be one of {', '.join(choices)}, not '{value}'"
            )
    try:
        import diffusers
        import torch
    except ImportError as error:
        raise ImagineError(
            f"the diffusers imaginer lacks a library ({error}): pip install diffusers accelerate"
        ) from error
    where = _choose_device(device, offload)
    if dtype == "auto":
        dtype = "float32" if where.type == "cpu" else "bfloat16"
    numbers = getattr(torch, dtype)
    folder = find_pipeline(model, download=download, variant=variant)
    _check_memory(model, weights_bytes(folder, numbers.itemsize, variant), where, offload)
    if motion_adapter is None:
        pipeline = _load(pipeline_class(folder), folder, dtype=numbers, variant=variant)
    else:
        # Stable Diffusion with AnimateDiff's layers: two folders, which nothing else joins.
        adapter = _load(
            diffusers.MotionAdapter, find_part(motion_adapter, download=download), dtype=numbers
        )
        pipeline = _load(
            diffusers.AnimateDiffPipeline,
            folder,
            dtype=numbers,
            variant=variant,
            motion_adapter=adapter,
        )
    _place(pipeline, where, offload, model)
    return pipeline


def failure(what: str, model: str | Path, error: Exception) -> ImagineError:
    """One line for whatever went wrong in the library."""
    import torch

    line = first_line(error)
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(
        words in str(error) for words in _NO_MEMORY
    ):
        line = "memory is short: use fewer frames, smaller pictures, dtype bfloat16 or offload"
    return ImagineError(f"{what} '{model}': {line}")


def _choose_device(name: str, offload: str) -> Any:
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ImagineError(
            f"diffusers: there is no device '{name}' here ({first_line(error)}); use cpu"
        ) from error
    if offload != "none" and device.type == "cpu":
        raise ImagineError("diffusers: offload is for GPUs; use none on a CPU")
    return device


def _check_memory(model: str, needed: int, device: Any, offload: str) -> None:
    """Refuses before loading: the system would end the process, not raise an error."""
    import psutil
    import torch

    free = {"main memory": psutil.virtual_memory().available}
    if device.type == "cuda" and offload == "none":
        free[str(device)] = torch.cuda.mem_get_info(device)[0]
    for place, there in free.items():
        if needed > there:
            raise ImagineError(
                f"memory is short: the weights of '{model}' take {needed / 2**30:.1f} GiB and "
                f"{there / 2**30:.1f} GiB of {place} are free; use a smaller model, "
                "dtype bfloat16, or offload"
            )


def _load(kind: Any, source: str | Path, *, local_files_only: bool = True, **options: Any) -> Any:
    try:
        return kind.from_pretrained(
            str(source), local_files_only=local_files_only, use_safetensors=True, **options
        )
    except Exception as error:
        raise failure("cannot load", source, error) from error


def _place(pipeline: Any, device: Any, offload: str, model: str) -> None:
    try:
        if offload == "model":
            pipeline.enable_model_cpu_offload(device=device)
        elif offload == "sequential":
            pipeline.enable_sequential_cpu_offload(device=device)
        else:
            pipeline.to(device)
    except (RuntimeError, ImportError, ValueError) as error:
        raise failure(f"cannot move to {device}", model, error) from error

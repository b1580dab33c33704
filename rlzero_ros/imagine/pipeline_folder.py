"""Folders in diffusers' format: where they are, which class they hold, what loading them takes."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.paths import find_folder

INDEX = "model_index.json"
_OTHER_TASKS = re.compile(r"ImageToVideo|Image2Video|VideoToVideo|VideoToWorld|I2V|V2V")
_LONGEST_HEADER = 100_000_000
"""Bytes; the safetensors format allows no more."""


def find_pipeline(model: str, *, download: bool, variant: str | None) -> Path:
    """The folder of a pipeline, fetched from the hub where that is wanted.

    Args:
        model: a path, a name in one of the ``models`` folders, or a hub id ``owner/name``.
        download: False: the hub's files must be on this machine already.
        variant: of the weights, such as ``fp16``.

    Raises:
        ImagineError: there is none, or it cannot be fetched.
    """

    def fetch() -> str:
        from diffusers import DiffusionPipeline

        return DiffusionPipeline.download(model, variant=variant, use_safetensors=True)

    return _find(model, fetch if download else None)


def find_part(model: str, *, download: bool) -> Path:
    """The folder of a single model, such as a motion adapter; otherwise as ``find_pipeline``."""

    def fetch() -> str:
        from huggingface_hub import snapshot_download

        return snapshot_download(model, allow_patterns=["config.json", "*.safetensors"])

    return _find(model, fetch if download else None)


def _find(model: str, fetch: Callable[[], str] | None) -> Path:
    folder = find_folder("models", model)
    if folder is not None:
        return folder
    if not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", model):
        raise ImagineError(
            f"there is no model '{model}': give the folder of a diffusers pipeline, "
            "or its id on the hub (owner/name)"
        )
    from huggingface_hub import snapshot_download

    try:
        # diffusers' own search asks the hub for the newest revision even when it may not fetch.
        return Path(snapshot_download(model, local_files_only=True) if fetch is None else fetch())
    except Exception as error:
        advice = "set download to fetch them" if fetch is None else "check the network and the id"
        raise ImagineError(
            f"the weights of '{model}' are not on this machine: {advice} ({first_line(error)})"
        ) from error


def pipeline_class(folder: Path) -> type[Any]:
    """The text-to-video class that a folder names.

    Raises:
        ImagineError: the folder holds no pipeline, or one for something else.
    """
    import diffusers

    try:
        name = json.loads((folder / INDEX).read_text(encoding="utf-8"))["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImagineError(
            f"'{folder}' is no diffusers pipeline: it has no readable {INDEX}"
        ) from error
    # A list here names a program that comes with the model; it is never run.
    found = getattr(diffusers, name, None) if isinstance(name, str) else None
    if not (inspect.isclass(found) and issubclass(found, diffusers.DiffusionPipeline)):
        raise ImagineError(f"'{folder}' names the pipeline {name}, which diffusers does not have")
    if not makes_video_from_text(found):
        raise ImagineError(
            f"'{folder}' holds a {name}, which does not make videos from text alone; "
            "choose a text-to-video pipeline"
        )
    return found


def makes_video_from_text(pipeline: type[Any]) -> bool:
    """Whether a class needs a prompt and nothing else, and lets the number of frames be chosen."""
    parameters = inspect.signature(pipeline.__call__).parameters
    needed = {
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    return (
        {"prompt", "num_frames"} <= parameters.keys()
        and needed <= {"self", "prompt"}
        and _OTHER_TASKS.search(pipeline.__name__) is None
    )


def weights_bytes(folder: Path, itemsize: int, variant: str | None) -> int:
    """What the weights of all parts take in memory, in bytes, read from the files' headers.

    Args:
        folder: of a pipeline.
        itemsize: bytes of one number once loaded.
        variant: of the weights; parts without it count as they are.

    Raises:
        ImagineError: a file is no safetensors file.
    """
    numbers = 0
    for part in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(part.glob("*.safetensors"))
        chosen = [f for f in files if variant and f".{variant}" in f.name]
        plain = [f for f in files if f.name.count(".") == 1]
        numbers += sum(_numbers_in(file) for file in chosen or plain)
    return numbers * itemsize


def _numbers_in(file: Path) -> int:
    """How many numbers a safetensors file holds.

    The format: eight bytes, little-endian, give the length of the JSON header that follows.
    """
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > _LONGEST_HEADER:
                raise ValueError("its header is too long")
            header = json.loads(stream.read(length))
        return sum(prod(t["shape"]) for name, t in header.items() if name != "__metadata__")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ImagineError(
            f"the weights '{file}' are damaged ({first_line(error)}); fetch them again",
            ErrorCode.IMAGINE_FAILED,
        ) from error


def first_line(error: BaseException) -> str:
    """The first line that an error says, with its type where the text alone would be unclear."""
    text = str(error).strip().splitlines()
    line = text[0].strip() if text else ""
    if not line:
        return type(error).__name__
    return line if isinstance(error, (OSError, ValueError)) else f"{type(error).__name__}: {line}"

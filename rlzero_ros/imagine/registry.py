"""Imaginers by name; a new one is a new file and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.imagine.base import Imaginer

IMAGINERS: dict[str, str] = {
    "storyboard": "rlzero_ros.imagine.storyboard:Storyboard",
    "video": "rlzero_ros.imagine.video_file:VideoFile",
    "figure_video": "rlzero_ros.imagine.figure_video:FigureVideo",
    "diffusers": "rlzero_ros.imagine.diffusers_video:DiffusersVideo",
}


def load_imaginer(name: str, **options: Any) -> Imaginer:
    """Makes the imaginer of that name with its options.

    Raises:
        ImagineError: the name is unknown, or an option is.
    """
    if name not in IMAGINERS:
        raise ImagineError(
            f"imaginer '{name}' is unknown; known are {', '.join(IMAGINERS)}",
            ErrorCode.IMAGINER_UNKNOWN,
        )
    module, _, attribute = IMAGINERS[name].partition(":")
    factory = getattr(import_module(module), attribute)
    try:
        return factory(**options)
    except TypeError as error:
        raise ImagineError(f"imaginer '{name}': {error}", ErrorCode.IMAGINER_UNKNOWN) from error

"""``Clip``: what was imagined, frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rlzero_ros.errors import ImagineError

MAX_FRAMES = 2000


@dataclass(frozen=True)
class Clip:
    """A short video of a task.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB, T from 1 to ``MAX_FRAMES``.
        fps: frames per second of the imagined world.
        prompt: the sentence, or the name of the video, that it came from.
        source: which imaginer made it and, where it chose one, what it chose.
    """

    frames: np.ndarray
    fps: float
    prompt: str
    source: str

    def __post_init__(self) -> None:
        frames = self.frames
        if not isinstance(frames, np.ndarray) or frames.dtype != np.uint8:
            raise ImagineError("a clip's frames are a uint8 array")
        if frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
            raise ImagineError(f"a clip has shape (T, H, W, 3), not {frames.shape}")
        if len(frames) > MAX_FRAMES:
            raise ImagineError(f"a clip has at most {MAX_FRAMES} frames, not {len(frames)}")
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise ImagineError(f"a clip has a positive frame rate, not {self.fps}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.frames) / self.fps

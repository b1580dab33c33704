"""How much of the true speed along the ground is left in what is found for pictures.

What is read from pictures with errors is drawn towards the middle: of drawings of a fast robot
slower observations are found, the more so the less similar the drawings are (regression dilution,
Fuller 1987, "Measurement error models", ch. 1). The share that is left is measured on drawings of
the robot's own held-out states, and a plan's speed is divided by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectError

_LEAST = 0.5
"""A plan is never asked to go more than twice as fast as what was found for it."""
_MOVING = 20
"""From fewer drawings that move nothing is concluded."""
_MOVES = 0.3


@dataclass(frozen=True)
class SpeedShare:
    """share = slope · similarity + offset, between 0.5 and 1."""

    slope: float
    offset: float

    def of(self, similarities: NDArray[np.floating]) -> NDArray[np.float32]:
        """The share for similarities of any shape."""
        share = self.slope * np.float64(similarities) + self.offset
        return np.asarray(np.clip(share, _LEAST, 1.0), np.float32)

    def write(self) -> str:
        """As text, for a file's metadata."""
        return f"{self.slope!r} {self.offset!r}"

    @classmethod
    def read(cls, text: str) -> SpeedShare:
        """The inverse of ``write``; ValueError for anything else."""
        slope, offset = map(float, text.split())
        if not (np.isfinite(slope) and np.isfinite(offset)):
            raise ValueError(f"no share of speed: {text!r}")
        return cls(slope, offset)


def fit_speed_share(
    similarities: NDArray[np.floating], true: NDArray[np.floating], found: NDArray[np.floating]
) -> SpeedShare | None:
    """Least squares of found = share · true, all (N,); speeds in m/s.

    None where fewer than twenty move. ProjectError for numbers that are not finite.
    """
    if not (
        np.isfinite(similarities).all() and np.isfinite(true).all() and np.isfinite(found).all()
    ):
        raise ProjectError("similarities and speeds must be finite")
    if np.count_nonzero(np.abs(true) > _MOVES) < _MOVING:
        return None
    design = np.stack([true * similarities, true], axis=1, dtype=np.float64)
    slope, offset = np.linalg.lstsq(design, np.float64(found), rcond=None)[0]
    return SpeedShare(float(slope), float(offset))

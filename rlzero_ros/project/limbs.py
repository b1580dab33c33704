"""Limbs of an index's poses, and whether one pose would be right where another is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ProjectError

TOLERANCE_DEG = 15.0
TOLERANCE_RAD, _SOFT_RAD = math.radians(TOLERANCE_DEG), math.radians(3.0)
"""A pose is right within the first, mean over the limbs; nearly so within the second of it."""
_SPEED_MPS = 1.5
"""Speeds that differ by less than this are alike. Chosen on drawings in the training styles."""


def joint_error(
    a: NDArray[np.floating], b: NDArray[np.floating], exchanges: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Mean absolute angle between poses (rad), the limbs of b in the best of the orders.

    a and b broadcast over everything but their last axis, which has the angles. exchanges: (ways,
    limbs), the orders that look the same.
    """
    errors = []
    for way in exchanges:
        apart = a - b[..., way]
        apart -= 2 * np.pi * np.round(apart / (2 * np.pi))
        errors.append(np.abs(apart, out=apart).mean(-1))
    return np.asarray(np.minimum.reduce(errors), np.float32)


@dataclass(frozen=True)
class Limbs:
    """What N poses show.

    Attributes:
        angles: (N, limbs) rad, of each limb in the picture's plane.
        speeds: (N,) m/s, forward.
        exchanges: (ways, limbs), the orders of the limbs that look the same in a silhouette.
    """

    angles: NDArray[np.float16]
    speeds: NDArray[np.float16]
    exchanges: NDArray[np.int8]

    def __post_init__(self) -> None:
        """Raises ProjectError for what are no limbs."""
        count = self.angles.shape[-1]
        orders = np.sort(self.exchanges, axis=-1)
        fits = self.angles.ndim == 2 and self.speeds.shape == (len(self.angles),)
        fits = fits and self.exchanges.ndim == 2 and len(self.exchanges) > 0
        if not fits or orders.shape[1] != count or (orders != np.arange(count)).any():
            raise ProjectError(
                f"limbs do not fit together: angles {self.angles.shape}, speeds "
                f"{self.speeds.shape}, exchanges {self.exchanges.tolist()}"
            )
        if not (np.isfinite(self.angles).all() and np.isfinite(self.speeds).all()):
            raise ProjectError("limbs have angles or speeds that are not finite")

    def __len__(self) -> int:
        return len(self.angles)

    def right(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of rows (T, m), how right each would be where another is shown: (T, m, m), 0 to 1.

        1/2 at a mean joint error of 15 degrees, the sides assigned the best way, and less for
        another speed.
        """
        angles = self.angles[rows].astype(np.float32)
        error = joint_error(angles[:, :, None], angles[:, None], self.exchanges)
        speeds = self.speeds[rows].astype(np.float32)
        faster = (speeds[:, :, None] - speeds[:, None]) / np.float32(_SPEED_MPS)
        near = np.exp(-0.5 * faster**2)
        return np.asarray(near / (1.0 + np.exp((error - TOLERANCE_RAD) / _SOFT_RAD)), np.float32)

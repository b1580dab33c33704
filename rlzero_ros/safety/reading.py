"""What the guard needs to know of the robot at one tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Reading:
    """The robot's state as last received; nothing in it is trusted yet.

    Attributes:
        ages_s: seconds since each required input last brought something new, by input name;
            infinite for one that never came.
        joint_positions: (n,) rad or m, in the spec's order.
        joint_velocities: (n,) rad/s or m/s.
        base: (k,) every other number that the observation is computed from.
        velocities_age_s: seconds since the oldest of the joint velocities was received: damping may
            use them while they are fresh, whatever else is wrong.
        height_m: of the base above the world's origin; NaN if unknown.
        tilt_rad: angle between the base's z axis and the vertical; NaN if unknown.
        fault: why the inputs cannot be used, in words for a person; empty if they can.

    """

    ages_s: Mapping[str, float]
    joint_positions: NDArray[np.float64]
    joint_velocities: NDArray[np.float64]
    base: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    velocities_age_s: float = np.inf
    height_m: float = np.nan
    tilt_rad: float = np.nan
    fault: str = ""

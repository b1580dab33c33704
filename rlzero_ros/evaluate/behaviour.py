"""What the robot did, in four numbers that do not know what it was told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..robots.state import rotate
from .recording import Recording


@dataclass(frozen=True)
class Behaviour:
    """Means over the second half of a recording, and the way covered in all of it.

    torso_height_m: height of the base above the ground. upright: vertical cosine of the base's
    z axis, 1 upright, -1 on its head. forward_speed_mps: velocity along world x, the direction
    that the robot faces at the start. distance_m: along the same direction, first to last state.
    """

    torso_height_m: float
    upright: float
    forward_speed_mps: float
    distance_m: float


def behaviour_of(recording: Recording) -> Behaviour:
    """Measure a recording of at least one state."""
    middle = (recording.time_s[0] + recording.time_s[-1]) / 2.0
    half = recording.between(middle, recording.time_s[-1])
    up = np.array([0.0, 0.0, 1.0])
    upright = [rotate(quaternion, up)[2] for quaternion in half.base_orientation]
    return Behaviour(
        torso_height_m=float(half.base_position[:, 2].mean()),
        upright=float(np.mean(upright)),
        forward_speed_mps=float(half.base_linear_velocity[:, 0].mean()),
        distance_m=float(recording.base_position[-1, 0] - recording.base_position[0, 0]),
    )

"""Where a controller gets the robot's state from, and the state of what the guard judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ..robots.state import RobotState, rotate
from ..safety import Reading


class Inputs(Protocol):
    """Where the robot's state comes from: `RobotStateInput`, or a recording."""

    @property
    def newest_joint_s(self) -> float:
        """When the newest joint state was received, monotonic seconds."""
        ...

    @property
    def dropped(self) -> int:
        """Messages that were not used."""
        ...

    def ages_s(self, now_s: float) -> Mapping[str, float]:
        """Seconds since each input brought something new."""
        ...

    def reading(self, now_s: float) -> Reading:
        """What the guard judges."""
        ...

    def state(self, reading: Reading, now_s: float) -> RobotState:
        """What the policy observes, of a good reading."""
        ...


def state_of(reading: Reading, now_s: float) -> RobotState:
    """Return the RobotState of a reading that the guard found good.

    `reading.base` holds position (3), orientation xyzw (4), linear velocity (3) and angular
    velocity (3), both velocities in the body's frame.
    """
    base = reading.base
    orientation = base[3:7] / np.linalg.norm(base[3:7])
    return RobotState(
        time_s=now_s,
        base_position=base[:3],
        base_orientation=orientation,
        base_linear_velocity=rotate(orientation, base[7:10]),
        base_angular_velocity=base[10:13],
        joint_positions=reading.joint_positions,
        joint_velocities=reading.joint_velocities,
    )

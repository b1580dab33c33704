"""What the measured body may do while a policy drives it: positions, speeds, height and tilt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .guard_state import Fault
from .reading import Reading


@dataclass(frozen=True)
class BodyLimits:
    """Beyond any of these the robot is stopped; infinite ones are never reached.

    They judge what sensors report, not what is commanded: see CommandLimits for that.

    Attributes:
        joint_names: n names, for the reason.
        lower, upper: (n,) measured joint positions, rad or m.
        velocity: (n,) measured joint speeds, rad/s or m/s.
        min_height_m: of the base above the world's origin; below it the robot has fallen.
        max_tilt_rad: angle between the base's z axis and the vertical; beyond it, too.

    """

    joint_names: tuple[str, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    velocity: NDArray[np.float64]
    min_height_m: float = -np.inf
    max_tilt_rad: float = np.inf

    def __post_init__(self) -> None:
        for name in ("lower", "upper", "velocity"):
            vector = np.array(getattr(self, name), dtype=np.float64)
            if vector.shape != (len(self.joint_names),) or np.isnan(vector).any():
                raise ValueError(f"{name} must have one number for each joint")
            vector.setflags(write=False)
            object.__setattr__(self, name, vector)
        if math.isnan(self.min_height_m) or math.isnan(self.max_tilt_rad):
            raise ValueError("min_height_m and max_tilt_rad must be numbers")

    def broken(self, reading: Reading) -> Fault | None:
        """Return what is beyond its limit, None for nothing.

        Joint positions and velocities must be finite. A height or tilt that is not a number is
        beyond a limit that is finite.
        """
        speeds = np.abs(np.asarray(reading.joint_velocities, dtype=np.float64))
        if (speeds > self.velocity).any():
            i = int(np.argmax(speeds / self.velocity))
            return Fault(
                "joint_velocity",
                f"joint velocity: {self.joint_names[i]} moves at {speeds[i]:.3g} rad/s or m/s, "
                f"more than {self.velocity[i]:.3g}",
            )
        positions = np.asarray(reading.joint_positions, dtype=np.float64)
        if (positions < self.lower).any() or (positions > self.upper).any():
            i = int(np.argmax(np.maximum(self.lower - positions, positions - self.upper)))
            return Fault(
                "joint_position",
                f"joint position: {self.joint_names[i]} is at {positions[i]:.3g} rad or m, outside "
                f"{self.lower[i]:.3g} to {self.upper[i]:.3g}",
            )
        return self._fallen(reading)

    def _fallen(self, reading: Reading) -> Fault | None:
        low, steep = math.isfinite(self.min_height_m), math.isfinite(self.max_tilt_rad)
        if low and not reading.height_m >= self.min_height_m:
            why = f"the base is at {reading.height_m:.2f} m, below {self.min_height_m:.2f} m"
        elif steep and not reading.tilt_rad <= self.max_tilt_rad:
            why = f"the base is tilted by {reading.tilt_rad:.2f} rad, more than "
            why += f"{self.max_tilt_rad:.2f} rad"
        else:
            return None
        return Fault("fallen", f"fallen: {why}")

"""The robot's states over time, as its own topics told them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..robots.state import RobotState


@dataclass(frozen=True)
class Recording:
    """T states in order of time; columns as in RobotState.

    time_s: (T,). base_position: (T, 3) m, world. base_orientation: (T, 4) xyzw.
    base_linear_velocity: (T, 3) m/s, world. base_angular_velocity: (T, 3) rad/s, body frame.
    joint_positions, joint_velocities: (T, n) rad and rad/s.
    """

    time_s: NDArray[np.float64]
    base_position: NDArray[np.float64]
    base_orientation: NDArray[np.float64]
    base_linear_velocity: NDArray[np.float64]
    base_angular_velocity: NDArray[np.float64]
    joint_positions: NDArray[np.float64]
    joint_velocities: NDArray[np.float64]

    @classmethod
    def of(cls, states: Sequence[RobotState]) -> Recording:
        """The recording of states; DataError if there are none."""
        if not states:
            raise DataError("nothing was recorded: the robot published no states")
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.array([getattr(s, name) for s in states]) for name in names})

    def __len__(self) -> int:
        return len(self.time_s)

    def state(self, index: int) -> RobotState:
        """One of the states."""
        rows = {field.name: getattr(self, field.name)[index] for field in fields(self)}
        return RobotState(**rows | {"time_s": float(self.time_s[index])})

    def between(self, begin_s: float, end_s: float) -> Recording:
        """The states with begin_s <= time_s <= end_s; DataError if there are none."""
        keep = (self.time_s >= begin_s) & (self.time_s <= end_s)
        if not keep.any():
            raise DataError(f"nothing was recorded between {begin_s:.2f} s and {end_s:.2f} s")
        return Recording(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})

    def save(self, path: Path) -> None:
        """Write a compressed .npz file without pickles."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """The inverse of `save`."""
        with np.load(path, allow_pickle=False) as file:
            return cls(**{field.name: file[field.name] for field in fields(cls)})

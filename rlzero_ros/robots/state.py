"""The state of a robot as sensors report it, and the one place where quaternions are converted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def xyzw_from_wxyz(quaternion: NDArray[np.floating]) -> NDArray[np.float64]:
    """MuJoCo's order (w, x, y, z) to the order of ROS messages (x, y, z, w)."""
    return np.roll(np.asarray(quaternion, dtype=np.float64), -1)


def wxyz_from_xyzw(quaternion: NDArray[np.floating]) -> NDArray[np.float64]:
    """The order of ROS messages (x, y, z, w) to MuJoCo's order (w, x, y, z)."""
    return np.roll(np.asarray(quaternion, dtype=np.float64), 1)


def rotate(quaternion_xyzw: NDArray[np.floating], vector: NDArray[np.floating]) -> NDArray:
    """Turn a body-frame vector (3,) into the world frame."""
    q = np.asarray(quaternion_xyzw, dtype=np.float64)
    v = np.asarray(vector, dtype=np.float64)
    t = 2.0 * np.cross(q[:3], v)
    return v + q[3] * t + np.cross(q[:3], t)


def rotate_inverse(quaternion_xyzw: NDArray[np.floating], vector: NDArray[np.floating]) -> NDArray:
    """Turn a world-frame vector (3,) into the body frame."""
    q = np.asarray(quaternion_xyzw, dtype=np.float64)
    return rotate(np.array([-q[0], -q[1], -q[2], q[3]]), vector)


@dataclass(frozen=True)
class RobotState:
    """One reading of the whole robot.

    time_s: stamp (s). base_position: (3,) m, world. base_orientation: (4,) xyzw, body to world.
    base_linear_velocity: (3,) m/s, world. base_angular_velocity: (3,) rad/s, body frame.
    joint_positions, joint_velocities: (n,) rad and rad/s, in the order of the RobotSpec.
    """

    time_s: float
    base_position: NDArray[np.float64]
    base_orientation: NDArray[np.float64]
    base_linear_velocity: NDArray[np.float64]
    base_angular_velocity: NDArray[np.float64]
    joint_positions: NDArray[np.float64]
    joint_velocities: NDArray[np.float64]

"""From a robot's physics to the pose of a drawn figure, and how far two poses are apart.

A pose here is a row of absolute segment angles (rad, see ``imagine.figure``) in the order of
``SEGMENTS``. In a silhouette nobody can tell the right leg from the left, so the distance takes
the better of the two assignments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..imagine.figure import FigurePose

SEGMENTS = (
    "torso",
    "right_thigh",
    "right_leg",
    "right_foot",
    "left_thigh",
    "left_leg",
    "left_foot",
)
SWAPPED = np.array([0, 4, 5, 6, 1, 2, 3])
"""Columns of a pose with its legs exchanged."""

HIP_BELOW_TORSO_M = 0.3
"""dm_control's walker: its torso's origin is the middle of the trunk."""
TORSO_HEIGHT_AT_ZERO_M = 1.3
"""dm_control's walker: height of the torso's origin where the joint ``rootz`` is zero."""

_CHUNK = 2048


@dataclass(frozen=True)
class Poses:
    """N poses: angles (N, 7) rad by SEGMENTS; root (N, 2) m, the hips.

    The root's x is relative to the point that the camera follows, its z to the ground.
    """

    angles: NDArray[np.float32]
    root: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.angles)

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> Poses:
        return Poses(self.angles[rows], self.root[rows])

    def figure(self, row: int) -> FigurePose:
        """One pose for drawing."""
        x, z = (float(v) for v in self.root[row])
        angles = zip(SEGMENTS, map(float, self.angles[row]), strict=True)
        return FigurePose((x, z), dict(angles))


def walker_poses(qpos: NDArray[np.floating]) -> Poses:
    """Poses of qpos (N, >= 9): rootz, rootx, rooty, then hip, knee, ankle right and left.

    The model's joints turn about -y and its trunk about +y; the camera follows the trunk's middle.
    """
    qpos = np.asarray(qpos, dtype=np.float64)
    if qpos.ndim != 2 or qpos.shape[1] < 9:
        raise DataError(f"the walker's physics has 9 positions a row; got shape {qpos.shape}")
    pitch = qpos[:, 2:3]
    right = pitch - np.cumsum(qpos[:, 3:6], axis=1)
    left = pitch - np.cumsum(qpos[:, 6:9], axis=1)
    x = -HIP_BELOW_TORSO_M * np.sin(pitch)
    z = TORSO_HEIGHT_AT_ZERO_M + qpos[:, :1] - HIP_BELOW_TORSO_M * np.cos(pitch)
    angles = np.concatenate([pitch, right, left], axis=1)
    return Poses(angles.astype(np.float32), np.concatenate([x, z], axis=1).astype(np.float32))


def walker_qpos(poses: Poses) -> NDArray[np.float64]:
    """The inverse of ``walker_poses``, the torso at x = 0: (N, 9)."""
    angles = poses.angles.astype(np.float64)
    z = poses.root[:, 1] + HIP_BELOW_TORSO_M * np.cos(angles[:, 0]) - TORSO_HEIGHT_AT_ZERO_M
    qpos = np.zeros((len(angles), 9))
    qpos[:, 0], qpos[:, 2] = z, angles[:, 0]
    for first in (1, 4):
        chain = np.concatenate([angles[:, :1], angles[:, first : first + 3]], axis=1)
        qpos[:, first + 2 : first + 5] = -np.diff(chain, axis=1)
    return qpos


_POSES_OF: dict[str, Callable[[NDArray[np.floating]], Poses]] = {"walker": walker_poses}


def poses_of(robot: str, physics: NDArray[np.floating]) -> Poses:
    """Poses of a robot's physics (N, nq + nv); DataError for a robot without a drawn figure."""
    if robot not in _POSES_OF:
        raise DataError(
            f"no drawn figure is known for robot {robot!r}; known: {', '.join(_POSES_OF)}. "
            "Add its function to rlzero_ros/pretrain/figure_of.py"
        )
    return _POSES_OF[robot](physics)


def wrapped(angle: NDArray[np.floating]) -> NDArray[np.floating]:
    """Angles (rad) brought into [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def pose_error(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mean absolute angle between poses (rad), legs assigned the better way.

    a and b broadcast over everything but their last axis, which has the 7 angles.
    """
    straight = np.abs(wrapped(a - b)).mean(-1)
    crossed = np.abs(wrapped(a - b[..., SWAPPED])).mean(-1)
    return np.minimum(straight, crossed).astype(np.float32)


def nearest_pose_error(
    queries: NDArray[np.floating], poses: NDArray[np.floating]
) -> NDArray[np.float32]:
    """For each query (N, 7) its error (rad) to the nearest of the poses (M, 7)."""
    best = np.full(len(queries), np.inf, dtype=np.float32)
    for row, query in enumerate(queries):
        for start in range(0, len(poses), _CHUNK):
            error = pose_error(query[None], poses[start : start + _CHUNK]).min()
            best[row] = min(best[row], error)
    return best

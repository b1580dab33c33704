"""From a robot's physics to the pose of a drawn figure, and how far two poses are apart.

A pose here is a row of absolute segment angles (rad, see ``imagine.figure``) in the order of
``SEGMENTS``. In a silhouette nobody can tell the right leg from the left, so the distance takes
the better of the two assignments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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
ARMS = ("right_arm", "right_forearm", "left_arm", "left_forearm")
SWAPPED = np.array([0, 4, 5, 6, 1, 2, 3])
"""Columns of a pose with its legs exchanged."""


@dataclass(frozen=True)
class Trunk:
    """Where a robot's torso frame is: above the hips, and above the ground at ``rootz`` = 0 (m)."""

    above_hips_m: float
    height_at_zero_m: float


TRUNKS = {"walker": Trunk(0.3, 1.3), "stickman": Trunk(0.25, 1.25)}
"""Both have the joints rootz, rootx, rooty, then hip, knee, ankle right and left."""

_CHUNK = 2048


@dataclass(frozen=True)
class Poses:
    """N poses: angles (N, 7) rad by SEGMENTS; root (N, 2) m, the hips; arms (N, 4) rad by ARMS.

    The root's x is relative to the point that the camera follows, its z to the ground. A pose
    without arms has NaN there.
    """

    angles: NDArray[np.float32]
    root: NDArray[np.float32]
    arms: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 4), np.float32))

    def __post_init__(self) -> None:
        if len(self.arms) != len(self.angles):
            object.__setattr__(self, "arms", np.full((len(self.angles), 4), np.nan, np.float32))

    def __len__(self) -> int:
        return len(self.angles)

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> Poses:
        return Poses(self.angles[rows], self.root[rows], self.arms[rows])

    def figure(self, row: int) -> FigurePose:
        """One pose for drawing."""
        x, z = (float(v) for v in self.root[row])
        angles = dict(zip(SEGMENTS, map(float, self.angles[row]), strict=True))
        if np.isfinite(self.arms[row]).all():
            angles.update(zip(ARMS, map(float, self.arms[row]), strict=True))
        return FigurePose((x, z), angles)


def _leg_poses(qpos: NDArray[np.floating], robot: str) -> Poses:
    """Poses of qpos (N, >= 9): rootz, rootx, rooty, then hip, knee, ankle right and left.

    The models' joints turn about -y and the trunk about +y; the camera follows the trunk.
    """
    qpos = np.asarray(qpos, dtype=np.float64)
    if qpos.ndim != 2 or qpos.shape[1] < 9:
        raise DataError(f"physics of {robot!r} has 9 positions and more; got shape {qpos.shape}")
    trunk, pitch = TRUNKS[robot], qpos[:, 2:3]
    right = pitch - np.cumsum(qpos[:, 3:6], axis=1)
    left = pitch - np.cumsum(qpos[:, 6:9], axis=1)
    x = -trunk.above_hips_m * np.sin(pitch)
    z = trunk.height_at_zero_m + qpos[:, :1] - trunk.above_hips_m * np.cos(pitch)
    angles = np.concatenate([pitch, right, left], axis=1)
    return Poses(angles.astype(np.float32), np.concatenate([x, z], axis=1).astype(np.float32))


def walker_poses(qpos: NDArray[np.floating]) -> Poses:
    """Poses of the walker's qpos (N, >= 9)."""
    return _leg_poses(qpos, "walker")


def stickman_poses(qpos: NDArray[np.floating]) -> Poses:
    """Poses of the stickman's qpos (N, >= 13): the legs, then shoulder, elbow right and left."""
    legs = _leg_poses(qpos, "stickman")
    if qpos.shape[1] < 13:
        raise DataError(f"the stickman's physics has 13 positions and more; got {qpos.shape}")
    both = [qpos[:, 2:3] - np.cumsum(qpos[:, k : k + 2], axis=1) for k in (9, 11)]
    return Poses(legs.angles, legs.root, np.concatenate(both, axis=1).astype(np.float32))


def qpos_of(robot: str, poses: Poses) -> NDArray[np.float64]:
    """The inverse of ``poses_of``, the torso at x = 0: (N, nq)."""
    trunk, angles = TRUNKS[robot], poses.angles.astype(np.float64)
    z = poses.root[:, 1] + trunk.above_hips_m * np.cos(angles[:, 0]) - trunk.height_at_zero_m
    qpos = np.zeros((len(angles), 13 if robot == "stickman" else 9))
    qpos[:, 0], qpos[:, 2] = z, angles[:, 0]
    chains = [(3, angles[:, 1:4]), (6, angles[:, 4:7])]
    if robot == "stickman":
        arms = np.nan_to_num(poses.arms.astype(np.float64), nan=0.0)
        chains += [(9, arms[:, :2]), (11, arms[:, 2:])]
    for first, limb in chains:
        chain = np.concatenate([angles[:, :1], limb], axis=1)
        qpos[:, first : first + limb.shape[1]] = -np.diff(chain, axis=1)
    return qpos


def walker_qpos(poses: Poses) -> NDArray[np.float64]:
    """``qpos_of`` the walker: (N, 9)."""
    return qpos_of("walker", poses)


_POSES_OF: dict[str, Callable[[NDArray[np.floating]], Poses]] = {
    "walker": walker_poses,
    "stickman": stickman_poses,
}


def has_figure(robot: str) -> bool:
    """Whether the robot's states can be drawn."""
    return robot in _POSES_OF


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

"""From a robot's physics to the pose of a drawn figure, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .four_legged_of import QuadrupedPoses, cheetah_poses, cheetah_qpos
from .poses import FOUR_LEGGED, HUMAN, PoseLayout, Poses


@dataclass(frozen=True)
class Trunk:
    """Where a robot's torso frame is: above the hips, and above the ground at ``rootz`` = 0 (m)."""

    above_hips_m: float
    height_at_zero_m: float


TRUNKS = {"walker": Trunk(0.3, 1.3), "stickman": Trunk(0.25, 1.25)}
"""Both have the joints rootz, rootx, rooty, then hip, knee, ankle right and left."""


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


def _leg_qpos(robot: str, poses: Poses) -> NDArray[np.float64]:
    """The inverse of ``_leg_poses``, the torso at x = 0: (N, nq)."""
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


@cache
def _quadruped() -> QuadrupedPoses:
    return QuadrupedPoses()


@dataclass(frozen=True)
class _Figure:
    """What stands for a robot: the layout, physics to poses, and poses to configurations."""

    layout: PoseLayout
    poses: Callable[[NDArray[np.floating]], Poses]
    qpos: Callable[[Poses], NDArray[np.float64]] | None


_FIGURES = {
    "walker": _Figure(HUMAN, walker_poses, lambda poses: _leg_qpos("walker", poses)),
    "stickman": _Figure(HUMAN, stickman_poses, lambda poses: _leg_qpos("stickman", poses)),
    "cheetah": _Figure(FOUR_LEGGED, cheetah_poses, cheetah_qpos),
    "quadruped": _Figure(FOUR_LEGGED, lambda qpos: _quadruped()(qpos), None),
}


def has_figure(robot: str) -> bool:
    """Whether the robot's states can be drawn."""
    return robot in _FIGURES


def figure_layout(robot: str) -> PoseLayout:
    """Which segments the poses of a robot have; DataError for one without a drawn figure."""
    return _figure(robot).layout


def poses_of(robot: str, physics: NDArray[np.floating]) -> Poses:
    """Poses of a robot's physics (N, nq + nv); DataError for a robot without a drawn figure."""
    return _figure(robot).poses(physics)


def qpos_of(robot: str, poses: Poses) -> NDArray[np.float64]:
    """Configurations (N, nq) that show poses, the torso at x = 0.

    The inverse of ``poses_of`` where the robot can do the pose; DataError where nothing is known.
    """
    inverse = _figure(robot).qpos
    if inverse is None:
        raise DataError(f"nothing puts the pose of a figure on robot {robot!r}: use its own data")
    return inverse(poses)


def _figure(robot: str) -> _Figure:
    if robot not in _FIGURES:
        raise DataError(
            f"no drawn figure is known for robot {robot!r}; known: {', '.join(_FIGURES)}. "
            "Add its function to rlzero_ros/pretrain/figure_of.py"
        )
    return _FIGURES[robot]

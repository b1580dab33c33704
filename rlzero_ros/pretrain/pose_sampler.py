"""Poses for training the embedder: what bodies do, and everything else a little.

An embedder that knew only the robot's own data would not know what a drawing of something the
robot never did looks like, so the walker's joints are sampled widely: gaits, upright and low
postures, and anything that the joints allow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .figure_of import walker_poses, walker_qpos
from .poses import Poses

JOINT_LOW = np.deg2rad([-20.0, -150.0, -45.0])
JOINT_HIGH = np.deg2rad([100.0, 0.0, 45.0])
"""Ranges of the walker's hip, knee and ankle."""

_THIGH_M, _LEG_M, _TRUNK_M = 0.45, 0.5, 0.6
_TOE_M, _HEEL_M = 0.16, -0.04


def lowest_below_hips(angles: NDArray[np.floating]) -> NDArray[np.float64]:
    """Height (N,) in metres of the lowest flesh of the walker relative to its hips."""
    points = [np.full(len(angles), -0.07), _TRUNK_M * np.cos(angles[:, 0]) - 0.07]
    for first in (1, 4):
        thigh, leg, foot = angles[:, first : first + 3].T
        knee = -_THIGH_M * np.cos(thigh)
        ankle = knee - _LEG_M * np.cos(leg)
        points += [knee - 0.05, ankle - 0.04]
        points += [ankle - reach * np.sin(foot) - 0.05 for reach in (_TOE_M, _HEEL_M)]
    return np.min(points, axis=0)


def grounded(
    angles: NDArray[np.floating], rng: np.random.Generator, airborne: float = 0.15
) -> Poses:
    """The poses (N, 7) put on the ground; a share of them in the air, up to 0.7 m."""
    n = len(angles)
    clearance = np.where(rng.random(n) < airborne, rng.exponential(0.15, n).clip(0, 0.7), 0.0)
    root_z = clearance - lowest_below_hips(angles)
    root_x = -0.3 * np.sin(angles[:, 0])
    root = np.stack([root_x, root_z], axis=1)
    return Poses(angles.astype(np.float32), root.astype(np.float32))


def _from_joints(pitch: NDArray[np.floating], joints: NDArray[np.floating]) -> NDArray[np.float64]:
    """Segment angles (N, 7) from trunk pitch (N,) and joints (N, 6)."""
    qpos = np.zeros((len(pitch), 9))
    qpos[:, 2], qpos[:, 3:] = pitch, joints
    return walker_poses(qpos).angles.astype(np.float64)


def _anything(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    low, high = np.tile(JOINT_LOW, 2), np.tile(JOINT_HIGH, 2)
    joints = rng.uniform(low, high, (n, 6))
    tilt = rng.normal(0.2, 0.4, n)
    return _from_joints(np.where(rng.random(n) < 0.5, tilt, rng.uniform(-np.pi, np.pi, n)), joints)


def _standing(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Legs near straight and the trunk near upright, the whole body sometimes tilted."""
    bend = rng.exponential(0.25, (n, 2))
    hip = bend * rng.uniform(0.3, 0.7, (n, 2)) + rng.normal(0, 0.25, (n, 2))
    ankle = rng.normal(0, 0.2, (n, 2))
    joints = np.stack([hip, -bend, ankle], axis=2).reshape(n, 6)
    return _from_joints(rng.normal(0.05, 0.25, n), joints.clip(*_limits()))


def _gait(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Any moment of a walk or run, forward or backward: legs in opposite phase."""
    phase = rng.uniform(0, 2 * np.pi, n)[:, None] + np.array([0.0, np.pi])
    phase += rng.normal(0, 0.25, (n, 2))
    stride = rng.uniform(0.25, 0.95, n)[:, None]
    hip = rng.uniform(0.05, 0.5, n)[:, None] + stride * np.sin(phase)
    lift = rng.uniform(0.3, 1.7, n)[:, None]
    knee = -(rng.uniform(0.05, 0.4, n)[:, None] + lift * np.maximum(np.cos(phase), 0))
    ankle = rng.normal(0, 0.3, (n, 2))
    joints = np.stack([hip, knee, ankle], axis=2).reshape(n, 6)
    return _from_joints(rng.normal(0.12, 0.18, n), joints.clip(*_limits()))


def _low(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Lying on the back or front, sitting, kneeling, crouching, on the head: with variations."""
    postures = np.deg2rad(
        [  # trunk pitch, then hip, knee, ankle of both legs
            [90, 0, 0, -40, 0, 0, -40],
            [90, 0, -10, -45, 30, -90, 0],
            [-90, 0, 0, 0, 0, 0, 0],
            [-90, 50, -100, 0, 40, -90, 0],
            [-90, 0, 0, 0, 60, -120, 0],
            [0, 90, -10, 0, 90, -10, 0],
            [-20, 80, -100, 10, 90, -110, 10],
            [5, 0, -100, -45, 0, -100, -45],
            [5, 90, -95, 5, -5, -90, -45],
            [35, 95, -130, 30, 95, -130, 30],
            [180, 0, 0, 0, 0, 0, 0],
            [170, 20, -30, 0, 60, -60, 0],
            [60, 100, -150, 0, 100, -150, 0],
        ]
    )
    rows = postures[rng.integers(len(postures), size=n)]
    rows = rows + rng.normal(0, 1, rows.shape) * rng.uniform(0.05, 0.4, (n, 1))
    return _from_joints(rows[:, 0], rows[:, 1:].clip(*_limits()))


def _limits() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.tile(JOINT_LOW, 2), np.tile(JOINT_HIGH, 2)


def sample_poses(n: int, rng: np.random.Generator) -> Poses:
    """Poses of the walker's body: a fifth of anything, the rest what bodies do."""
    parts = rng.multinomial(n, (0.2, 0.2, 0.35, 0.25))
    makers = (_anything, _standing, _gait, _low)
    angles = np.concatenate([make(int(k), rng) for make, k in zip(makers, parts, strict=True)])
    return grounded(rng.permutation(angles), rng)


def near_poses(poses: Poses, rng: np.random.Generator, spread_rad: float = 0.35) -> Poses:
    """Each pose moved a little: joints by up to a normal of ``spread_rad``, then kept in range."""
    qpos = walker_qpos(poses)
    scale = rng.uniform(0, spread_rad, (len(poses), 1))
    qpos[:, 2:] += scale * rng.normal(0, 1, (len(poses), 7))
    low, high = _limits()
    qpos[:, 3:] = np.clip(qpos[:, 3:], low, high)
    return grounded(walker_poses(qpos).angles, rng)

"""From the physics of the cheetah and the quadruped to poses of the four-legged figure.

An upper segment goes from the hip to the knee, a lower one from the knee to the tip of the toe,
whatever bends in between. The figure's height is such that it is as far above the ground as the
robot.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..imagine.figure import KINDS
from ..robots.heights import lowest_point
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .poses import FOUR_LEGGED, Poses

Array = NDArray[np.float64]

CHEETAH_LEGS = {
    # Offsets (x, z) in m from each body to the next, from the model: torso to hip, hip to knee,
    # knee to ankle, ankle to the foot's end; and the leg's first column of qpos.
    "front": (((0.5, 0.0), (-0.14, -0.24), (0.13, -0.18), (0.0841, -0.128)), 6),
    "hind": (((-0.5, 0.0), (0.16, -0.25), (-0.28, -0.14), (0.0543, -0.1878)), 3),
}
_CHEETAH_M, _CHEETAH_RADIUS_M = 0.7, 0.046
_NOSE = (0.7149, 0.1964)
_QUADRUPED_LEGS = ("front_right", "front_left", "back_right", "back_left")
_STANCE = np.deg2rad([0.0, 10.0, -10.0, 10.0, -10.0, -14.0, 18.0, -14.0, 18.0])
"""How the drawn figure stands: what the quadruped's stance, legs spread, stands for."""


def _turned(vector: tuple[float, float], pitch: Array) -> Array:
    """A vector (x, z) turned by pitches (N,): (N, 2)."""
    x, z = vector
    c, s = np.cos(pitch), np.sin(pitch)
    return np.stack([x * c + z * s, z * c - x * s], axis=-1)


def leg_angle(vector: Array) -> Array:
    """Pitch (...) of a leg's part that points along (..., 2): zero is down, positive backward."""
    return np.arctan2(-vector[..., 0], -vector[..., 1])


def _chain(qpos: Array, end: str) -> list[Array]:
    """Hip, knee, ankle and toe (N, 2) of a cheetah's leg relative to the middle of the torso."""
    offsets, first = CHEETAH_LEGS[end]
    pitch = qpos[:, 2]
    points = [_turned(offsets[0], pitch)]
    for joint, offset in enumerate(offsets[1:]):
        pitch = pitch + qpos[:, first + joint]
        points.append(points[-1] + _turned(offset, pitch))
    return points


def cheetah_poses(qpos: NDArray[np.floating]) -> Poses:
    """Poses of the cheetah's qpos (N, >= 9): rootx, rootz, rooty, then the hind and front leg.

    It has one leg a side of the trunk, which stands for the right and the left one.
    """
    states: Array = np.asarray(qpos, dtype=np.float64)
    if states.ndim != 2 or states.shape[1] < 9:
        raise DataError(f"physics of 'cheetah' has 9 positions and more; got shape {states.shape}")
    angles, points = [states[:, 2]], [_turned(_NOSE, states[:, 2])]
    for end in ("front", "hind"):
        hip, knee, ankle, toe = _chain(states, end)
        angles += 2 * [leg_angle(knee - hip), leg_angle(toe - knee)]
        points += [hip, knee, ankle, toe]
    lowest = np.min([point[:, 1] for point in points], axis=0) - _CHEETAH_RADIUS_M
    return _at_clearance(np.stack(angles, axis=1), states[:, 1] + _CHEETAH_M + lowest)


def cheetah_qpos(poses: Poses) -> Array:
    """The configurations (N, 9) at x = 0 that come nearest to poses, its feet not bent.

    The right legs are what the cheetah's legs take over, as far as its joints go.
    """
    angles = poses.angles.astype(np.float64)
    qpos = np.zeros((len(angles), 9))
    qpos[:, 2] = angles[:, 0]
    limits = load_model(load_robot("cheetah").model_xml).jnt_range
    for end, column in (("front", 1), ("hind", 5)):
        (_, thigh, shin, foot), first = CHEETAH_LEGS[end]
        upper = angles[:, column] - leg_angle(np.array(thigh))
        lower = angles[:, column + 1] - leg_angle(np.add(shin, foot))
        before = angles[:, 0]
        for joint, angle in ((first, upper), (first + 1, lower)):
            turn = (angle - before + np.pi) % (2 * np.pi) - np.pi
            qpos[:, joint] = np.clip(turn, *limits[joint])
            before = before + qpos[:, joint]
    there = cheetah_poses(qpos)
    clearance = poses.root[:, 1] + lowest_below_trunk(angles)
    qpos[:, 1] = clearance - there.root[:, 1] - lowest_below_trunk(there.angles.astype(np.float64))
    return qpos


class QuadrupedPoses:
    """Poses of the quadruped, seen from its right side whatever its heading.

    Its legs are spread and bent where the figure's are straight, so the angles are those of the
    figure's stance plus what the robot's limbs have turned in that view from the robot's own.
    """

    def __init__(self) -> None:
        self._model = load_model(load_robot("quadruped").model_xml)
        self._data = mujoco.MjData(self._model)
        self._rest = self._angles(self._model.qpos0)

    def __call__(self, qpos: NDArray[np.floating]) -> Poses:
        """Poses of qpos (N, >= 23)."""
        qpos = np.asarray(qpos, dtype=np.float64)
        if qpos.ndim != 2 or qpos.shape[1] < self._model.nq:
            raise DataError(f"physics of 'quadruped' has 23 positions; got shape {qpos.shape}")
        angles, clearance = np.empty((len(qpos), 9)), np.empty(len(qpos))
        for row, configuration in enumerate(qpos[:, : self._model.nq]):
            angles[row] = self._angles(configuration) - self._rest + _STANCE
            clearance[row] = lowest_point(self._model, self._data)
        return _at_clearance(angles, clearance)

    def _angles(self, configuration: Array) -> Array:
        self._data.qpos[:] = configuration
        mujoco.mj_kinematics(self._model, self._data)
        forward = self._data.body("torso").xmat[[0, 3, 6]]
        level = np.hypot(forward[0], forward[1])
        heading = forward[:2] / max(level, 1e-9)
        found = [np.arctan2(-forward[2], level)]
        for leg in _QUADRUPED_LEGS:
            spots = [self._data.body(f"{part}_{leg}").xpos for part in ("hip", "knee", "toe")]
            side = [np.array([spot[:2] @ heading, spot[2]]) for spot in spots]
            found += [leg_angle(side[1] - side[0]), leg_angle(side[2] - side[1])]
        return np.array(found)


def lowest_below_trunk(angles: Array) -> Array:
    """Height (N,) m of the figure's lowest flesh relative to the middle of its trunk."""
    sizes = {segment.name: segment for segment in KINDS["four_legged"]}
    torso = sizes["torso"]
    ends = [sign * 0.5 * torso.length * np.sin(angles[:, 0]) - torso.radius for sign in (-1, 1)]
    for column in range(1, len(FOUR_LEGGED.segments), 2):
        upper, lower = (sizes[FOUR_LEGGED.segments[k]] for k in (column, column + 1))
        along = (upper.attach - torso.behind) * torso.length
        knee = -along * np.sin(angles[:, 0]) - upper.length * np.cos(angles[:, column])
        toe = knee - lower.length * np.cos(angles[:, column + 1])
        ends += [knee - upper.radius, toe - lower.radius]
    return np.min(ends, axis=0)


def _at_clearance(angles: Array, clearance: Array) -> Poses:
    """Poses (N, 9) so far (N,) above the ground, the camera following the middle of the trunk."""
    height = clearance - lowest_below_trunk(angles)
    root = np.stack([np.zeros_like(height), height], axis=1)
    return Poses(angles.astype(np.float32), root.astype(np.float32))

"""Where an episode begins."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError
from .spec import RobotSpec

_RISE_M, _HIGHEST_M = 0.01, 10.0
_LOWEST_M = 2.0


def default_pose(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Back to time 0 in the model's first keyframe, or with every joint at zero if it has none."""
    if model.nkey:
        mujoco.mj_resetDataKeyframe(model, data, 0)
    else:
        mujoco.mj_resetData(model, data)


def randomize_pose(
    spec: RobotSpec, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator
) -> None:
    """Back to time 0 in a random pose, as dm_control draws it.

    A free base in its default pose gets a random orientation and is lifted off the floor.
    Without one, limited hinges are uniform in their ranges and others in ±π; the specification
    may ask for less of the base's pitch.
    """
    default_pose(model, data)
    free = np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE)
    if len(free):
        _drop(model, data, int(model.jnt_qposadr[free[0]]), rng)
        return
    for joint in range(model.njnt):
        if model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_HINGE:
            continue
        low, high = model.jnt_range[joint] if model.jnt_limited[joint] else (-np.pi, np.pi)
        value = rng.uniform(low, high)
        if model.joint(joint).name == spec.base.pitch_joint:
            value *= spec.base.start_pitch_rad / np.pi
        data.qpos[model.jnt_qposadr[joint]] = value


def joint_ranges(model: mujoco.MjModel, names: Sequence[str]) -> NDArray[np.float64]:
    """Limits (len(names), 2) of joints in rad or m, ±π where a joint has none."""
    ranges = [
        joint.range if model.jnt_limited[joint.id] else (-np.pi, np.pi)
        for joint in (model.joint(name) for name in names)
    ]
    return np.array(ranges, dtype=np.float64).reshape(-1, 2)


def _drop(
    model: mujoco.MjModel, data: mujoco.MjData, address: int, rng: np.random.Generator
) -> None:
    quaternion = rng.normal(size=4)
    data.qpos[address + 3 : address + 7] = quaternion / np.linalg.norm(quaternion)
    _lift(model, data, address + 2, 0.0)


def overturn_pose(
    spec: RobotSpec, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator
) -> None:
    """As `randomize_pose`, but in any orientation, just above the floor.

    A robot that always begins on its feet may never find out what it can do on its back.
    """
    randomize_pose(spec, model, data, rng)
    if spec.base.kind != "planar":  # its orientation is any already
        return
    data.qpos[model.joint(spec.base.pitch_joint).qposadr[0]] = rng.uniform(-np.pi, np.pi)
    _lift(model, data, int(model.joint(spec.base.z_joint).qposadr[0]), -_LOWEST_M)


def _lift(model: mujoco.MjModel, data: mujoco.MjData, address: int, start_m: float) -> None:
    """Raise the coordinate at an address of qpos from a start until the robot touches nothing.

    Parts of it may touch each other: that, no height changes.
    """
    for height in np.arange(start_m, start_m + _HIGHEST_M, _RISE_M):
        data.qpos[address] = height
        mujoco.mj_fwdPosition(model, data)
        if not (model.geom_bodyid[data.contact.geom] == 0).any():
            return
    raise RobotError(f"the robot touches something even {_HIGHEST_M:.0f} m above the floor")

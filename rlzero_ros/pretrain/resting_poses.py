"""Random body configurations that touch the floor: targets for the ``pose`` skills."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..robots.observation import ObservationAssembler, load_model
from ..robots.registry import Robot
from ..robots.spec import ObservationTerm


def resting_poses(robot: Robot, n: int, seed: int) -> NDArray[np.float32]:
    """n poses (n, 1 + 2·bodies): base height (m), then each body's orientation pair.

    Joints are uniform in their ranges; the base is upright more often than not, and is lowered
    until the lowest geom touches the floor.
    """
    rng = np.random.default_rng(seed)
    model, spec = load_model(robot.model_xml), robot.spec
    data = mujoco.MjData(model)
    assembler = ObservationAssembler(spec, robot.model_xml)
    joint = {name: model.joint(name) for name in (*spec.joint_names, spec.base.pitch_joint)}
    z = int(model.joint(spec.base.z_joint).qposadr[0])
    rows = []
    for _ in range(n):
        data.qpos[:] = model.qpos0
        for name in spec.joint_names:
            low, high = joint[name].range
            # Two draws in three stay near the neutral pose, which is where most skills live.
            value = rng.uniform(low, high) * (1.0 if rng.random() < 0.5 else 0.3)
            data.qpos[joint[name].qposadr[0]] = value
        pitch = rng.uniform(-np.pi, np.pi) * (1.0 if rng.random() < 0.4 else 0.1)
        data.qpos[joint[spec.base.pitch_joint].qposadr[0]] = pitch
        mujoco.mj_kinematics(model, data)
        data.qpos[z] -= lowest_point(model, data)
        observation = assembler.observe_physics(data.qpos, np.zeros(model.nv))
        rows.append(_height_and_orientation(spec.observation, observation))
    return np.stack(rows).astype(np.float32)


def lowest_point(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    """Height (m) of the lowest point of all moving geoms, taking each as a capsule or sphere."""
    moving = model.geom_bodyid > 0
    axis_z = np.abs(data.geom_xmat[moving, 8])
    capsule = model.geom_type[moving] == mujoco.mjtGeom.mjGEOM_CAPSULE
    half = np.where(capsule, model.geom_size[moving, 1], 0.0)
    return float(np.min(data.geom_xpos[moving, 2] - axis_z * half - model.geom_size[moving, 0]))


def _height_and_orientation(
    terms: tuple[ObservationTerm, ...], observation: NDArray[np.float32]
) -> NDArray[np.float32]:
    start, found = 0, {}
    for term in terms:
        found[term.kind] = observation[start : start + term.size]
        start += term.size
    return np.concatenate([found["base_height"], found["body_orientation_xz"]])

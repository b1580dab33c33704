"""Random body configurations that touch the floor: targets for the ``pose`` skills."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..robots.initial_pose import joint_ranges
from ..robots.observation import ObservationAssembler, load_model
from ..robots.registry import Robot


def resting_poses(robot: Robot, n: int, seed: int) -> NDArray[np.float32]:
    """Observations (n, observation_dim) of n poses at rest.

    Joints are uniform in their ranges; the base is upright more often than not, and is lowered
    until the lowest geom touches the floor.
    """
    rng = np.random.default_rng(seed)
    model, spec = load_model(robot.model_xml), robot.spec
    data = mujoco.MjData(model)
    assembler = ObservationAssembler(spec, robot.model_xml)
    addresses = [int(model.joint(name).qposadr[0]) for name in spec.joint_names]
    limits = joint_ranges(model, spec.joint_names)
    z = int(model.joint(spec.base.z_joint).qposadr[0])
    tilt = int(model.joint(spec.base.pitch_joint).qposadr[0])
    rows = []
    for _ in range(n):
        data.qpos[:] = model.qpos0
        for address, (low, high) in zip(addresses, limits, strict=True):
            # Two draws in three stay near the neutral pose, which is where most skills live.
            data.qpos[address] = rng.uniform(low, high) * (1.0 if rng.random() < 0.5 else 0.3)
        data.qpos[tilt] = rng.uniform(-np.pi, np.pi) * (1.0 if rng.random() < 0.4 else 0.1)
        mujoco.mj_kinematics(model, data)
        data.qpos[z] -= lowest_point(model, data)
        rows.append(assembler.observe_physics(data.qpos, np.zeros(model.nv)))
    return np.stack(rows)


def lowest_point(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    """Height (m) of the lowest point of all moving geoms, taking each as a capsule or sphere."""
    moving = model.geom_bodyid > 0
    axis_z = np.abs(data.geom_xmat[moving, 8])
    capsule = model.geom_type[moving] == mujoco.mjtGeom.mjGEOM_CAPSULE
    half = np.where(capsule, model.geom_size[moving, 1], 0.0)
    return float(np.min(data.geom_xpos[moving, 2] - axis_z * half - model.geom_size[moving, 0]))

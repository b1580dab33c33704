"""Random body configurations that touch the floor: targets for the ``pose`` skills."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..robots.heights import lowest_point
from ..robots.initial_pose import joint_ranges
from ..robots.observation import ObservationAssembler, load_model
from ..robots.registry import Robot

_EQUALITY = int(mujoco.mjtConstraint.mjCNSTR_EQUALITY)


def resting_poses(robot: Robot, n: int, seed: int) -> NDArray[np.float32]:
    """Observations (n, observation_dim) of n poses at rest; see `resting_configurations`."""
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    still = np.zeros(load_model(robot.model_xml).nv)
    poses = resting_configurations(robot, n, seed)
    return np.stack([assembler.observe_physics(qpos, still) for qpos in poses])


def resting_configurations(robot: Robot, n: int, seed: int) -> NDArray[np.float64]:
    """n configurations (n, nq) that touch the floor.

    Joints are uniform in their ranges, as far as couplings between them permit; the base is upright
    more often than not, and is lowered until the lowest geom touches the floor.
    """
    rng = np.random.default_rng(seed)
    model, spec = load_model(robot.model_xml), robot.spec
    model.opt.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
    data = mujoco.MjData(model)
    addresses = [int(model.joint(name).qposadr[0]) for name in spec.joint_names]
    limits = joint_ranges(model, spec.joint_names)
    base = int(model.joint(_base_joint(model, robot)).qposadr[0])
    height = base + (2 if spec.base.kind == "free" else 0)
    rows = []
    for _ in range(n):
        data.qpos[:] = model.qpos0
        for address, (low, high) in zip(addresses, limits, strict=True):
            # Two draws in three stay near the neutral pose, which is where most skills live.
            data.qpos[address] = rng.uniform(low, high) * (1.0 if rng.random() < 0.5 else 0.3)
        tilt = rng.uniform(-np.pi, np.pi) * (1.0 if rng.random() < 0.4 else 0.1)
        if spec.base.kind == "free":
            axis = rng.normal(size=3) * (1.0, 1.0, 0.0)
            mujoco.mju_axisAngle2Quat(
                data.qpos[base + 3 : base + 7], axis / np.linalg.norm(axis), tilt
            )
        else:
            data.qpos[int(model.joint(spec.base.pitch_joint).qposadr[0])] = tilt
        _couple(model, data)
        mujoco.mj_kinematics(model, data)
        data.qpos[height] -= lowest_point(model, data)
        rows.append(data.qpos.copy())
    return np.stack(rows)


def _base_joint(model: mujoco.MjModel, robot: Robot) -> str | int:
    """The joint that raises and lowers the base."""
    base = robot.spec.base
    return base.z_joint or int(model.body_jntadr[model.body(base.body).id])


def _couple(model: mujoco.MjModel, data: mujoco.MjData, rounds: int = 3) -> None:
    """Bring qpos to where the model's equality constraints hold, by the smallest change."""
    if model.neq == 0:
        return
    for _ in range(rounds):
        mujoco.mj_fwdPosition(model, data)
        rows = np.flatnonzero(data.efc_type == _EQUALITY)
        jacobian = data.efc_J.reshape(-1, model.nv)[rows]
        step, *_ = np.linalg.lstsq(jacobian, -data.efc_pos[rows], rcond=None)
        mujoco.mj_integratePos(model, data.qpos, step, 1.0)

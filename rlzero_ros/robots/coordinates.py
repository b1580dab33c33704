"""RobotState to MuJoCo's generalised coordinates and back, for planar and free bases."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError
from .spec import RobotSpec
from .state import RobotState, wxyz_from_xyzw, xyzw_from_wxyz


class Coordinates:
    """Where each joint and the base of a RobotSpec lie in qpos and qvel of a MuJoCo model."""

    def __init__(self, spec: RobotSpec, model: mujoco.MjModel) -> None:
        self._planar = spec.base.kind == "planar"
        self._q = np.array([_address(model, n, "qpos") for n in spec.joint_names])
        self._v = np.array([_address(model, n, "dof") for n in spec.joint_names])
        self.nq, self.nv = model.nq, model.nv
        body = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, spec.base.body)
        if body < 0:
            raise RobotError(f"robot {spec.name!r}: the model has no body {spec.base.body!r}")
        if self._planar:
            joints = (spec.base.x_joint, spec.base.z_joint, spec.base.pitch_joint)
            self._bq = np.array([_address(model, n, "qpos") for n in joints])
            self._bv = np.array([_address(model, n, "dof") for n in joints])
            self._origin = model.body_pos[body].copy()
        else:
            joint = int(model.body_jntadr[body])
            if joint < 0 or model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_FREE:
                raise RobotError(f"robot {spec.name!r}: body {spec.base.body!r} has no free joint")
            self._fq, self._fv = int(model.jnt_qposadr[joint]), int(model.jnt_dofadr[joint])

    def to_qpos_qvel(self, state: RobotState) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """qpos (nq,) and qvel (nv,) that show this state."""
        qpos, qvel = np.zeros(self.nq), np.zeros(self.nv)
        qpos[self._q], qvel[self._v] = state.joint_positions, state.joint_velocities
        p, quat, v = state.base_position, state.base_orientation, state.base_linear_velocity
        if self._planar:
            pitch = 2.0 * np.arctan2(quat[1], quat[3])
            qpos[self._bq] = (p[0] - self._origin[0], p[2] - self._origin[2], pitch)
            qvel[self._bv] = (v[0], v[2], state.base_angular_velocity[1])
        else:
            qpos[self._fq : self._fq + 3] = p
            qpos[self._fq + 3 : self._fq + 7] = wxyz_from_xyzw(quat)
            qvel[self._fv : self._fv + 3] = v
            qvel[self._fv + 3 : self._fv + 6] = state.base_angular_velocity
        return qpos, qvel

    def to_state(
        self, qpos: NDArray[np.float64], qvel: NDArray[np.float64], time_s: float
    ) -> RobotState:
        """The inverse of `to_qpos_qvel`."""
        if self._planar:
            x, z, pitch = qpos[self._bq]
            vx, vz, rate = qvel[self._bv]
            position = np.array([x + self._origin[0], 0.0, z + self._origin[2]])
            orientation = np.array([0.0, np.sin(pitch / 2), 0.0, np.cos(pitch / 2)])
            linear, angular = np.array([vx, 0.0, vz]), np.array([0.0, rate, 0.0])
        else:
            position = qpos[self._fq : self._fq + 3].copy()
            orientation = xyzw_from_wxyz(qpos[self._fq + 3 : self._fq + 7])
            linear = qvel[self._fv : self._fv + 3].copy()
            angular = qvel[self._fv + 3 : self._fv + 6].copy()
        return RobotState(
            time_s, position, orientation, linear, angular, qpos[self._q], qvel[self._v]
        )


def _address(model: mujoco.MjModel, joint: str, kind: str) -> int:
    index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, joint)
    if index < 0:
        raise RobotError(f"the model has no joint {joint!r}")
    return int((model.jnt_qposadr if kind == "qpos" else model.jnt_dofadr)[index])

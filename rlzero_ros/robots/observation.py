"""From robot states to observation vectors: one function for simulation, data and real robots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError
from .coordinates import Coordinates
from .spec import ObservationTerm, RobotSpec
from .state import RobotState

Reader = Callable[[mujoco.MjData], NDArray[np.float64]]


def load_model(model_xml: str | Path) -> mujoco.MjModel:
    """Compile an MJCF file (a Path) or text (a str); raises RobotError with MuJoCo's reason."""
    try:
        if isinstance(model_xml, Path):
            return mujoco.MjModel.from_xml_path(str(model_xml))
        return mujoco.MjModel.from_xml_string(model_xml)
    except (ValueError, OSError) as error:
        raise RobotError(f"cannot load the robot's MJCF model: {error}") from error


class ObservationAssembler:
    """Builds observations (observation_dim,) float32 after the layout of a RobotSpec.

    Orientations of bodies come from MuJoCo's forward kinematics of the joint angles, so that a
    real robot needs only joint states, an IMU and odometry.
    """

    def __init__(self, spec: RobotSpec, model_xml: str | Path) -> None:
        self.spec = spec
        self._model = load_model(model_xml)
        self._data = mujoco.MjData(self._model)
        self._coordinates = Coordinates(spec, self._model)
        self._readers = [self._reader(term) for term in spec.observation]

    def observe(self, state: RobotState) -> NDArray[np.float32]:
        """The observation (observation_dim,) of one state."""
        self._data.qpos[:], self._data.qvel[:] = self._coordinates.to_qpos_qvel(state)
        return self._read()

    def observe_physics(self, qpos: NDArray, qvel: NDArray) -> NDArray[np.float32]:
        """The observation (observation_dim,) of generalised coordinates (nq,), (nv,)."""
        self._data.qpos[:], self._data.qvel[:] = qpos, qvel
        return self._read()

    @property
    def joint_ranges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper position (joints,) of each joint in the model; infinite where unlimited.

        rad or m, in the specification's order.
        """
        ids = [self._id(mujoco.mjtObj.mjOBJ_JOINT, name) for name in self.spec.joint_names]
        is_limited = self._model.jnt_limited[ids].astype(bool)
        lower, upper = self._model.jnt_range[ids].T
        return np.where(is_limited, lower, -np.inf), np.where(is_limited, upper, np.inf)

    def _read(self) -> NDArray[np.float32]:
        mujoco.mj_kinematics(self._model, self._data)
        return np.concatenate([read(self._data) for read in self._readers]).astype(np.float32)

    def _reader(self, term: ObservationTerm) -> Reader:
        base = self.spec.base
        if term.kind == "body_orientation_xz":
            bodies = [self._id(mujoco.mjtObj.mjOBJ_BODY, n) for n in term.names]
            rows = np.repeat(bodies, 2)
            columns = np.tile([0, 2], len(bodies))
            return lambda data: data.xmat[rows, columns]
        if term.kind == "base_height":
            body = self._id(mujoco.mjtObj.mjOBJ_BODY, base.body)
            return lambda data: data.xpos[body, 2:3]
        if term.kind in ("base_up", "base_linear_velocity", "base_angular_velocity"):
            return self._free_base_reader(term.kind)
        joints = {
            "planar_base_pose": (base.z_joint, base.pitch_joint),
            "joint_positions": term.names,
            "planar_base_velocity": (base.z_joint, base.x_joint, base.pitch_joint),
            "joint_velocities": term.names,
        }.get(term.kind)
        if joints is None:
            raise RobotError(f"observation term {term.kind!r} has no reader")
        ids = [self._id(mujoco.mjtObj.mjOBJ_JOINT, n) for n in joints]
        if term.kind in ("planar_base_pose", "joint_positions"):
            positions = self._model.jnt_qposadr[ids]
            return lambda data: data.qpos[positions]
        dofs = self._model.jnt_dofadr[ids]
        return lambda data: data.qvel[dofs]

    def _free_base_reader(self, kind: str) -> Reader:
        base = self.spec.base
        if base.kind != "free":
            raise RobotError(f"robot {self.spec.name!r}: {kind!r} needs a free base")
        body = self._id(mujoco.mjtObj.mjOBJ_BODY, base.body)
        if kind == "base_up":
            return lambda data: data.xmat[body, 6:9]
        dof = int(self._model.body_dofadr[body])
        if kind == "base_angular_velocity":
            return lambda data: data.qvel[dof + 3 : dof + 6]
        return lambda data: data.xmat[body].reshape(3, 3).T @ data.qvel[dof : dof + 3]

    def _id(self, kind: mujoco.mjtObj, name: str) -> int:
        index = mujoco.mj_name2id(self._model, kind, name)
        if index < 0:
            raise RobotError(f"robot {self.spec.name!r}: the model has no {name!r}")
        return int(index)

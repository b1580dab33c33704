"""From observations back to the physics that they show."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ..errors import DataError, ErrorCode, RobotError
from .spec import ObservationTerm, RobotSpec

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Hinge:
    """A joint that turns a body in the plane.

    body, against: places in the list of orientations, of the body and of what it turns against
    (None: the world). sign: 1 where it turns about +y. rest: the body's pitch (rad) against the
    other with the joint at 0.
    """

    joint: str
    body: int
    against: int | None
    sign: float
    rest: float


class ObservedPhysics:
    """The inverse of `ObservationAssembler`, but for what no observation shows.

    Where along the ground the robot is, and of a free base its heading, are left at 0; velocities
    are 0 where the layout has none.
    """

    def __init__(self, spec: RobotSpec, model: mujoco.MjModel) -> None:
        """Raises RobotError (ROBOT_NOT_SIMULATED) for a layout that does not show the whole
        configuration.
        """
        self._spec, self._model = spec, model
        self._data = mujoco.MjData(model)
        self._terms: dict[str, tuple[slice, ObservationTerm]] = {}
        first = 0
        for term in spec.observation:
            self._terms[term.kind] = slice(first, first + term.size), term
            first += term.size
        base = ("planar_base_pose",) if self._planar else ("base_up", "base_height")
        wanted = ("joint_positions", *base)
        shown = set(self._names("joint_positions"))
        self._chain: tuple[_Hinge, ...] = ()
        if self._planar and "body_orientation_xz" in self._terms and not shown:
            self._chain = self._hinges()
            wanted = ("base_height",)
            shown = {hinge.joint for hinge in self._chain}
        missing = [kind for kind in wanted if kind not in self._terms]
        missing += [name for name in spec.joint_names if name not in shown]
        if missing:
            raise RobotError(
                f"observations of {spec.name!r} do not show {', '.join(missing)}",
                ErrorCode.ROBOT_NOT_SIMULATED,
            )

    def __call__(self, observations: NDArray[np.floating]) -> Array:
        """Physics (n, nq + nv) of observations (n, observation_dim)."""
        seen = np.asarray(observations, dtype=np.float64)
        if seen.ndim != 2 or seen.shape[1] != self._spec.observation_dim:
            raise DataError(
                f"observations are {seen.shape}, this robot's are (n, {self._spec.observation_dim})"
            )
        qpos = np.tile(self._model.qpos0, (len(seen), 1))
        qvel = np.zeros((len(seen), self._model.nv))
        if self._chain:
            self._from_orientations(seen, qpos)
        else:
            self._from_joints(seen, qpos)
        self._velocities(seen, qpos, qvel)
        return np.concatenate([qpos, qvel], axis=1)

    @property
    def _planar(self) -> bool:
        return self._spec.base.kind == "planar"

    def _of(self, kind: str, seen: Array) -> Array:
        return seen[:, self._terms[kind][0]]

    def _names(self, kind: str) -> tuple[str, ...]:
        return self._terms[kind][1].names if kind in self._terms else ()

    def _positions(self, *joints: str) -> list[int]:
        return [int(self._model.joint(name).qposadr[0]) for name in joints]

    def _dofs(self, *joints: str) -> list[int]:
        return [int(self._model.joint(name).dofadr[0]) for name in joints]

    def _free(self) -> tuple[int, int]:
        joint = self._model.joint(int(self._model.body(self._spec.base.body).jntadr[0]))
        return int(joint.qposadr[0]), int(joint.dofadr[0])

    def _from_joints(self, seen: Array, qpos: Array) -> None:
        qpos[:, self._positions(*self._names("joint_positions"))] = self._of(
            "joint_positions", seen
        )
        base = self._spec.base
        if self._planar:
            columns = self._positions(base.z_joint, base.pitch_joint)
            qpos[:, columns] = self._of("planar_base_pose", seen)
            return
        first, _ = self._free()
        qpos[:, first + 2] = self._of("base_height", seen)[:, 0]
        qpos[:, first + 3 : first + 7] = _level_heading(self._of("base_up", seen))

    def _hinges(self) -> tuple[_Hinge, ...]:
        model, data = self._model, self._data
        names = self._names("body_orientation_xz")
        rows = {model.body(name).id: row for row, name in enumerate(names)}
        data.qpos[:] = 0.0
        mujoco.mj_kinematics(model, data)
        pitch = [np.arctan2(data.xmat[b, 2], data.xmat[b, 0]) for b in rows]
        found = []
        for body, row in rows.items():
            first = int(model.body_jntadr[body])
            joints = range(first, first + int(model.body_jntnum[body]))
            turning = [j for j in joints if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE]
            if len(turning) != 1 or abs(data.xaxis[turning[0], 1]) < 1.0 - 1e-6:
                continue  # the joint, if the robot has it, is missed by the constructor
            parent = int(model.body_parentid[body])
            if parent and parent not in rows:
                continue
            at = rows.get(parent)
            rest = pitch[row] - (0.0 if at is None else pitch[at])
            sign = float(np.sign(data.xaxis[turning[0], 1]))
            found.append(_Hinge(model.joint(turning[0]).name, row, at, sign, float(rest)))
        return tuple(found)

    def _from_orientations(self, seen: Array, qpos: Array) -> None:
        pairs = self._of("body_orientation_xz", seen)
        pitch = np.arctan2(pairs[:, 1::2], pairs[:, 0::2])
        for hinge in self._chain:
            turned = pitch[:, hinge.body] - hinge.rest
            if hinge.against is not None:
                turned = turned - pitch[:, hinge.against]
            wrapped = (turned + np.pi) % (2.0 * np.pi) - np.pi
            qpos[:, self._positions(hinge.joint)[0]] = hinge.sign * wrapped
        z = self._positions(self._spec.base.z_joint)[0]
        body = self._model.body(self._spec.base.body).id
        qpos[:, z] = 0.0
        heights = self._of("base_height", seen)[:, 0]
        for row, height in zip(qpos, heights, strict=True):
            self._data.qpos[:] = row
            mujoco.mj_kinematics(self._model, self._data)
            row[z] = height - self._data.xpos[body, 2]

    def _velocities(self, seen: Array, qpos: Array, qvel: Array) -> None:
        if "joint_velocities" in self._terms:
            columns = self._dofs(*self._names("joint_velocities"))
            qvel[:, columns] = self._of("joint_velocities", seen)
        base = self._spec.base
        if self._planar:
            if "planar_base_velocity" in self._terms:
                columns = self._dofs(base.z_joint, base.x_joint, base.pitch_joint)
                qvel[:, columns] = self._of("planar_base_velocity", seen)
            return
        first, dof = self._free()
        if "base_linear_velocity" in self._terms:
            turned = Rotation.from_quat(qpos[:, first + 3 : first + 7], scalar_first=True)
            qvel[:, dof : dof + 3] = turned.apply(self._of("base_linear_velocity", seen))
        if "base_angular_velocity" in self._terms:
            qvel[:, dof + 3 : dof + 6] = self._of("base_angular_velocity", seen)


def _level_heading(up: Array) -> Array:
    """Quaternions (N, 4), wxyz, of bases that see the world's z axis at up (N, 3), heading +x."""
    up = up / np.linalg.norm(up, axis=-1, keepdims=True).clip(1e-9)
    # Rows of the rotation matrix are the world's axes as the base sees them; y is level.
    left = np.cross(up, [1.0, 0.0, 0.0])
    length = np.linalg.norm(left, axis=-1, keepdims=True)
    # Standing on its nose or tail a base has no heading: its own y axis stays level.
    left = np.where(length > 1e-9, left / length.clip(1e-9), [0.0, 1.0, 0.0])
    matrix = np.stack([np.cross(left, up), left, up], axis=1)
    return Rotation.from_matrix(matrix).as_quat(scalar_first=True)

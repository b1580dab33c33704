"""How the base of a robot stands and moves, from physics, for planar and free bases alike."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from .spec import RobotSpec

Array = NDArray[np.floating]


class BaseMotion:
    """Columns of physics (..., nq + nv) as quantities (...,) that mean the same for every robot."""

    def __init__(self, spec: RobotSpec, model: mujoco.MjModel) -> None:
        self.free = spec.base.kind == "free"
        nq = model.nq
        self._linear: slice | list[int]
        self._turn: slice | list[int]
        joints = [model.joint(name) for name in spec.joint_names]
        self._joints = [nq + int(joint.dofadr[0]) for joint in joints]
        if self.free:
            base = model.joint(int(model.body_jntadr[model.body(spec.base.body).id]))
            first, speed = int(base.qposadr[0]), nq + int(base.dofadr[0])
            self._height, self._quaternion = first + 2, slice(first + 3, first + 7)
            self._ground = slice(first, first + 2)
            self._linear, self._turn = slice(speed, speed + 3), slice(speed + 3, speed + 6)
            return
        x, z, pitch = (
            model.joint(name)
            for name in (spec.base.x_joint, spec.base.z_joint, spec.base.pitch_joint)
        )
        self._height, self._pitch = int(z.qposadr[0]), int(pitch.qposadr[0])
        self._along, self._x = nq + int(x.dofadr[0]), int(x.qposadr[0])
        self._linear = [nq + int(z.dofadr[0]), self._along]
        self._turn = [nq + int(pitch.dofadr[0])]

    def height(self, physics: Array) -> Array:
        """Height of the base (m) above some fixed level."""
        return physics[..., self._height]

    def tilt(self, physics: Array) -> Array:
        """Pitch (rad, any number of turns); of a free base, how far its z axis is from vertical."""
        if not self.free:
            return physics[..., self._pitch]
        _, x, y, _ = np.moveaxis(physics[..., self._quaternion], -1, 0)
        return np.arccos(np.clip(1.0 - 2.0 * (x * x + y * y), -1.0, 1.0))

    def forward_speed(self, physics: Array) -> Array:
        """Along world x for a planar base, along its own x axis for a free one (m/s)."""
        if not self.free:
            return physics[..., self._along]
        w, x, y, z = np.moveaxis(physics[..., self._quaternion], -1, 0)
        axis = (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y))
        return (np.stack(axis, axis=-1) * physics[..., self._linear]).sum(-1)

    def travel(self, windows: Array) -> Array:
        """How far the base is along the ground (N, T) in m at each moment of windows (N, T, ...).

        For a planar base its x; for a free one from the middle moment, along the heading then.
        """
        if not self.free:
            return windows[..., self._x]
        middle = windows.shape[1] // 2
        w, x, y, z = np.moveaxis(windows[:, middle, self._quaternion], -1, 0)
        forward = np.stack([1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z)], axis=-1)
        forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True).clip(1e-9)
        moved = windows[..., self._ground] - windows[:, middle : middle + 1, self._ground]
        return (moved * forward[:, None]).sum(-1)

    def speed(self, physics: Array) -> Array:
        """Largest component of the base's velocity (m/s)."""
        return np.abs(physics[..., self._linear]).max(-1)

    def turn_rate(self, physics: Array) -> Array:
        """Largest component of the base's angular velocity (rad/s)."""
        return np.abs(physics[..., self._turn]).max(-1)

    def joint_speeds(self, physics: Array) -> Array:
        """Of every joint (..., joints) rad/s."""
        return np.abs(physics[..., self._joints])

"""How far apart two states of a robot are, over all of its mass.

Coordinates of an observation count alike, or as much as they vary: a hand as much as the trunk.
What a task asks for is mostly where the trunk is and what it rests on, and so is most of the mass.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ..robots.spec import RobotSpec

Array = NDArray[np.float64]

AHEAD_S = 0.1
"""A difference of velocities counts as the way that it makes in this time."""


class MassMotion:
    """States as vectors, whose distance is the root of the mean square over the robot's mass.

    The mean over all particles of the robot of |Δx|² + (`AHEAD_S` · |Δv|)², in m², where x is
    where a particle is (of the ground's plane: from the centre of mass, along and across the
    heading) and v its velocity. Every body is rigid, so its centre and its axes, as long as its
    radii of gyration, say where all of it is.
    """

    def __init__(self, spec: RobotSpec, model: mujoco.MjModel) -> None:
        self._model, self._data = model, mujoco.MjData(model)
        self._base = model.body(spec.base.body).id
        self._free = spec.base.kind == "free"
        self._root = int(model.body_rootid[self._base])
        own = (model.body_rootid == self._root) & (model.body_mass > 0)
        self._bodies = np.flatnonzero(own)
        mass, inertia = model.body_mass[self._bodies], model.body_inertia[self._bodies]
        self._share = mass / mass.sum()
        # ∫x² over a body, along each principal axis, from its moments of inertia.
        squares = inertia.sum(1, keepdims=True) / 2.0 - inertia
        self._radii = np.sqrt(np.maximum(squares, 0.0) / mass[:, None])

    def vectors(self, physics: NDArray[np.floating]) -> Array:
        """(n, 24 · bodies) of physics (n, nq + nv), in m."""
        n, b = len(physics), len(self._bodies)
        centres, axes = np.empty((n, b, 3)), np.empty((n, b, 3, 3))
        velocities, rates = np.empty((n, b, 3)), np.empty((n, b, 3))
        away, headings = np.empty((n, b, 3)), np.empty((n, 3, 3))
        model, data, nq = self._model, self._data, self._model.nq
        for i, row in enumerate(np.asarray(physics, dtype=np.float64)):
            data.qpos[:], data.qvel[:] = row[:nq], row[nq:]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_comVel(model, data)
            centre = data.subtree_com[self._root]
            centres[i] = data.xipos[self._bodies] - (centre[0], centre[1], 0.0)
            axes[i] = data.ximat[self._bodies].reshape(b, 3, 3)
            rates[i] = data.cvel[self._bodies, :3]
            away[i] = data.xipos[self._bodies] - centre
            velocities[i] = data.cvel[self._bodies, 3:]  # of what is at the centre of mass
            headings[i] = _heading(data.xmat[self._base]) if self._free else np.eye(3)
        velocities += np.cross(rates, away)
        spokes = axes.swapaxes(2, 3) * self._radii[:, :, None]  # (n, b, axis, xyz)
        turning = np.cross(rates[:, :, None], spokes)
        where = np.concatenate([centres[:, :, None], spokes], axis=2)
        moving = np.concatenate([velocities[:, :, None], turning], axis=2)
        both = np.concatenate([where, AHEAD_S * moving], axis=2) @ headings[:, None]
        return (both * np.sqrt(self._share)[:, None, None]).reshape(n, -1)


def mismatch(visited: Array, shown: Array) -> float:
    """How unlike two sets of states are, in m; vectors (n, d) and (T, d) of `MassMotion`.

    The symmetric Chamfer distance: what was not shown counts, and what was shown but not visited.
    """
    apart = cdist(visited, shown)
    return float(apart.min(1).mean() + apart.min(0).mean())


def _heading(matrix: Array) -> Array:
    """(3, 3) that turns row vectors of the world to the heading of a base's xmat (9,)."""
    along = np.array([matrix[0], matrix[3]])
    x, y = along / max(float(np.linalg.norm(along)), 1e-9)
    return np.array([[x, -y, 0.0], [y, x, 0.0], [0.0, 0.0, 1.0]])

"""How far a robot reaches down."""

from __future__ import annotations

import mujoco
import numpy as np

_SPHERE, _CAPSULE = int(mujoco.mjtGeom.mjGEOM_SPHERE), int(mujoco.mjtGeom.mjGEOM_CAPSULE)
_CYLINDER, _ELLIPSOID = int(mujoco.mjtGeom.mjGEOM_CYLINDER), int(mujoco.mjtGeom.mjGEOM_ELLIPSOID)


def lowest_point(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    """Height (m) of the lowest point of all geoms of moving bodies, meshes as their boxes."""
    lowest = np.inf
    for geom in np.flatnonzero(model.geom_bodyid > 0):
        size, kind = model.geom_size[geom], int(model.geom_type[geom])
        axes = np.abs(data.geom_xmat[geom].reshape(3, 3)[2])  # vertical parts of the geom's axes
        if kind == _SPHERE:
            reach = size[0]
        elif kind == _CAPSULE:
            reach = size[0] + axes[2] * size[1]
        elif kind == _CYLINDER:
            reach = axes[2] * size[1] + np.hypot(axes[0], axes[1]) * size[0]
        elif kind == _ELLIPSOID:
            reach = np.linalg.norm(axes * size)
        else:
            reach = axes @ size
        lowest = min(lowest, float(data.geom_xpos[geom, 2] - reach))
    return lowest

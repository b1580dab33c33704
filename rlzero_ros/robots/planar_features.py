"""What the ground-truth rewards of planar robots look at, computed from states."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np
from numpy.typing import NDArray

Features = dict[str, NDArray[np.float64]]


def planar_features(
    model: mujoco.MjModel,
    physics: NDArray[np.floating],
    torso: str,
    pairs: Mapping[str, tuple[str, str]],
) -> Features:
    """Features of states (N, nq + nv): (N,) for the torso, (N, 2) for each pair of bodies.

    Heights are of body origins (m, world), zz the vertical cosine of a body's z axis, velocity_x
    that of the centre of mass (m/s), angular momentum about it (kg·m²/s, about +y), pitch_rate of
    the torso (rad/s). A pair has height, zz, x (m) and velocity_x (m/s).
    """
    data = mujoco.MjData(model)
    body = {b: model.body(b).id for b in (torso, *(b for pair in pairs.values() for b in pair))}
    root = body[torso]
    rows = {name: [body[b] for b in pair] for name, pair in pairs.items()}
    n, nq = len(physics), model.nq
    single = ("torso_height", "torso_zz", "velocity_x", "angular_momentum_y", "pitch_rate")
    out: Features = {name: np.empty(n) for name in single}
    for name in pairs:
        for suffix in ("height", "zz", "x", "velocity_x"):
            out[f"{name}_{suffix}"] = np.empty((n, 2))
    velocity = np.zeros(6)
    for i, row in enumerate(np.asarray(physics, dtype=np.float64)):
        data.qpos[:], data.qvel[:] = row[:nq], row[nq:]
        mujoco.mj_fwdPosition(model, data)
        mujoco.mj_fwdVelocity(model, data)
        mujoco.mj_subtreeVel(model, data)
        out["torso_height"][i] = data.xpos[root, 2]
        out["torso_zz"][i] = data.xmat[root, 8]
        out["velocity_x"][i] = data.subtree_linvel[root, 0]
        out["angular_momentum_y"][i] = data.subtree_angmom[root, 1]
        out["pitch_rate"][i] = data.cvel[root, 1]
        for name, ids in rows.items():
            out[f"{name}_height"][i] = data.xpos[ids, 2]
            out[f"{name}_zz"][i] = data.xmat[ids, 8]
            out[f"{name}_x"][i] = data.xpos[ids, 0]
            for side, index in enumerate(ids):
                mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_BODY, index, velocity, 0)
                out[f"{name}_velocity_x"][i, side] = velocity[3]
    return out

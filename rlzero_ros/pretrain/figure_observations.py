"""The pose and the speed that an observation shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ..errors import DataError
from ..robots.observation import load_model
from ..robots.registry import load_robot
from ..robots.spec import RobotSpec
from .figure_of import figure_layout, poses_of


def term_columns(spec: RobotSpec, kind: str) -> slice:
    """Where a term lies in the observation; DataError if the layout has none."""
    start = 0
    for term in spec.observation:
        if term.kind == kind:
            return slice(start, start + term.size)
        start += term.size
    raise DataError(f"observations of {spec.name!r} have no {kind}")


def observed_angles(spec: RobotSpec, observations: NDArray[np.floating]) -> NDArray[np.float32]:
    """Segment angles (..., segments) rad of observations (..., observation_dim).

    They come from the orientations of the bodies where an observation has those, or else from the
    base and the joints. DataError for observations that have neither.
    """
    bodies = next((t.names for t in spec.observation if t.kind == "body_orientation_xz"), ())
    segments = figure_layout(spec.name).segments
    if not bodies:
        rows = observations.reshape(-1, observations.shape[-1])
        angles = poses_of(spec.name, observed_configuration(spec, rows)).angles
        return angles.reshape(*observations.shape[:-1], len(segments))
    if not set(segments) <= set(bodies):
        raise DataError(f"observations of {spec.name!r} do not show the limbs {segments}")
    columns = term_columns(spec, "body_orientation_xz")
    pairs = observations[..., columns].reshape(*observations.shape[:-1], len(bodies), 2)
    pairs = pairs[..., [bodies.index(segment) for segment in segments], :]
    # World x of a body's x axis is cos(pitch), of its z axis sin(pitch).
    return np.arctan2(pairs[..., 1], pairs[..., 0]).astype(np.float32)


def observed_forward_speed(
    spec: RobotSpec, observations: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Forward speed (...) m/s of observations (..., observation_dim)."""
    if spec.base.kind == "free":
        return observations[..., term_columns(spec, "base_linear_velocity").start]
    return observations[..., term_columns(spec, "planar_base_velocity").start + 1]


def observed_configuration(
    spec: RobotSpec, observations: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Configurations (N, nq) of observations (N, observation_dim), the base at x = 0."""
    model = load_model(load_robot(spec.name).model_xml)
    qpos = np.tile(model.qpos0, (len(observations), 1))
    joints = [int(model.joint(name).qposadr[0]) for name in spec.joint_names]
    qpos[:, joints] = observations[:, term_columns(spec, "joint_positions")]
    if spec.base.kind == "planar":
        columns = [
            int(model.joint(name).qposadr[0]) for name in (spec.base.z_joint, spec.base.pitch_joint)
        ]
        qpos[:, columns] = observations[:, term_columns(spec, "planar_base_pose")]
        return qpos
    base = model.joint(int(model.body_jntadr[model.body(spec.base.body).id]))
    first = int(base.qposadr[0])
    qpos[:, first + 2] = observations[:, term_columns(spec, "base_height").start]
    qpos[:, first + 3 : first + 7] = _level_heading(observations[:, term_columns(spec, "base_up")])
    return qpos


def _level_heading(up: NDArray[np.floating]) -> NDArray[np.float64]:
    """Quaternions (N, 4), wxyz, of bases that see the world's z axis at up (N, 3), heading +x."""
    up = up / np.linalg.norm(up, axis=-1, keepdims=True).clip(1e-9)
    # Rows of the rotation matrix are the world's axes as the base sees them; y is level.
    left = np.cross(up, [1.0, 0.0, 0.0])
    left /= np.linalg.norm(left, axis=-1, keepdims=True).clip(1e-9)
    matrix = np.stack([np.cross(left, up), left, up], axis=1)
    return Rotation.from_matrix(matrix).as_quat(scalar_first=True)

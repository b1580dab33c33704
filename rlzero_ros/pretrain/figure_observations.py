"""The pose and the speed that an observation shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..robots.observation import load_model
from ..robots.observed_physics import ObservedPhysics
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
        shown = ObservedPhysics(spec, load_model(load_robot(spec.name).model_xml))
        angles = poses_of(spec.name, shown(rows)).angles
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

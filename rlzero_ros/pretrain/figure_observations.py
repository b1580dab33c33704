"""The pose that an observation shows, for robots whose observations hold body orientations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..robots.spec import RobotSpec
from .figure_of import SEGMENTS


def term_columns(spec: RobotSpec, kind: str) -> slice:
    """Where a term lies in the observation; DataError if the layout has none."""
    start = 0
    for term in spec.observation:
        if term.kind == kind:
            return slice(start, start + term.size)
        start += term.size
    raise DataError(f"observations of {spec.name!r} have no {kind}")


def observed_angles(spec: RobotSpec, observations: NDArray[np.floating]) -> NDArray[np.float32]:
    """Segment angles (..., 7) rad of observations (..., observation_dim)."""
    bodies = next((t.names for t in spec.observation if t.kind == "body_orientation_xz"), ())
    if not set(SEGMENTS) <= set(bodies):
        raise DataError(f"observations of {spec.name!r} do not show the limbs {SEGMENTS}")
    columns = term_columns(spec, "body_orientation_xz")
    pairs = observations[..., columns].reshape(*observations.shape[:-1], len(bodies), 2)
    pairs = pairs[..., [bodies.index(segment) for segment in SEGMENTS], :]
    # World x of a body's x axis is cos(pitch), of its z axis sin(pitch).
    return np.arctan2(pairs[..., 1], pairs[..., 0]).astype(np.float32)


def observed_forward_speed(
    spec: RobotSpec, observations: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Forward speed (...) m/s of observations (..., observation_dim)."""
    return observations[..., term_columns(spec, "planar_base_velocity").start + 1]

"""Reward shaping after dm_control's `rewards.tolerance`, vectorised."""

from __future__ import annotations

import numpy as np
from dm_control.utils import rewards
from numpy.typing import NDArray


def tolerance(
    x: NDArray[np.floating],
    lower: float = -np.inf,
    upper: float = np.inf,
    margin: float = 0.0,
    sigmoid: str = "gaussian",
    value_at_margin: float = 0.1,
) -> NDArray[np.float64]:
    """1 inside [lower, upper], falling to value_at_margin at a distance of margin outside."""
    return np.asarray(
        rewards.tolerance(
            np.asarray(x, dtype=np.float64),
            bounds=(lower, upper),
            margin=margin,
            sigmoid=sigmoid,
            value_at_margin=value_at_margin,
        )
    )


def at_least(x: NDArray[np.floating], height: float) -> NDArray[np.float64]:
    """The suite's [x ≥ h]: gaussian, margin h/2."""
    return tolerance(x, lower=height, margin=height / 2)


def at_most(x: NDArray[np.floating], height: float) -> NDArray[np.float64]:
    """The suite's [x ≤ h]: gaussian, margin 1.5h."""
    return tolerance(x, upper=height, margin=1.5 * height)

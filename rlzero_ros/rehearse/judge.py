"""Which of several ways is best, when every way was tried from several states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def standardized(values: Array) -> Array:
    """Along the last axis, so that views of different units count alike; zeros if all are equal."""
    spread = values.std(-1, keepdims=True)
    return (values - values.mean(-1, keepdims=True)) / (spread + 1e-9)


def choose(scores: Array, allowed: Sequence[bool]) -> int:
    """The way to take, of scores (S, K): S starts, K ways, the first of them the usual one.

    The usual way is left only for one that does better from every start, and among those for the
    best on average: a lead that depends on where the robot begins is no lead. Ways that are not
    allowed are never taken unless none is; then the best on average is.
    """
    mean = scores.mean(0)
    good = np.asarray(allowed, dtype=bool)
    if not good.any():
        return int(mean.argmax())
    if good[0]:
        better = good & (scores > scores[:, :1]).all(0)
        if not better.any():
            return 0
        good = better
    return int(np.where(good, mean, -np.inf).argmax())

"""The links of the safety chain, each a pure function that accepts any input whatever."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .limits import CommandLimits


def stale_input(ages_s: Mapping[str, float], stale_after_s: float) -> str:
    """Return why the state is not fresh, or an empty string if it is.

    Args:
        ages_s: seconds since each required input brought something new, by name.
        stale_after_s: the greatest age that is still fresh.

    An age that is not a number is stale, and so is one that lies as far in the future as it may
    lie in the past: its clock cannot be believed. No inputs at all are stale too.

    """
    if not ages_s:
        return "no input has been received"
    for name, age in ages_s.items():
        if age == np.inf:
            return f"{name}: nothing received yet"
        if not -stale_after_s <= age <= stale_after_s:
            return f"{name}: {age * 1e3:.0f} ms old, more than {stale_after_s * 1e3:.0f} ms"
    return ""


def finite_vector(value: object, size: int | None = None) -> NDArray[np.float64] | None:
    """Return `value` as a new (size,) float64 vector, or None if it is anything else.

    None for a wrong shape or size, a NaN, an infinity, and whatever is not real numbers. Without
    `size` any length will do. The shape is looked at before anything is copied.
    """
    try:
        given = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if given.ndim != 1 or given.dtype.kind not in "fiu":
        return None
    if size is not None and given.size != size:
        return None
    if given.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            vector = given.astype(np.float64)
    else:
        vector = given.astype(np.float64)
    return vector if bool(np.isfinite(vector).all()) else None


def clip_to_limits(
    command: NDArray[np.float64], limits: CommandLimits
) -> tuple[NDArray[np.float64], bool]:
    """Return the (n,) command within lower and upper, and whether any joint was changed."""
    clipped = np.minimum(np.maximum(command, limits.lower), limits.upper)
    return clipped, bool((clipped != command).any())


def limit_slew(
    command: NDArray[np.float64], previous: NDArray[np.float64], limits: CommandLimits
) -> tuple[NDArray[np.float64], bool]:
    """Return the (n,) command within `limits.max_step` of the previous, and whether it changed.

    Where both `command` and `previous` are within the limits, so is the result: it lies between
    them.
    """
    low, high = previous - limits.max_step, previous + limits.max_step
    limited = np.minimum(np.maximum(command, low), high)
    return limited, bool((limited != command).any())

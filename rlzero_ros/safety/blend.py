"""Moving from one command, or one latent, to another without a jump."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smoothstep(x: float) -> float:
    """Return 3x² − 2x³ with x held to [0, 1]: 0 to 1 with no slope at either end.

    Anything that is not a number counts as 0, the side on which nothing changes.
    """
    if not x > 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    return x * x * (3.0 - 2.0 * x)


def blend(
    start: NDArray[np.floating], goal: NDArray[np.floating], fraction: float
) -> NDArray[np.float64]:
    """Return the (n,) point that smoothstep(fraction) of the way leads to from start to goal.

    A latent that is blended leaves the sphere on the way; the caller projects it back.
    """
    share = smoothstep(fraction)
    return np.asarray(start * (1.0 - share) + goal * share, dtype=np.float64)

"""Which of several ways is best, when every way was tried from where the robot is.

A pose can be judged by how near the robot comes to what was found for it. A motion cannot: a robot
that freezes in mid-stride stays near to a walk, and what is found for a motion is noisier than what
the robot makes of all of it. So a motion is done in the usual way, unless that is vetoed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..pipeline import Variation

# Mean of 1 - cosine between the frames of a clip; drawings of poses have at most 0.008, the
# smallest motion (boxing) 0.017.
_STILL = 0.012
# Of the usual way's distance; nearer by less says nothing of which is better.
_CLEARLY = 0.85


def shows_pose(variations: Sequence[Variation]) -> bool:
    """Whether the pictures hardly change, by the embeddings of their frames."""
    spreads = []
    for variation in variations:
        unit = variation.embeddings / np.linalg.norm(variation.embeddings, axis=1, keepdims=True)
        spreads.append(1.0 - float(np.square(unit.mean(0)).sum()))
    return float(np.median(spreads)) < _STILL


def choose(distances: NDArray[np.floating], allowed: Sequence[bool], pose: bool) -> int:
    """The way to take of K, the first of which is the usual one.

    distances: (K,) between what each did and what was to be done. The usual way is left only if it
    is vetoed, or for a pose that another comes clearly nearer to. Ways that are not allowed are
    taken only where none is.
    """
    good = np.asarray(allowed, dtype=bool)
    if not good.any():
        return int(np.argmin(distances))
    best = int(np.where(good, distances, np.inf).argmin())
    clearly = pose and distances[best] < _CLEARLY * distances[0]
    return 0 if good[0] and not clearly else best

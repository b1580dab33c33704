"""Which of several ways is best, when every way was tried from where the robot is.

A pose can be judged by how near the robot comes to what was found for it. A motion cannot: a robot
that freezes in mid-stride stays near to a walk, and what is found for a motion is noisier than what
the robot makes of all of it. So a motion is done in the usual way, unless that is vetoed.

Nor does the distance see whether the robot goes where it should: next to all that moves, half a
metre a second is little. So a motion that travels has to move on, wherever one of the ways does so.
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
# Of the mean speed of what is shown, m/s; a motion on the spot has up to 0.2.
_TRAVELS = 0.3
# Of the shown travel; a way that makes less stays where it is.
_ENOUGH = 0.25


def shows_pose(variations: Sequence[Variation]) -> bool:
    """Whether the pictures hardly change, by the embeddings of their frames."""
    spreads = []
    for variation in variations:
        unit = variation.embeddings / np.linalg.norm(variation.embeddings, axis=1, keepdims=True)
        spreads.append(1.0 - float(np.square(unit.mean(0)).sum()))
    return float(np.median(spreads)) < _STILL


def speeds_along(visited: NDArray[np.floating], asked: NDArray[np.floating]) -> NDArray[np.float64]:
    """How fast each of K trials went on the whole: (K,) m/s, in the direction asked for, if any.

    visited: (K, T, n) horizontal velocities (m/s) in the observations' frame. asked: (n,) the one
    that is to be imitated, all 0 for staying.
    """
    mean, speed = visited.mean(1), float(np.linalg.norm(asked))
    along = mean @ asked / speed if speed > 0.0 else np.linalg.norm(mean, axis=1)
    return np.asarray(along, dtype=np.float64)


def goes_as_asked(speeds: NDArray[np.floating], asked: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of K trials move on where what is asked for travels: (K,); all where it hardly does.

    speeds: of `speeds_along`.
    """
    speed = float(np.linalg.norm(asked))
    return speeds >= _ENOUGH * speed if speed >= _TRAVELS else np.ones(len(speeds), dtype=bool)


def choose(
    distances: NDArray[np.floating],
    allowed: Sequence[bool],
    pose: bool,
    goes: NDArray[np.bool_] | None = None,
) -> int:
    """The way to take of K, the first of which is the usual one.

    distances: (K,) between what each did and what was to be done. goes: see `goes_as_asked`. The
    usual way is left only if it is vetoed, if it does not go as asked and another does, or for a
    pose that another comes clearly nearer to. Ways that are not allowed are taken only where none
    is.
    """
    good = np.asarray(allowed, dtype=bool)
    if not good.any():
        return int(np.argmin(distances))
    if goes is not None and (good & goes).any():
        good = good & goes
    best = int(np.where(good, distances, np.inf).argmin())
    clearly = pose and distances[best] < _CLEARLY * distances[0]
    return 0 if good[0] and not clearly else best

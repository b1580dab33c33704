"""How like a trial is to what was imagined, whenever in the trial it happens.

Two views that know nothing of tasks and rewards. `looks`: the trial's pictures and the imagined
frames, by the cosine of their embeddings. The picture of a trial's state is the one that the
robot's data has of the nearest state: its embedding is in the index, so that nothing is rendered.
`moves`: the trial's observations and the observations that the frames were projected to, poses and
velocities in standard deviations of the data. Both go both ways: what the robot does should be in
the clip, and what is in the clip should be done.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..project.index import ObservationIndex

_CHUNK = 1024


class Likeness:
    """Compares the trials of one robot with clips and projections."""

    def __init__(self, index: ObservationIndex) -> None:
        observations = np.asarray(index.observations, dtype=np.float32)
        self._scale = 1.0 / (observations.std(0) + np.float32(1e-3))
        self._known = observations * self._scale
        self._embeddings = index.embeddings

    def looks(self, observations: NDArray[np.floating], clip: NDArray[np.floating]) -> float:
        """Mean cosine of best matches, −1 to 1: observations (T, dim), clip's embeddings (F, e)."""
        seen = self._embeddings[self._nearest(observations)].astype(np.float32)
        cosines = seen @ np.asarray(clip, dtype=np.float32).T
        return float(cosines.max(1).mean() + cosines.max(0).mean()) / 2.0

    def moves(self, observations: NDArray[np.floating], shown: NDArray[np.floating]) -> float:
        """Minus the mean distance of best matches: observations (T, dim), shown (F, dim)."""
        squares = _squared_distances(observations * self._scale, shown * self._scale)
        return -float(np.sqrt(squares.min(1)).mean() + np.sqrt(squares.min(0)).mean()) / 2.0

    def _nearest(self, observations: NDArray[np.floating]) -> NDArray[np.intp]:
        """Rows (T,) of the index whose observations are nearest."""
        scaled = np.asarray(observations, dtype=np.float32) * self._scale
        parts = [
            _squared_distances(scaled[i : i + _CHUNK], self._known).argmin(1)
            for i in range(0, len(scaled), _CHUNK)
        ]
        return np.concatenate(parts)


def _squared_distances(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    """(n, m) between rows of a (n, dim) and b (m, dim)."""
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2.0 * (a @ b.T)
    return np.maximum(squares, 0.0)

"""How like a trial is to what was imagined, whenever in the trial it happens.

To imitate is to visit the same states as often, so two sets of moments are compared as samples of
two distributions, by the energy distance 2E|X−Y| − E|X−X'| − E|Y−Y'| (Székely and Rizzo 2013): it
has no parameter, and is zero only for equal distributions. A robot that freezes in one good pose of
a walk is far from walking by it, though each of its moments has a near neighbour in the clip.

Two views that know nothing of tasks and rewards. `looks`: the trial's pictures and the imagined
ones, in windows of three, by their embeddings. The picture of a trial's state is the one that the
robot's data has of the nearest state: its embedding is in the index, so that nothing is rendered.
`moves`: the trial's observations and those that the frames were projected to, in standard
deviations of the data.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..project.index import ObservationIndex
from ..project.projection import WINDOW_WEIGHTS, clip_windows

_CHUNK = 1024
Array = NDArray[np.floating]


class Likeness:
    """Compares the trials of one robot with clips and projections; less than zero, best zero."""

    def __init__(self, index: ObservationIndex) -> None:
        observations = np.asarray(index.observations, dtype=np.float32)
        self._scale = 1.0 / (observations.std(0) + np.float32(1e-3))
        self._known = observations * self._scale
        self._embeddings = index.embeddings
        self._stride_s = index.window_stride_s

    def looks(self, observations: Array, hz: float, clips: Sequence[tuple[Array, float]]) -> float:
        """Minus the energy distance of pictures.

        Args:
            observations: (T, dim), so many a second (hz).
            hz: of the observations.
            clips: embeddings (F, e) of the frames of each, and its frames per second.
        """
        seen = self._embeddings[self._nearest(observations)].astype(np.float32)
        all_of = [(seen, hz), *clips]
        parts = [self._windows(embeddings, rate) for embeddings, rate in all_of]
        if not all(len(part) for part in parts):  # too short or too slow for windows
            parts = [embeddings for embeddings, _ in all_of]
        return -energy_distance(parts[0], np.concatenate(parts[1:]))

    def moves(self, observations: Array, shown: Array) -> float:
        """Minus the energy distance of observations (T, dim) and shown ones (F, dim)."""
        return -energy_distance(observations * self._scale, shown * self._scale)

    def _windows(self, embeddings: Array, fps: float) -> Array:
        """Whole windows (n, 3e) whose squared distances are the weighted ones of their frames."""
        rows, weights = clip_windows(len(embeddings), fps, self._stride_s, WINDOW_WEIGHTS)
        whole = rows[(weights > 0).all(1)]
        scaled = embeddings[whole] * np.sqrt(np.asarray(WINDOW_WEIGHTS))[:, None]
        return scaled.reshape(len(whole), rows.shape[1] * embeddings.shape[1])

    def _nearest(self, observations: Array) -> NDArray[np.intp]:
        """Rows (T,) of the index whose observations are nearest."""
        scaled = np.asarray(observations, dtype=np.float32) * self._scale
        parts = [
            _distances(scaled[i : i + _CHUNK], self._known).argmin(1)
            for i in range(0, len(scaled), _CHUNK)
        ]
        return np.concatenate(parts)


def energy_distance(x: Array, y: Array) -> float:
    """Of the distributions that rows x (n, d) and y (m, d) are samples of; at least zero."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    between = 2.0 * _distances(x, y).mean()
    return float(max(0.0, between - _distances(x, x).mean() - _distances(y, y).mean()))


def _distances(a: Array, b: Array) -> Array:
    """Euclidean distances (n, m) between rows of a (n, d) and b (m, d)."""
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2.0 * (a @ b.T)
    return np.sqrt(np.maximum(squares, 0.0))

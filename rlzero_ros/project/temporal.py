"""The likeliest sequence of candidates: those that follow one another as the clip does.

A candidate's window says what it looked like a little later; where the next frame's candidate lies
far from there, the two are no moments of one motion. The best sequence is found by dynamic
programming (Viterbi 1967) over each frame's candidates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TEMPORAL = ("none", "viterbi")
TRANSITION_WEIGHT = 0.25
"""Cost of a squared distance between where a candidate leads and the next one, in cosines."""


def best_sequence(
    similarities: NDArray[np.float32],
    windows: NDArray[np.float32],
    step_share: float,
    weight: float = TRANSITION_WEIGHT,
) -> NDArray[np.int64]:
    """Which candidate each frame takes, (T,).

    Args:
        similarities: (T, k) of each frame's candidates.
        windows: (T, k, 3, dim), their embeddings before, now and after.
        step_share: time between frames over time between a window's frames; more than one is
            taken as one, since a window knows no more.
        weight: how much the transitions count.
    """
    now, later = windows[:, :, 1], windows[:, :, 2]
    ahead = now + min(step_share, 1.0) * (later - now)
    best = similarities[0].astype(np.float64)
    came_from = np.zeros(similarities.shape, dtype=np.int64)
    for t in range(1, len(similarities)):
        miss = np.square(ahead[t - 1][:, None] - now[t][None]).sum(-1)
        total = best[:, None] - weight * miss
        came_from[t] = total.argmax(0)
        best = total.max(0) + similarities[t]
    path = np.empty(len(similarities), dtype=np.int64)
    path[-1] = best.argmax()
    for t in range(len(path) - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return path

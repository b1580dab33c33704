"""Whether what was found changes as what was shown does.

A plan may have the right pose in every frame and still not move: a robot that stands looks like
some moment of any gait, and one that falls like somebody who rears.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .index import ObservationIndex
from .projection import WINDOW_WEIGHTS, clip_windows

IDLE = 0.05
"""Squared change of an embedding over a window's stride that still counts as keeping still."""


def change_agreement(
    embeddings: NDArray[np.float32],
    fps: float,
    index: ObservationIndex,
    indices: NDArray[np.int64],
) -> float:
    """From 0 to 1: 1 for the same changes, or none in both; about 0 for a still one and a lively.

    With a the changes of the picture over the index's stride and b those of what was found, it is
    (2 a.b + IDLE) / (a.a + b.b + IDLE), means over the frames, and no less than 0.

    Args:
        embeddings: (T, dim) of the frames shown.
        fps: frames per second.
        index: where the observations were found.
        indices: (T,) its rows, one for each frame.

    Returns:
        The agreement; 1 where the clip is too short or too slow to show a change.
    """
    rows, weights = clip_windows(len(embeddings), fps, index.window_stride_s, WINDOW_WEIGHTS)
    whole = (weights > 0).all(1)
    if not whole.any():
        return 1.0
    shown = np.diff(embeddings[rows[whole]], axis=1)
    found = np.diff(index.windows(indices[whole]), axis=1)
    both, one, other = ((a * b).sum(-1).mean() for a, b in
                        ((shown, found), (shown, shown), (found, found)))  # fmt: skip
    return max(float((2 * both + IDLE) / (one + other + IDLE)), 0.0)

"""Which episodes of a dataset neither the embedder nor the index ever sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HELDOUT_EVERY = 16


def split_episodes(episodes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of a shard's episodes for training and for evaluation: every sixteenth is held out."""
    rows = np.arange(episodes)
    heldout = rows % HELDOUT_EVERY == HELDOUT_EVERY - 1
    return rows[~heldout], rows[heldout]

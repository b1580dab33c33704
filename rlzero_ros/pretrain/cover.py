"""Which of many states are least like any that there is already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

_CHUNK = 512
_SAME = 1e-5
"""Of a squared length, what squared distances are off by in single precision, and some more."""


def farthest(
    known: NDArray[np.float32], some: NDArray[np.float32], n: int, desc: str = "choose"
) -> NDArray[np.int64]:
    """Rows of at most n of some (M, d), each the farthest from known (N, d) and those before it.

    That covers them within at most twice the least radius (Gonzalez, "Clustering to minimize the
    maximum intercluster distance", 1985). What is like another one, or known, is not taken.
    """
    squares = np.einsum("md,md->m", some, some)
    nearest = np.full(len(some), np.inf, np.float32)
    for start in range(0, len(known), _CHUNK):
        part = known[start : start + _CHUNK]
        apart = squares[:, None] - 2.0 * some @ part.T + np.einsum("nd,nd->n", part, part)
        nearest = np.minimum(nearest, apart.min(axis=1))
    rows: list[int] = []
    for _ in tqdm(range(min(n, len(some))), desc=desc, unit="state", leave=False):
        row = int(nearest.argmax())
        if nearest[row] <= _SAME * squares[row]:
            break
        rows.append(row)
        apart = squares - 2.0 * some @ some[row] + squares[row]
        nearest = np.minimum(nearest, apart)
        nearest[row] = 0.0
    return np.array(rows, dtype=np.int64)

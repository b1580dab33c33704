"""Which states of a dataset are worth an entry of the observation index.

A dataset holds the same standing and lying states thousands of times and everything between them
seldom. States are grouped by pose and motion, and every group gives about as many. Most entries
are steady states of a robot that gets somewhere or rests, since what is imitated takes over their
velocities: a walking pose from a fall would ask for a fall, one from treading water for that.
"""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from .windows import Windows, read_windows

SHARES = (0.45, 0.35, 0.05, 0.15)
"""Of steady states: that get somewhere, that rest, that wave their limbs; and of all others."""
MOVING_MPS = 0.4
_CANDIDATES = 200_000
_STATES_PER_GROUP = 5


def choose_windows(
    folder: Path, n: int, seed: int, *, heldout: bool = False, robot: str | Path | None = None
) -> Windows:
    """At most n windows that cover a dataset's poses and motions.

    They come from the episodes that training may see, or, for evaluation, from the others.
    robot: name or folder of the robot; by default the one that the dataset names.
    """
    candidates = read_windows(folder, heldout=heldout, most=_CANDIDATES, seed=seed, robot=robot)
    rng = np.random.default_rng(seed)
    steady, resting = candidates.steady, candidates.steady & candidates.resting
    along = steady & ~resting & (np.abs(candidates.forward_speed) > MOVING_MPS)
    kinds = (along, resting, steady & ~resting & ~along, ~steady)
    chosen = []
    for kind, share in zip(kinds, SHARES, strict=True):
        rows = np.flatnonzero(kind)
        cover = _cover(candidates.observations[rows], round(share * n), seed, rng)
        chosen.append(rows[cover])
    return candidates[np.concatenate(chosen)]


def _cover(
    observations: NDArray[np.float32], n: int, seed: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Rows of at most n observations (N, observation_dim), spread over what they show."""
    if len(observations) <= n or n == 0:
        return np.arange(min(len(observations), n))
    spread = observations.std(0).clip(1e-6)
    features = np.clip(observations / spread, -4, 4).astype(np.float32)
    groups = max(n // _STATES_PER_GROUP, 1)
    kmeans = faiss.Kmeans(features.shape[1], groups, niter=8, seed=seed)
    kmeans.train(features)
    return even_rows(kmeans.index.search(features, 1)[1][:, 0], n, rng)


def even_rows(group: NDArray[np.integer], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """At most n rows, taken from the groups (N,) in turn, at random within each."""
    order = rng.permutation(len(group))
    by_group = order[np.argsort(group[order], kind="stable")]
    starts = np.flatnonzero(np.diff(group[by_group], prepend=-1))
    lengths = np.diff(np.append(starts, len(group)))
    turn = np.empty(len(group), dtype=np.int64)
    turn[by_group] = np.arange(len(group)) - np.repeat(starts, lengths)
    return np.sort(order[np.argsort(turn[order], kind="stable")][:n])

"""Which observations may stand for one sentence: each candidate is imitated by its own latent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..pipeline import Variation, trusted
from ..project.index import ObservationIndex
from ..project.projection import Projection, join

# Observations of a candidate. What is found for one pose is rarely one pose: fewer observations
# agree with each other, and lead the robot to another end.
_FEW = (4, 12)


@dataclass(frozen=True)
class Candidate:
    """name: how it was made. projection: what to imitate."""

    name: str
    projection: Projection


def candidates(
    variations: Sequence[Variation], index: ObservationIndex, count: int, seed: int = 0
) -> list[Candidate]:
    """`count` candidates; the first is what is done unrehearsed, all that is trusted.

    The others are each the 4 or 12 observations most like one of them that the seed draws; fewer
    if there are fewer observations than that.
    """
    joined = join([variation.projection for variation in trusted(variations)])
    found = [Candidate("all", joined)]
    spread = index.observations.std(0)
    for name, rows in few_alike(joined.observations, spread, count - 1, seed).items():
        found.append(Candidate(name, _rows(joined, rows)))
    return found


def few_alike(
    observations: NDArray[np.floating], spread: NDArray[np.floating], count: int, seed: int
) -> dict[str, NDArray[np.intp]]:
    """Up to `count` choices of rows, by name: the 4 or 12 most like one that the seed draws.

    observations: (T, observation_dim). spread: (observation_dim,) standard deviations of the
    robot's data, which differences are measured in.
    """
    scaled = observations / (spread + 1e-3)
    nearest = np.square(scaled[:, None] - scaled).sum(-1).argsort(1, kind="stable")
    chosen = {}
    for number, row in enumerate(np.random.default_rng(seed).permutation(len(nearest))[:count]):
        rows = np.sort(nearest[row, : _FEW[number % len(_FEW)]])
        chosen[f"{len(rows)} like observation {row}"] = rows
    return chosen


def _rows(projection: Projection, rows: NDArray[np.intp]) -> Projection:
    return Projection(
        projection.observations[rows],
        projection.similarities[rows],
        projection.indices[rows],
        projection.chance_similarity,
        projection.calibration,
    )

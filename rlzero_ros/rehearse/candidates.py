"""Which observations may stand for one sentence: each candidate is imitated by its own latent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..pipeline import Variation, trusted
from ..project.index import ObservationIndex
from ..project.projection import SINGLE_FRAME, Projection, join, project_embeddings

# Observations of the shortest candidate; fewer hang on a single picture.
_FEW = 8


@dataclass(frozen=True)
class Candidate:
    """name: how it was made. projection: what to imitate. variation: the one that shows it."""

    name: str
    projection: Projection
    variation: int = 0


def candidates(
    variations: Sequence[Variation], index: ObservationIndex, count: int
) -> list[Candidate]:
    """Up to `count` candidates; the first is what is done unrehearsed, all that is trusted.

    Then come: the same by their poses alone, the half that is most like the pictures, each
    variation, and the few most similar observations.
    """
    sure = trusted(variations)
    joined = join([v.projection for v in sure])
    found = [Candidate("all", joined)]
    poses = [_poses(v, index) for v in sure]
    found.append(Candidate("poses", join(poses)))
    best = np.argsort(-joined.similarities, kind="stable")
    found.append(Candidate("surest half", _rows(joined, np.sort(best[: -(-len(best) // 2)]))))
    if len(variations) > 1:
        found += [Candidate(f"drawing {n}", v.projection, n) for n, v in enumerate(variations)]
    found.append(Candidate("surest few", _rows(joined, np.sort(best[:_FEW]))))
    return found[:count]


def _poses(variation: Variation, index: ObservationIndex) -> Projection:
    """The projection without regard to what comes before and after a frame."""
    fps = variation.clip.fps
    return project_embeddings(variation.embeddings, fps, index, SINGLE_FRAME, 0.0)


def _rows(projection: Projection, rows: NDArray[np.intp]) -> Projection:
    return Projection(
        projection.observations[rows],
        projection.similarities[rows],
        projection.indices[rows],
        projection.chance_similarity,
        projection.calibration,
    )

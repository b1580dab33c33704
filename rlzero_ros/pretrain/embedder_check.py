"""How well an image tower finds poses, on poses and styles it never trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..imagine.draw import draw
from ..imagine.style import random_style
from ..project.embedder import FrameEmbedder
from ..project.limbs import TOLERANCE_RAD
from .pose_pool import SIZE, PosePool
from .poses import Poses, pose_error

QUERIES, GALLERY = 400, 4000


@dataclass(frozen=True)
class RetrievalScore:
    """Shares of queries whose nearest one or five pictures have the pose, and the mean error."""

    recall_at_1: float
    recall_at_5: float
    joint_error_deg: float


def heldout_drawings(poses: Poses, seed: int, clutter: bool) -> NDArray[np.uint8]:
    """One drawing of each pose (N, 64, 64, 3) in a style that training never draws."""
    rng = np.random.default_rng(seed)
    kind = poses.layout.kind
    return np.stack(
        [
            draw(poses.figure(row), random_style(rng, "heldout", kind=kind, clutter=clutter), SIZE)
            for row in range(len(poses))
        ]
    )


def score_retrieval(
    queries: NDArray[np.float32],
    query_angles: NDArray[np.float32],
    gallery: NDArray[np.float32],
    gallery_angles: NDArray[np.float32],
) -> RetrievalScore:
    """Nearest of the gallery's embeddings (M, d) for each query's (N, d), judged by pose."""
    nearest = np.argsort(-(queries @ gallery.T), axis=1)[:, :5]
    errors = pose_error(query_angles[:, None], gallery_angles[nearest])
    return RetrievalScore(
        float((errors[:, 0] < TOLERANCE_RAD).mean()),
        float((errors.min(1) < TOLERANCE_RAD).mean()),
        float(np.rad2deg(errors[:, 0].mean())),
    )


@dataclass(frozen=True)
class CheckSet:
    """Query drawings by name, and a gallery of renderings that has every query's pose."""

    queries: dict[str, NDArray[np.uint8]]
    query_angles: NDArray[np.float32]
    gallery: NDArray[np.uint8]
    gallery_angles: NDArray[np.float32]

    def score(self, embedder: FrameEmbedder) -> dict[str, RetrievalScore]:
        """Scores of each set of queries."""
        gallery = embedder.embed(self.gallery)
        return {
            name: score_retrieval(
                embedder.embed(frames), self.query_angles, gallery, self.gallery_angles
            )
            for name, frames in self.queries.items()
        }


def make_check_set(
    pools: Sequence[PosePool],
    kept: Sequence[NDArray[np.int64]],
    reserved: Sequence[NDArray[np.int64]],
    seed: int,
) -> CheckSet:
    """Held-out drawings of reserved poses; the gallery is filled up with kept ones."""
    rng = np.random.default_rng((seed, 3))
    queries, others = _plain(reserved, rng), _plain(kept, rng)
    gallery = (queries + others[: max(GALLERY - len(queries), 0)])[:GALLERY]
    angles = np.stack([pools[pool].poses.angles[row] for pool, row in gallery])
    asked = gallery[: min(QUERIES, len(queries))]
    drawings = {}
    for name, clutter in (("clean", False), ("distractors", True)):
        frames = [
            heldout_drawings(pools[pool].poses[np.array([row])], seed * QUERIES + k, clutter)
            for k, (pool, row) in enumerate(asked)
        ]
        drawings[name] = np.concatenate(frames)
    pictures = np.stack([pools[pool].frames[row] for pool, row in gallery])
    return CheckSet(drawings, angles[: len(asked)], pictures, angles)


def _plain(rows: Sequence[NDArray[np.int64]], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Pool and row, in random order, of the pictures in the robot's own look: the even rows."""
    found = [(pool, int(row)) for pool, some in enumerate(rows) for row in some if row % 2 == 0]
    return [found[k] for k in rng.permutation(len(found))]

"""From a clip to the observations that the robot should see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BundleError, ErrorCode, ProjectError
from ..imagine.clip import Clip
from .calibration import Calibration
from .embedder import FrameEmbedder, MatchingEmbedder
from .index import WINDOW, ObservationIndex
from .temporal import TEMPORAL, best_sequence

WINDOW_WEIGHTS = (0.15, 0.7, 0.15)
"""How much the frames before, at and after the moment count."""
MOTION_WEIGHT = 0.1
"""How much the changes between them count; see ``ObservationIndex``. Both were chosen on drawings
in the training styles: more costs poses, less costs the direction of motion."""
SINGLE_FRAME = (0.0, 1.0, 0.0)
"""Weights that compare the frame itself alone."""
SPREAD = 0.1
"""Observations whose confidence is this close to the best one's are taken in turn.

With pose-96 and less, standing still came from six observations that all drift; docs/results.md
says on what it was compared.
"""
_CANDIDATES = 48
_BLOBS = 64
_LARGEST_MISS = 0.4
"""A neighbouring frame may miss the window's stride by this share of it."""


@dataclass(frozen=True)
class Projection:
    """What became of a clip of T frames.

    Attributes:
        observations: (T, observation_dim) float32, one real observation for each frame; in a plan
            its speed along the ground is corrected, see ``pipeline.at_speed``.
        similarities: (T,) float32, weighted mean cosine of each frame's window.
        indices: (T,) int64, rows of the observation index.
        chance_similarity: what a picture of nothing would have reached.
        calibration: from similarity to the probability that a pose is right, if it is known.
    """

    observations: NDArray[np.float32]
    similarities: NDArray[np.float32]
    indices: NDArray[np.int64]
    chance_similarity: float = 0.0
    calibration: Calibration | None = None


def clip_windows(
    frames: int, fps: float, stride_s: float, weights: tuple[float, float, float]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows (T, 3) of the frames in each window, and their weights (T, 3).

    The neighbours of a frame are those nearest to ``stride_s`` before and after it. Where the
    clip has none (at its ends, or when it has too few frames a second) they weigh nothing.
    """
    now = np.arange(frames)
    step = round(stride_s * fps)
    rows = now[:, None] + step * np.array([-1, 0, 1])
    there = (rows >= 0) & (rows < frames)
    if step == 0 or abs(step / fps - stride_s) > _LARGEST_MISS * stride_s:
        there[:, [0, 2]] = False
    wanted = np.where(there, np.asarray(weights, dtype=np.float32), 0.0)
    return rows.clip(0, frames - 1), (wanted / wanted.sum(1, keepdims=True)).astype(np.float32)


def project(
    clip: Clip,
    embedder: FrameEmbedder,
    index: ObservationIndex,
    window: tuple[float, float, float] = WINDOW_WEIGHTS,
    motion: float = MOTION_WEIGHT,
    spread: float = SPREAD,
    temporal: str = "none",
    *,
    embeddings: NDArray[np.float32] | None = None,
) -> Projection:
    """Replaces every frame of the clip by the nearest real observation.

    Args:
        clip: T frames.
        embedder: the one that the index was made with.
        index: the robot's observations.
        window: weights of the frame before, the frame itself and the frame after.
        motion: weight of the changes between them.
        spread: frames that look the same, as in a clip of standing still, take turns among the
            observations whose confidence is within this of the best one's, so that a plan does
            not hang on a single observation. Zero takes the nearest always.
        temporal: "viterbi" takes the candidates that follow one another best instead; see
            ``temporal``.
        embeddings: (T, dim) of the frames by that embedder, where they are known.

    Raises:
        BundleError: the index was made with another embedder.
        ProjectError: the weights are unusable.
    """
    check_embedder(embedder, index)
    if len(window) != WINDOW or not min(window) >= 0 or not 0 < window[1] < np.inf:
        raise ProjectError(f"window weights must be three, >= 0, the middle one > 0: {window}")
    if not (0 <= motion < np.inf and 0 <= spread < np.inf):
        raise ProjectError(f"motion and spread must be >= 0, not {motion} and {spread}")
    if temporal not in TEMPORAL:
        raise ProjectError(f"temporal is one of {', '.join(TEMPORAL)}, not {temporal!r}")
    rows, weights = clip_windows(len(clip.frames), clip.fps, index.window_stride_s, window)
    k = min(_CANDIDATES, len(index))
    similarities, indices = find_windows(
        clip.frames, rows, weights, embedder, index, motion, k, embeddings=embeddings
    )
    if temporal == "viterbi":
        share = 1.0 / (clip.fps * index.window_stride_s)
        chosen = best_sequence(similarities, index.windows(indices), share)
    else:
        margin = spread * (1.0 - index.chance_similarity)
        chosen = _take_turns(similarities, indices, margin)
    frames = np.arange(len(chosen))
    found = indices[frames, chosen]
    return Projection(
        index.observations[found],
        similarities[frames, chosen],
        found,
        index.chance_similarity,
        index.calibration,
    )


def find_windows(
    frames: NDArray[np.uint8],
    rows: NDArray[np.int64],
    weights: NDArray[np.float32],
    embedder: FrameEmbedder,
    index: ObservationIndex,
    motion: float = MOTION_WEIGHT,
    k: int = 1,
    *,
    embeddings: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """What an index has of n windows of T frames: similarities and rows (n, k), best first.

    Args:
        frames: (T, H, W, 3).
        rows: (n, 3), the frames of each window.
        weights: (n, 3), as in ``ObservationIndex.search``; zero where a window lacks a frame.
        embedder: the one that the index was made with, see ``check_embedder``.
        index: the robot's observations.
        motion: weight of the changes between a window's frames.
        k: how many, at most as many as the index has.
        embeddings: (T, dim) of the frames, where they are known.
    """
    if embeddings is None:
        embeddings = embedder.embed(frames)
    seen = None
    if index.pose_codes is not None and isinstance(embedder, MatchingEmbedder):
        whole = np.asarray((weights > 0.0).all(axis=1))
        seen = embedder.match(frames, rows, whole)
    return index.search(embeddings[rows], weights, motion, k, seen)


def check_embedder(
    embedder: FrameEmbedder, index: ObservationIndex, *, matcher_too: bool = True
) -> None:
    """BundleError unless the index was made with this embedder, and with its pose matcher."""
    if embedder.id != index.embedder_id:
        raise BundleError(
            f"the observation index was made with embedder {index.embedder_id}, "
            f"not with {embedder.id}: load that one or run 'rlzero index' again",
            ErrorCode.BUNDLE_MISMATCH,
        )
    if index.pose_codes is None or not matcher_too:
        return
    matcher = embedder.matcher if isinstance(embedder, MatchingEmbedder) else None
    if matcher is None or matcher.id != index.pose_codes.matcher_id:
        raise BundleError(
            f"the observation index was made with pose matcher {index.pose_codes.matcher_id}, "
            f"embedder {embedder.id} has {matcher.id if matcher else 'none'}: load the right one "
            "or run 'python -m rlzero_ros.pretrain.match_poses'",
            ErrorCode.BUNDLE_MISMATCH,
        )


def _take_turns(
    similarities: NDArray[np.float32], indices: NDArray[np.int64], margin: float
) -> NDArray[np.int64]:
    """Which candidate (T,) each frame takes: the least taken of those that are as good."""
    taken: Counter[int] = Counter()
    chosen = np.zeros(len(indices), dtype=np.int64)
    for frame, (similarity, candidates) in enumerate(zip(similarities, indices, strict=True)):
        good = np.flatnonzero(similarity >= similarity[0] - margin)
        chosen[frame] = min(good, key=lambda c: taken[int(candidates[c])])
        taken[int(candidates[chosen[frame]])] += 1
    return chosen


def join(projections: Sequence[Projection]) -> Projection:
    """The projections of several clips, one after another."""
    return Projection(
        np.concatenate([p.observations for p in projections]),
        np.concatenate([p.similarities for p in projections]),
        np.concatenate([p.indices for p in projections]),
        projections[0].chance_similarity,
        projections[0].calibration,
    )


def confidence(projection: Projection) -> float:
    """How far the plan can be trusted, from 0 to 1.

    Where the index is calibrated, the share of the frames whose pose is expected to be right
    (within 15 degrees); elsewhere 0 as for pictures of nothing and 1 for the robot's own.
    """
    if projection.calibration is not None:
        return float(projection.calibration.probability(projection.similarities).mean())
    chance = projection.chance_similarity
    return float(np.clip((projection.similarities.mean() - chance) / (1.0 - chance), 0.0, 1.0))


def chance_similarity(embedder: FrameEmbedder, index: ObservationIndex, seed: int = 0) -> float:
    """The similarity that clips of nothing, ever changing blobs, reach on average."""
    rng = np.random.default_rng(seed)
    blobs = rng.integers(0, 256, (WINDOW * _BLOBS, 8, 8, 3), dtype=np.uint8)
    frames = blobs.repeat(8, axis=1).repeat(8, axis=2)
    rows = np.arange(len(frames)).reshape(_BLOBS, WINDOW)
    weights = np.tile(np.asarray(WINDOW_WEIGHTS, np.float32), (_BLOBS, 1))
    similarities, _ = find_windows(frames, rows, weights, embedder, index)
    return float(similarities.mean())

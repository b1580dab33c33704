"""Which motion a clip shows, by a judge that knows neither the sentence nor who made the clip.

Windows of three frames, 0.2 s apart, are embedded. A clip's distance to a reference performance is
the mean distance of its windows to their nearest ones there, plus the same the other way round
(the chamfer distance); the nearest reference performances of the storyboard's own drawing code
decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..imagine.draw import draw
from ..imagine.motions.composed import perform_any
from ..imagine.plain_style import PLAIN_STYLE

FRAMES, FPS = 48, 20.0
_STRIDE = 4
_WINDOWS = 20
_NEAREST = 3


class Features(Protocol):
    """Whatever turns frames (T, H, W, 3) uint8 into unit rows (T, dim) float32."""

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The rows."""
        ...


class PictureFeatures:
    """What differs from the scene, at half the resolution: for clips in the plain style only.

    Reads arms, which the pose embedder hardly does. Random projections keep the cosines.
    """

    def __init__(self, size: int = 64, dim: int = 256) -> None:
        numbers = 3 * (size // 2) ** 2
        rng = np.random.default_rng(0)
        self._projection = rng.standard_normal((numbers, dim), dtype=np.float32)

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See ``Features``; the scene is what the first column of each frame shows."""
        figure = frames.astype(np.float32) - frames[:, :, :1]
        n, side = len(frames), frames.shape[1] // 2
        small = figure.reshape(n, side, 2, side, 2, 3).mean((2, 4))
        rows = small.reshape(n, -1) @ self._projection
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


class ClipJudge:
    """Holds reference performances of each motion, plain or composed."""

    def __init__(
        self, features: Features, names: Sequence[str], performances: int = 12, seed: int = 0
    ) -> None:
        """Draws and embeds ``performances`` of each motion in ``names``."""
        self.names = tuple(names)
        self._features = features
        references = []
        for row, name in enumerate(tqdm(self.names, desc="judge", unit="motion")):
            for k in range(performances):
                frames = draw_reference(name, (seed, 7, row, k))
                references.append(self._windows(frames))
        self._references = np.stack(references)
        self._rows = np.repeat(np.arange(len(self.names)), performances)

    def judge(self, frames: NDArray[np.uint8]) -> str:
        """The name of the motion that FRAMES frames (T, H, W, 3) at FPS show."""
        shown = self._windows(frames)
        distances = np.empty(len(self._references), np.float32)
        for k, reference in enumerate(self._references):
            # Windows are of one length, so that the smallest distance is the greatest product.
            cosines = shown @ reference.T
            near = np.sqrt(np.maximum(2.0 - 2.0 * cosines, 0.0))
            distances[k] = near.min(0).mean() + near.min(1).mean()
        votes = self._rows[np.argsort(distances)[:_NEAREST]]
        counts = np.bincount(votes, minlength=len(self.names))
        tied = counts == counts.max()
        # Among equals the nearest one.
        return self.names[next(row for row in votes if tied[row])]

    def _windows(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        embedded = self._features.embed(frames)
        at = np.linspace(_STRIDE, len(frames) - 1 - _STRIDE, _WINDOWS).round().astype(int)
        parts = [embedded[at + step] for step in (-_STRIDE, 0, _STRIDE)]
        return np.concatenate(parts, axis=1) / np.sqrt(3.0)


def draw_reference(name: str, seed: Sequence[int]) -> NDArray[np.uint8]:
    """One performance in the plain style, FRAMES frames at FPS."""
    poses = perform_any(name, np.random.default_rng(seed), FRAMES, FPS)
    return np.stack([draw(pose, PLAIN_STYLE) for pose in poses])

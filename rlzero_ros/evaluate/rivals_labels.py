"""Labels that a sentence gives to a robot's data, and how far they agree with the real reward."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..project.embedder import FrameEmbedder
from ..robots.observation import load_model
from ..robots.registry import Robot
from .rivals_data import Episodes, RivalData, load_rival_data
from .rivals_reward import cosine_reward, goal_baseline_reward, window_embeddings

REWARDS = {
    "image": "cosine of the picture to the prompt",
    "goal": "the goal-baseline form with --alpha and --baseline",
    "video": "cosine of a window of pictures to the prompt",
}
_GOOD = 0.5
_ROC_POINTS = 21


@runtime_checkable
class TextEmbedder(Protocol):
    """A frame embedder whose space sentences share."""

    id: str
    dim: int

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Frames (T, H, W, 3) uint8 RGB to unit rows (T, dim)."""
        ...

    def embed_text(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Sentences to unit rows (n, dim)."""
        ...


class Labeller:
    """Gives rewards to the episodes of one robot's data; reads and renders them when first asked.

    Raises DataError for an embedder that knows no sentences.
    """

    def __init__(
        self, robot: Robot, data: Path, episodes: Episodes, embedder: FrameEmbedder, work: Path
    ) -> None:
        if not isinstance(embedder, TextEmbedder):
            raise DataError(f"embedder {embedder.id} has no side that embeds sentences")
        self._robot, self._folder, self._episodes, self._work = robot, data, episodes, work
        self._embedder = embedder
        self.embed = cache(self._embed)
        self.truth = cache(self._truth)

    @cached_property
    def data(self) -> RivalData:
        """The episodes and their embeddings; minutes the first time."""
        return load_rival_data(self._folder, self._episodes, self._embedder, self._work)

    @property
    def id(self) -> str:
        """Says which episodes are labelled, and by which image tower."""
        episodes = hashlib.sha256(str(self._episodes).encode()).hexdigest()[:10]
        return f"{episodes}-{self._embedder.id}"

    def _embed(self, sentence: str) -> NDArray[np.float32]:
        """The unit embedding (d,) of a sentence."""
        return np.asarray(self._embedder.embed_text([sentence])[0], dtype=np.float32)

    def label(self, kind: str, prompt: str, baseline: str, alpha: float) -> NDArray[np.float32]:
        """Rewards (E, T) of the states after each action; kind is one of `REWARDS`."""
        goal = self.embed(prompt)
        if kind == "image":
            return cosine_reward(self.data.embeddings, goal)
        if kind == "goal":
            return goal_baseline_reward(self.data.embeddings, goal, self.embed(baseline), alpha)
        if kind == "video":
            return cosine_reward(window_embeddings(self.data.embeddings), goal)
        raise DataError(f"no reward {kind!r}; there are {', '.join(REWARDS)}")

    def _truth(self, task: str) -> NDArray[np.float64]:
        """The real rewards (E, T), to judge the labels by; no policy is trained on them."""
        physics = self.data.physics
        flat = physics.reshape(-1, physics.shape[-1])
        features = self._robot.features(load_model(self._robot.model_xml), flat)
        return np.asarray(self._robot.tasks[task](features)).reshape(physics.shape[:2])


def roc_of_labels(
    labels: NDArray[np.floating], truth: NDArray[np.floating]
) -> tuple[float, list[list[float]]] | None:
    """How well labels tell good states (real reward at least half) from others.

    Returns the area under the ROC curve and points [false positive rate, true positive rate] on
    it; None where the data has only one of both.
    """
    good = truth.ravel() >= _GOOD
    if good.all() or not good.any():
        return None
    order = np.argsort(-labels.ravel(), kind="stable")
    hits, misses = np.cumsum(good[order]), np.cumsum(~good[order])
    rates = np.stack([misses / misses[-1], hits / hits[-1]], axis=1)
    rates = np.concatenate([[[0.0, 0.0]], rates])
    area = float(np.trapezoid(rates[:, 1], rates[:, 0]))
    at = np.linspace(0.0, 1.0, _ROC_POINTS)
    curve = np.interp(at, rates[:, 0], rates[:, 1])
    return area, [[float(x), float(y)] for x, y in zip(at, curve, strict=True)]

"""Sequences of candidates: what follows one another wins over what is alike alone."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from rlzero_ros.errors import ProjectError
from rlzero_ros.imagine.clip import Clip
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.projection import project
from rlzero_ros.project.temporal import best_sequence

RNG = np.random.default_rng(0)


def circle(angles: np.ndarray) -> np.ndarray:
    """Embeddings (..., 2) on the unit circle."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)


def test_it_is_the_best_of_all_sequences() -> None:
    similarities = RNG.random((5, 3)).astype(np.float32)
    windows = RNG.normal(size=(5, 3, 3, 4)).astype(np.float32)

    def value(path: tuple[int, ...]) -> float:
        total = sum(similarities[t, c] for t, c in enumerate(path))
        for t, (a, b) in enumerate(itertools.pairwise(path)):
            now, later = windows[t, a, 1], windows[t, a, 2]
            total -= 0.1 * np.square(now + 0.5 * (later - now) - windows[t + 1, b, 1]).sum()
        return float(total)

    best = max(itertools.product(range(3), repeat=5), key=value)
    np.testing.assert_array_equal(best_sequence(similarities, windows, 0.5, 0.1), best)


class OnTheCircle:
    """Embeds every frame as the angle that its red says, in 40 steps."""

    id, dim = "test-0", 2

    def embed(self, frames: np.ndarray) -> np.ndarray:
        return circle(2 * np.pi / 40 * frames[:, 0, 0, 0])


def test_projection_keeps_to_one_motion(make_index: Callable[..., ObservationIndex]) -> None:
    """The clip turns one way; every pose was also seen turning the other way."""
    phase, step = np.linspace(0, 2 * np.pi, 40, endpoint=False), 2 * np.pi / 40
    offsets = step * np.array([-1, 0, 1])
    forward, backward = circle(phase[:, None] + offsets), circle(phase[:, None] - offsets)
    index = make_index(np.concatenate([backward, forward]), "test-0", 0.1)
    frames = np.tile(np.arange(5, 15, dtype=np.uint8)[:, None, None, None], (1, 8, 8, 3))
    clip, embedder = Clip(frames, fps=10.0, prompt="", source=""), OnTheCircle()
    single = (0.0, 1.0, 0.0)
    chosen = project(clip, embedder, index, single, 0.0, temporal="viterbi").indices
    assert (chosen[:-1] >= 40).all()
    with pytest.raises(ProjectError, match="temporal is one of"):
        project(clip, embedder, index, single, 0.0, temporal="magic")

"""Random changes to pictures that leave the pose as it is."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

SHIFT_PX = (3, 6)
"""Largest shift down and sideways at 64 pixels."""


def augment(frames: NDArray[np.uint8], rng: np.random.Generator) -> Tensor:
    """Pictures (N, S, S, 3) uint8 to (N, 3, S, S) float in [0, 1], shifted and recoloured."""
    images = torch.from_numpy(_shifted(frames, rng)).permute(0, 3, 1, 2).float() / 255.0
    n = len(images)
    images = images[torch.arange(n)[:, None], torch.from_numpy(_channels(n, rng))]
    gain = _uniform(rng, 0.7, 1.3, (n, 3, 1, 1))
    gain = torch.where(_chosen(rng, 0.1, n), -gain, gain)  # a negative
    images = (images - 0.5) * gain + 0.5 + _uniform(rng, -0.12, 0.12, (n, 3, 1, 1))
    grey = torch.where(_chosen(rng, 0.15, n), 1.0, 0.0)
    images = torch.lerp(images, images.mean(1, keepdim=True), grey)
    k = n // 4
    if k:
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        noise = torch.randn(images[:k].shape, generator=generator)
        images[:k] += noise * _uniform(rng, 0.0, 0.08, (k, 1, 1, 1))
        soft = functional.avg_pool2d(images[k : 2 * k], 3, 1, 1, count_include_pad=False)
        images[k : 2 * k] = torch.lerp(images[k : 2 * k], soft, _uniform(rng, 0, 1, (k, 1, 1, 1)))
    return images.clamp(0.0, 1.0)


def _shifted(frames: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    n, size = frames.shape[:2]
    down, side = SHIFT_PX
    padded = np.pad(frames, ((0, 0), (down, down), (side, side), (0, 0)), mode="edge")
    rows = rng.integers(0, 2 * down + 1, (n, 1)) + np.arange(size)
    columns = rng.integers(0, 2 * side + 1, (n, 1)) + np.arange(size)
    return padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _channels(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.permuted(np.tile(np.arange(3), (n, 1)), axis=1)


def _uniform(rng: np.random.Generator, low: float, high: float, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(rng.uniform(low, high, shape).astype(np.float32))


def _chosen(rng: np.random.Generator, share: float, n: int) -> Tensor:
    return torch.from_numpy(rng.random((n, 1, 1, 1)) < share)

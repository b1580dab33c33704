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
    return augment_clips(frames[:, None], rng)[:, 0]


def augment_clips(clips: NDArray[np.uint8], rng: np.random.Generator) -> Tensor:
    """Short clips (N, T, S, S, 3) uint8 to (N, T, 3, S, S): each changed as a whole."""
    n, size = len(clips), clips.shape[2]
    planes = torch.from_numpy(_shifted(clips, rng)).permute(0, 1, 4, 2, 3).contiguous()
    images = planes[torch.arange(n)[:, None], :, torch.from_numpy(_channels(n, rng))]
    images = images.transpose(1, 2).float()
    gain = _uniform(rng, 0.7, 1.3, (n, 1, 3, 1, 1))
    gain = torch.where(_chosen(rng, 0.1, n), -gain, gain)  # a negative
    images.mul_(gain / 255.0).add_(0.5 - 0.5 * gain + _uniform(rng, -0.12, 0.12, (n, 1, 3, 1, 1)))
    grey = _chosen(rng, 0.15, n).flatten()
    images[grey] = images[grey].mean(2, keepdim=True).expand(-1, -1, 3, -1, -1)
    k = n // 8
    if k:
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        noise = torch.randn(images[:k].shape, generator=generator)
        images[:k] += noise * _uniform(rng, 0.0, 0.08, (k, 1, 1, 1, 1))
        sharp, blur = images[k : 2 * k], _uniform(rng, 0, 1, (k, 1, 1, 1, 1))
        images[k : 2 * k] = torch.lerp(sharp, _around(sharp, 3), blur)
        images[2 * k : 3 * k] = _hollow(images[2 * k : 3 * k], rng)
        images[3 * k : 5 * k] += _stripes(2 * k, size, rng)[:, None]
    return images.clamp_(0.0, 1.0)


def _shifted(clips: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    n, size = len(clips), clips.shape[2]
    down, side = SHIFT_PX
    padded = np.pad(clips, ((0, 0), (0, 0), (down, down), (side, side), (0, 0)), mode="edge")
    rows = rng.integers(0, 2 * down + 1, n)
    columns = rng.integers(0, 2 * side + 1, n)
    shifted = np.empty_like(clips)
    for clip, (row, column) in enumerate(np.stack([rows, columns], axis=1)):
        shifted[clip] = padded[clip, :, row : row + size, column : column + size]
    return shifted


def _around(images: Tensor, side: int) -> Tensor:
    """The mean (..., S, S) of what is around each pixel."""
    planes = images.flatten(0, -4)
    mean = functional.avg_pool2d(planes, side, 1, side // 2, count_include_pad=False)
    return mean.view(images.shape)


def _hollow(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Filled shapes fade towards their outlines: what differs from its surroundings stays."""
    ground = images.mean((-2, -1), keepdim=True)
    edges = ground + 2.0 * (images - _around(images, 5))
    return torch.lerp(images, edges, _uniform(rng, 0.4, 1.0, (len(images), 1, 1, 1, 1)))


def _stripes(n: int, size: int, rng: np.random.Generator) -> Tensor:
    """Gratings (n, 3, size, size) of any direction, over a part of the picture."""
    axis = torch.linspace(-1, 1, size)
    direction = _uniform(rng, 0, np.pi, (n, 1, 1, 1))
    along = direction.cos() * axis[:, None] + direction.sin() * axis[None, :]
    waves = (_uniform(rng, 6, 40, (n, 1, 1, 1)) * along + _uniform(rng, 0, 6, (n, 1, 1, 1))).sin()
    edge = axis[:, None] > _uniform(rng, -1.0, 0.7, (n, 1, 1, 1))
    colour = _uniform(rng, -0.2, 0.2, (n, 3, 1, 1))
    return colour * (4 * waves).clamp(-1, 1) * edge


def _channels(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.permuted(np.tile(np.arange(3), (n, 1)), axis=1)


def _uniform(rng: np.random.Generator, low: float, high: float, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(rng.uniform(low, high, shape).astype(np.float32))


def _chosen(rng: np.random.Generator, share: float, n: int) -> Tensor:
    return torch.from_numpy(rng.random((n, 1, 1, 1, 1)) < share)

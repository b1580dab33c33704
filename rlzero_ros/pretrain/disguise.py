"""Random changes to drawn clips that hide what they were drawn with, and a part of the figure.

Whoever learns to read drawings in some styles reads them better than drawings in others. Random
filters give limbs textures and edges that no style has (Xu et al., "Robust and generalizable
visual representation learning via random convolutions", 2021); pieces of other pictures hide parts.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_FILTERS = 6
_FILTERED, _COVERED = 0.5, 0.25
"""Shares of the clips; none is both."""
_PATCH_PX = (2, 12)
_DRIFTS, _DRIFT_PX = 0.3, 6
"""Share of the patches that move, and how far at most from picture to picture."""


def disguise(clips: Tensor, rng: np.random.Generator) -> Tensor:
    """Clips (N, T, 3, S, S) in [0, 1], some with other textures, some with a part hidden.

    They are changed in place, each in the same way in all of its pictures.
    """
    order = rng.permutation(len(clips))
    filtered, covered = round(_FILTERED * len(clips)), round(_COVERED * len(clips))
    for rows in np.array_split(order[:filtered], _FILTERS):
        if len(rows):
            clips[torch.from_numpy(rows)] = _textured(clips[torch.from_numpy(rows)], rng)
    for row in order[filtered : filtered + covered]:
        _cover(clips[row], clips[int(rng.integers(len(clips))), clips.shape[1] // 2], rng)
    return clips


def _textured(clips: Tensor, rng: np.random.Generator) -> Tensor:
    """Some of them and some of what a random filter makes of them."""
    weights = torch.from_numpy(rng.normal(0.0, 27**-0.5, (3, 3, 3, 3)).astype(np.float32))
    filtered = functional.conv2d(clips.flatten(0, 1) - 0.5, weights, padding=1) + 0.5
    share = torch.from_numpy(rng.random((len(clips), 1, 1, 1, 1)).astype(np.float32))
    return torch.lerp(clips, filtered.view(clips.shape), share).clamp_(0.0, 1.0)


def _cover(clip: Tensor, other: Tensor, rng: np.random.Generator) -> None:
    """Lay a piece of another picture (3, S, S) over a clip (T, 3, S, S)."""
    side = clip.shape[-1]
    height, width = (int(size) for size in rng.integers(*_PATCH_PX, size=2))
    top, left = (int(rng.integers(0, side - size)) for size in (height, width))
    piece = other[:, top : top + height, left : left + width].clone()
    drift = rng.integers(-_DRIFT_PX, _DRIFT_PX + 1, 2) if rng.random() < _DRIFTS else (0, 0)
    for number, picture in enumerate(clip):
        away = number - len(clip) // 2
        row = int(np.clip(top + away * drift[0], 0, side - height))
        column = int(np.clip(left + away * drift[1], 0, side - width))
        picture[:, row : row + height, column : column + width] = piece

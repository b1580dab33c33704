"""Pictures drawn out one way and pressed together the other, and the poses that they then show.

A figure's limbs are then longer or shorter by where they point, as no body's are, and at other
angles, which are known. Whoever learns from that relies less on how long limbs are.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..imagine.figure import KINDS
from .poses import ARMS
from .shown_pose import ShownPoses

_SHARPNESS = -0.5
"""Of the cubic kernel (Keys, "Cubic convolution interpolation", 1981), as Pillow has it."""


def random_stretch(n: int, most: float, rng: np.random.Generator) -> Tensor:
    """Factors (n, 2) on x and z. Their product is one, the logarithm of their ratio within most."""
    half = torch.from_numpy(rng.uniform(-0.5 * most, 0.5 * most, n).astype(np.float32))
    return torch.stack([half, -half], dim=1).exp()


def stretched(shown: ShownPoses, stretch: Tensor) -> ShownPoses:
    """What n poses show when their pictures are stretched by factors (n, 2)."""
    return ShownPoses(
        _turned(shown.angles, shown.layout.segments, shown.layout.kind, stretch),
        shown.height,
        _turned(shown.arms, ARMS, "human", stretch),
        shown.speed,
    )


def enlarging(old: int, new: int, stretch: Tensor | None = None) -> Tensor:
    """Matrices (n, new, old) that enlarge rows of pixels, stretched by factors (n,) about the
    middle; without, (new, old). What is outside is like the edge.
    """
    factor = torch.ones(1) if stretch is None else stretch
    centred = (torch.arange(new) + 0.5) * (old / new) - 0.5 * old
    places = (centred / factor[:, None] + 0.5 * old - 0.5).clamp(-0.5, old - 0.5)
    weights = _cubic((places[..., None] - torch.arange(old)).abs())
    weights /= weights.sum(-1, keepdim=True)
    return weights if stretch is not None else weights[0]


def _turned(angles: Tensor, segments: tuple[str, ...], kind: str, stretch: Tensor) -> Tensor:
    """Angles (n, segments) of limbs of which both coordinates are multiplied."""
    directions = {segment.name: segment.direction for segment in KINDS[kind]}
    x, z = torch.tensor([directions[name] for name in segments]).T
    c, s = angles.cos(), angles.sin()
    along, up = (c * x + s * z) * stretch[:, :1], (c * z - s * x) * stretch[:, 1:]
    return torch.atan2(z, x) - torch.atan2(up, along)


def _cubic(apart: Tensor) -> Tensor:
    a = _SHARPNESS
    near = ((a + 2) * apart - (a + 3)) * apart**2 + 1
    far = ((a * apart - 5 * a) * apart + 8 * a) * apart - 4 * a
    return torch.where(apart <= 1, near, torch.where(apart < 2, far, 0.0))

"""What the embedder learns: the same pose in the same place, near poses near.

Two losses. The first is cross-entropy between the softmax of similarities within a batch and a
softmax of pose distances: with far poses only it is InfoNCE, with near ones it asks for as much
similarity as the poses have. The second asks a small head, used in training alone, to read limb
directions from the embedding; the directions of the two legs enter symmetrically.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .poses import HUMAN, PoseLayout, layout_of

ARM_EXCHANGES = ((0, 1, 2, 3), (2, 3, 0, 1))

NEAR_RAD = 0.12
"""Poses this far apart (about 7 degrees mean limb error) count as 0.6 of the same pose."""
RAD_PER_M = 0.8
"""A difference in height of a metre weighs as much as this mean limb error."""
ARM_WEIGHT = 0.12
"""A radian between the arms of two figures that both have some, as mean limb error."""


def pose_distances(angles: Tensor, height: Tensor, arms: Tensor | None = None) -> Tensor:
    """Distances (N, N) of poses: mean limb error (rad), sides the best way, plus height.

    angles (N, segments) rad, height (N,) m of the root, arms (N, 4) rad, NaN where a figure has
    none: a robot without arms is as near to a figure with its arms up as to one with them down.
    """
    limbs = _best_way(angles, layout_of(angles.shape[1]).exchanges)
    distances = limbs + RAD_PER_M * (height[:, None] - height[None]).abs()
    if arms is None:
        return distances
    return distances + ARM_WEIGHT * _best_way(arms, ARM_EXCHANGES).nan_to_num(0.0)


def _best_way(angles: Tensor, exchanges: Sequence[Sequence[int]]) -> Tensor:
    """Mean angles (N, N) between rows, the sides assigned the best way; NaN stays."""

    def error(other: Tensor) -> Tensor:
        difference = angles[:, None] - other[None]
        return torch.atan2(difference.sin(), difference.cos()).abs().mean(-1)

    return torch.stack([error(angles[:, list(way)]) for way in exchanges]).amin(0)


def metric_loss(embeddings: Tensor, distances: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of similarities against pose nearness, each picture against all others.

    embeddings (N, d) unit rows, distances (N, N), scale: inverse temperature.
    """
    itself = torch.eye(len(embeddings), dtype=torch.bool)
    logits = (scale * embeddings @ embeddings.T).masked_fill(itself, -1e4)
    nearness = -0.5 * (distances / NEAR_RAD) ** 2
    target = nearness.masked_fill(itself, -torch.inf).softmax(dim=1)
    return -(target * logits.log_softmax(dim=1)).sum(1).mean()


def limb_features(angles: Tensor, height: Tensor) -> Tensor:
    """What a silhouette shows of poses (N, segments): the same when sides are exchanged.

    (N, ``limb_feature_count``) for either layout.
    """
    unit = torch.polar(torch.ones_like(angles), angles)
    torso = unit[:, 0]
    if angles.shape[1] != len(HUMAN.segments):
        ends = unit[:, 1:].reshape(-1, 2, 2, 2).unbind(1)
        symmetric = torch.cat([_paired(*legs.unbind(-1)) for legs in ends], dim=1)
        both = torch.cat([torso[:, None], symmetric], dim=1)
        return torch.cat([both.real, both.imag, height[:, None]], dim=1)
    legs = unit[:, 1:].reshape(-1, 2, 3)
    thigh, shin, foot = legs.unbind(-1)
    products = [thigh, shin, foot, thigh**2, shin**2, foot**2]
    products += [thigh * shin, shin * foot, thigh * shin.conj(), shin * foot.conj()]
    products += [thigh**3, shin**3, thigh * shin * foot, thigh * foot.conj()]
    symmetric = torch.stack([p.mean(1) for p in products], dim=1)
    both = torch.cat([torso[:, None], symmetric], dim=1)
    return torch.cat([both.real, both.imag, height[:, None]], dim=1)


def arm_features(arms: Tensor) -> Tensor:
    """What a silhouette shows of arms (N, 4): (N, 12), the same when they are exchanged."""
    limbs = torch.polar(torch.ones_like(arms), arms).reshape(-1, 2, 2)
    symmetric = _paired(*limbs.unbind(-1))
    return torch.cat([symmetric.real, symmetric.imag], dim=1)


def _paired(upper: Tensor, lower: Tensor) -> Tensor:
    """Of two limbs' directions (N, 2), as complex numbers, what exchanging them leaves: (N, 6)."""
    products = [upper, lower, upper**2, lower**2, upper * lower, upper * lower.conj()]
    return torch.stack([p.mean(1) for p in products], dim=1)


ARM_FEATURES = 12


def limb_feature_count(layout: PoseLayout) -> int:
    """How many limb features a figure has."""
    return 31 if layout is HUMAN else 27


class LimbHead(nn.Module):
    """Reads features (N, outputs) of limbs from embeddings (N, d); training only."""

    def __init__(self, dim: int, outputs: int, hidden: int = 256) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, outputs))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Features (N, outputs) of embeddings (N, d)."""
        return self.net(embeddings * embeddings.shape[1] ** 0.5)


def limb_loss(head: LimbHead, embeddings: Tensor, angles: Tensor, height: Tensor) -> Tensor:
    """Mean squared error of the limb features."""
    return functional.mse_loss(head(embeddings), limb_features(angles, height))


def arm_loss(head: LimbHead, embeddings: Tensor, arms: Tensor) -> Tensor:
    """Mean squared error of the features of the arms, where there are any."""
    there = arms.isfinite().all(1)
    if not there.any():
        return embeddings.sum() * 0.0
    return functional.mse_loss(head(embeddings[there]), arm_features(arms[there]))

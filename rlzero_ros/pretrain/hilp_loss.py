"""The loss that makes distances of Hilbert representations temporal (Park et al. 2024)."""

from __future__ import annotations

import torch
from torch import Tensor


def distance(x: Tensor, y: Tensor) -> Tensor:
    """‖x − y‖ of rows (n, d), with a finite gradient where they meet."""
    return (x - y).square().sum(-1).clamp_min(1e-6).sqrt()


def metric_loss(
    phi_s: Tensor,
    phi_goal: Tensor,
    target_s: Tensor,
    target_next: Tensor,
    target_goal: Tensor,
    discount: float,
    expectile: float,
) -> Tensor:
    """Expectile regression of V(s, g) = −‖φ(s) − φ(g)‖ on −1 + γ·V⁻(s', g), for rows (n, d).

    target_*: φ⁻ of s, s' and g. expectile: 0.5 for the mean over what the data did; towards 1 for
    the best of it.
    """
    target = -1.0 - discount * distance(target_next, target_goal)
    advantage = target + distance(target_s, target_goal)
    weight = torch.where(advantage > 0, expectile, 1.0 - expectile)
    return (weight * (target + distance(phi_s, phi_goal)).square()).mean()

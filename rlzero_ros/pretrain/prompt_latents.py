"""Latents of imitation prompts inside a training batch, as `Imitator` infers them later."""

from __future__ import annotations

import torch
from torch import Tensor

from ..imitate.actor_critic import ActorCriticModel


def window_latents(
    model: ActorCriticModel,
    windows: Tensor,
    reference: Tensor,
    reference_features: Tensor,
    smoothing: tuple[float, float],
    generator: torch.Generator,
) -> Tensor:
    """Directions (n, d) that imitate windows (n, points, observation_dim).

    The first half by the mean of B, the others smoothed over the reference (m, observation_dim),
    of which B is reference_features (m, d), with bandwidths drawn between those of smoothing.
    """
    n, points = windows.shape[:2]
    plain = n // 2
    features = model.backward_map(windows[:plain].flatten(0, 1))
    shown = model.normalizer(windows[plain:])
    distances = squared_distances(shown, model.normalizer(reference)).amin(1)
    low, high = smoothing
    draw = torch.rand(n - plain, 1, generator=generator, device=windows.device)
    bandwidth = low * (high / low) ** draw
    # As exp(−distances / 2h) up to a factor, and only the direction of the sum matters.
    reward = torch.softmax(-distances / (2 * bandwidth), 1)
    smoothed = reward.float() @ reference_features
    return torch.cat([features.view(plain, points, features.shape[-1]).mean(1), smoothed])


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """‖x_ij − y_k‖² of x (n, points, dim) and y (m, dim): (n, points, m), without its root."""
    with torch.autocast(x.device.type, enabled=False):
        squares = x.square().sum(-1, keepdim=True) + y.square().sum(-1)
        return (squares - 2.0 * (x @ y.T)).clamp_min_(0.0)

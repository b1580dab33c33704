"""Latents of imitation prompts inside a training batch, as `Imitator` infers them later."""

from __future__ import annotations

import torch
from torch import Tensor

from ..imitate.actor_critic import ActorCriticModel


def window_latents(
    model: ActorCriticModel,
    windows: Tensor,
    reference: Tensor,
    smoothing: tuple[float, float],
    generator: torch.Generator,
) -> Tensor:
    """Directions (n, d) that imitate windows (n, points, observation_dim).

    The first half by the mean of B, the others smoothed over the reference (m, observation_dim)
    with bandwidths drawn between those of smoothing.
    """
    n, points = windows.shape[:2]
    plain = n // 2
    features = model.backward_map(windows[:plain].flatten(0, 1))
    shown = model.normalizer(windows[plain:])
    distances = torch.cdist(shown, model.normalizer(reference)).square().amin(1)
    low, high = smoothing
    draw = torch.rand(n - plain, 1, generator=generator, device=windows.device)
    bandwidth = low * (high / low) ** draw
    # As exp(−distances / 2h) up to a factor, and only the direction of the sum matters.
    reward = torch.softmax(-distances / (2 * bandwidth), 1)
    smoothed = reward.float() @ model.backward_map(reference)
    return torch.cat([features.view(plain, points, -1).mean(1), smoothed])

"""Hilbert representations (HILP; Park, Kreiman and Levine 2024) with successor features.

φ embeds states so that ‖φ(s) − φ(g)‖ is the number of steps from s to g. Policies seek
⟨φ(s') − φ(s), z⟩: to move in a direction of that space. The discounted sum of this telescopes to
(1 − γ)/γ times that of ⟨φ(s), z⟩ and a constant, so both rewards have the same optimal policies,
and states alone suffice to infer z.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .actor_critic import ActorCriticModel, state_network

# Added to the covariance's diagonal, as a share of its mean: directions in which the data hardly
# varies must not dominate the least squares.
_RIDGE = 1e-3


class Hilp(ActorCriticModel):
    """F predicts the discounted sums of the features f = (φ − mean) / scale, B = Cov(f)⁻¹·f.

    mean, scale and covariance are those of the data (`fit_features`); E‖f‖² = d. hidden: width of
    F and the actor. metric_hidden: width of φ. heads: copies of F.
    """

    kind = "hilp"
    feature_mean: Tensor
    feature_covariance: Tensor

    def __init__(
        self,
        observation_dim: int,
        action_dim: int,
        latent_dim: int = 50,
        hidden: int = 256,
        metric_hidden: int = 256,
        heads: int = 2,
    ) -> None:
        super().__init__(observation_dim, action_dim, latent_dim, hidden, heads)
        self._metric_hidden = metric_hidden
        self.metric_network = state_network(observation_dim, metric_hidden, latent_dim)
        self.add_forward()
        self.add_actor()
        self.register_buffer("feature_mean", torch.zeros(latent_dim))
        self.register_buffer("feature_covariance", torch.eye(latent_dim))

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """See `BehaviorFoundationModel.hyperparameters`."""
        return {
            "observation_dim": self.observation_dim,
            "action_dim": self.action_dim,
            "latent_dim": self.latent_dim,
            "hidden": self.hidden,
            "metric_hidden": self._metric_hidden,
            "heads": self.heads,
        }

    def metric_map(self, observation: Tensor) -> Tensor:
        """φ(s): (n, d); Euclidean distances between rows are control steps."""
        return self.metric_network(self.normalizer(observation)).float()

    def features(self, phi: Tensor) -> Tensor:
        """f (n, d), of φ (n, d)."""
        scale = self.feature_covariance.diagonal().mean().clamp_min(1e-12).sqrt()
        return (phi - self.feature_mean) / scale

    @torch.no_grad()
    def fit_features(self, phi: Tensor, rate: float = 1.0) -> None:
        """Move mean and covariance towards those of φ (n, d); a rate of 1 forgets the old ones."""
        self.feature_mean.lerp_(phi.mean(0), rate)
        self.feature_covariance.lerp_(torch.cov(phi.T, correction=0), rate)

    def backward_map(self, observation: Tensor) -> Tensor:
        """See `BehaviorFoundationModel.backward_map`."""
        return self.backward_of(self.features(self.metric_map(observation)))

    def backward_of(self, features: Tensor) -> Tensor:
        """B (n, d), of f (n, d)."""
        covariance = self.feature_covariance / self.feature_covariance.diagonal().mean()
        ridge = _RIDGE * torch.eye(self.latent_dim, device=covariance.device)
        return torch.linalg.solve(covariance + ridge, features.T).T

    def goal_map(self, goal: Tensor, observation: Tensor | None = None) -> Tensor:
        """φ(g) − φ(s); see `BehaviorFoundationModel.goal_map`."""
        start = self.feature_mean if observation is None else self.metric_map(observation)
        return self.metric_map(goal) - start

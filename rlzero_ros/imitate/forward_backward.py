"""Forward-backward representations (Touati and Ollivier 2021; Touati et al. 2023)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .base import BehaviorFoundationModel
from .networks import Normalizer, ParallelLinear, embedding, orthogonal_linear, parallel_embedding


class ForwardBackward(BehaviorFoundationModel):
    """F(s, z, a)·B(s') approximates the successor measure of π_z with respect to the data.

    hidden: width of F and the actor. backward_hidden: width of B. heads: copies of F.
    """

    kind = "forward_backward"

    def __init__(
        self,
        observation_dim: int,
        action_dim: int,
        latent_dim: int = 50,
        hidden: int = 256,
        backward_hidden: int = 256,
        heads: int = 2,
    ) -> None:
        super().__init__(observation_dim, action_dim, latent_dim)
        self._sizes = {"hidden": hidden, "backward_hidden": backward_hidden, "heads": heads}
        self.heads = heads
        self.normalizer = Normalizer(observation_dim)
        self.forward_sz = parallel_embedding(heads, observation_dim + latent_dim, hidden)
        self.forward_sa = parallel_embedding(heads, observation_dim + action_dim, hidden)
        self.forward_trunk = nn.Sequential(
            ParallelLinear(heads, hidden // 2 * 2, hidden),
            nn.ReLU(),
            ParallelLinear(heads, hidden, latent_dim),
        )
        self.backward_network = nn.Sequential(
            orthogonal_linear(observation_dim, backward_hidden),
            nn.LayerNorm(backward_hidden),
            nn.Tanh(),
            orthogonal_linear(backward_hidden, backward_hidden),
            nn.ReLU(),
            orthogonal_linear(backward_hidden, latent_dim),
        )
        self.actor_s = embedding(observation_dim, hidden)
        self.actor_sz = embedding(observation_dim + latent_dim, hidden)
        self.actor_trunk = nn.Sequential(
            orthogonal_linear(hidden // 2 * 2, hidden),
            nn.ReLU(),
            orthogonal_linear(hidden, action_dim),
            nn.Tanh(),
        )

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """See `BehaviorFoundationModel.hyperparameters`."""
        return {
            "observation_dim": self.observation_dim,
            "action_dim": self.action_dim,
            "latent_dim": self.latent_dim,
            **self._sizes,
        }

    def forward_map(self, observation: Tensor, z: Tensor, action: Tensor) -> Tensor:
        """See `BehaviorFoundationModel.forward_map`."""
        s = self.normalizer(observation)
        sz = torch.cat([s, z], -1).expand(self.heads, -1, -1)
        sa = torch.cat([s, action], -1).expand(self.heads, -1, -1)
        both = torch.cat([self.forward_sz(sz), self.forward_sa(sa)], -1)
        return self.forward_trunk(both)

    def backward_map(self, observation: Tensor) -> Tensor:
        """See `BehaviorFoundationModel.backward_map`; rows have norm √d."""
        b = self.backward_network(self.normalizer(observation)).float()
        return self.latent_dim**0.5 * nn.functional.normalize(b, dim=-1)

    def act(self, observation: Tensor, z: Tensor) -> Tensor:
        """See `BehaviorFoundationModel.act`."""
        s = self.normalizer(observation)
        both = torch.cat([self.actor_s(s), self.actor_sz(torch.cat([s, z], -1))], -1)
        return self.actor_trunk(both)

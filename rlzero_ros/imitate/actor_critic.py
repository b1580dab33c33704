"""F(s, z, a) with several heads and π(s, z): the networks that the models here share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .base import BehaviorFoundationModel
from .networks import (
    Normalizer,
    ParallelLinear,
    Tanh,
    embedding,
    orthogonal_linear,
    parallel_embedding,
)


class ActorCriticModel(BehaviorFoundationModel):
    """A model with forward-backward's networks for F and the actor; B is the subclass's affair.

    hidden: width of F and of the actor. heads: copies of F. A subclass calls `add_forward` and
    `add_actor` once each.
    """

    def __init__(
        self, observation_dim: int, action_dim: int, latent_dim: int, hidden: int, heads: int
    ) -> None:
        super().__init__(observation_dim, action_dim, latent_dim)
        self.hidden, self.heads = hidden, heads
        self.normalizer = Normalizer(observation_dim)

    def add_forward(self) -> None:
        """Create the networks of F."""
        heads, hidden = self.heads, self.hidden
        self.forward_sz = parallel_embedding(heads, self.observation_dim + self.latent_dim, hidden)
        self.forward_sa = parallel_embedding(heads, self.observation_dim + self.action_dim, hidden)
        self.forward_trunk = nn.Sequential(
            ParallelLinear(heads, hidden // 2 * 2, hidden),
            nn.ReLU(),
            ParallelLinear(heads, hidden, self.latent_dim),
        )

    def add_actor(self) -> None:
        """Create the networks of the actor."""
        hidden = self.hidden
        self.actor_s = embedding(self.observation_dim, hidden)
        self.actor_sz = embedding(self.observation_dim + self.latent_dim, hidden)
        self.actor_trunk = nn.Sequential(
            orthogonal_linear(hidden // 2 * 2, hidden),
            nn.ReLU(),
            orthogonal_linear(hidden, self.action_dim),
            nn.Tanh(),
        )

    def forward_map(self, observation: Tensor, z: Tensor, action: Tensor) -> Tensor:
        """See `BehaviorFoundationModel.forward_map`."""
        s = self.normalizer(observation)
        sz = torch.cat([s, z], -1).expand(self.heads, -1, -1)
        sa = torch.cat([s, action], -1).expand(self.heads, -1, -1)
        both = torch.cat([self.forward_sz(sz), self.forward_sa(sa)], -1)
        return self.forward_trunk(both)

    def act(self, observation: Tensor, z: Tensor) -> Tensor:
        """See `BehaviorFoundationModel.act`."""
        s = self.normalizer(observation)
        both = torch.cat([self.actor_s(s), self.actor_sz(torch.cat([s, z], -1))], -1)
        return self.actor_trunk(both)


def state_network(observation_dim: int, hidden: int, latent_dim: int) -> nn.Sequential:
    """The network of functions of a state alone, (n, observation_dim) to (n, latent_dim)."""
    return nn.Sequential(
        orthogonal_linear(observation_dim, hidden),
        nn.LayerNorm(hidden),
        Tanh(),
        orthogonal_linear(hidden, hidden),
        nn.ReLU(),
        orthogonal_linear(hidden, latent_dim),
    )

"""A skill-conditioned TD3 agent (Fujimoto et al. 2018) that seeks skills while data is collected.

It is a means of exploring and is thrown away; no bundle contains it.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _Critics(nn.Module):
    """Two Q functions evaluated together; layer normalisation keeps bootstrapping stable."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ParameterList()
        for fan_in, fan_out in ((inputs, hidden), (hidden, hidden), (hidden, 1)):
            weight = torch.empty(2, fan_in, fan_out)
            for head in weight:
                nn.init.orthogonal_(head)
            self.layers.append(nn.Parameter(weight))
            self.layers.append(nn.Parameter(torch.zeros(2, 1, fan_out)))

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (n, inputs) to values (2, n)."""
        h = x.expand(2, *x.shape)
        layers = list(self.layers)
        for i in range(0, len(layers), 2):
            h = torch.baddbmm(layers[i + 1], h, layers[i])
            if i + 2 < len(layers):
                h = F.relu(F.layer_norm(h, h.shape[-1:]))
        return h.squeeze(-1)


class SkillAgent:
    """TD3 on (observation, skill); the caller supplies batches with rewards already computed."""

    def __init__(
        self,
        observation_dim: int,
        skill_dim: int,
        action_dim: int,
        hidden: int = 256,
        discount: float = 0.98,
        learning_rate: float = 5e-4,
        tau: float = 0.01,
        seed: int = 0,
    ) -> None:
        torch.manual_seed(seed)
        inputs = observation_dim + skill_dim
        self.actor = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, action_dim),
            nn.Tanh(),
        )
        self.critics = _Critics(inputs + action_dim, hidden)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self._discount, self._tau = discount, tau
        self._actor_optimizer = torch.optim.Adam(self.actor.parameters(), learning_rate, fused=True)
        self._critic_optimizer = torch.optim.Adam(
            self.critics.parameters(), learning_rate, fused=True
        )

    def to(self, device: torch.device) -> None:
        """Move the networks; call before the first update."""
        for network in (self.actor, self.critics, self.target_critics):
            network.to(device)

    @torch.no_grad()
    def act(self, observations: Tensor, skills: Tensor) -> Tensor:
        """Mean actions (n, action_dim) in [−1, 1]."""
        return self.actor(torch.cat([observations, skills], 1))

    def update(
        self, s: Tensor, skill: Tensor, a: Tensor, reward: Tensor, s_next: Tensor, actor: bool
    ) -> dict[str, float]:
        """One step on a batch of n transitions, every one of skill (n, skill_dim)."""
        with torch.no_grad():
            ahead = torch.cat([s_next, skill], 1)
            noise = (0.2 * torch.randn_like(a)).clamp(-0.3, 0.3)
            a_next = (self.actor(ahead) + noise).clamp(-1, 1)
            q_next = self.target_critics(torch.cat([ahead, a_next], 1)).amin(0)
            target = reward + self._discount * q_next
        here = torch.cat([s, skill], 1)
        q = self.critics(torch.cat([here, a], 1))
        critic_loss = F.mse_loss(q, target.expand_as(q))
        self._critic_optimizer.zero_grad(set_to_none=True)
        critic_loss.backward()
        self._critic_optimizer.step()
        metrics = {"critic_loss": float(critic_loss.detach()), "q": float(target.mean())}
        if actor:
            self.critics.requires_grad_(False)
            policy_q = self.critics(torch.cat([here, self.actor(here)], 1)).amin(0)
            actor_loss = -policy_q.mean()
            self._actor_optimizer.zero_grad(set_to_none=True)
            actor_loss.backward()
            self._actor_optimizer.step()
            self.critics.requires_grad_(True)
            with torch.no_grad():
                torch._foreach_lerp_(
                    list(self.target_critics.parameters()),
                    list(self.critics.parameters()),
                    2 * self._tau,
                )
        return metrics

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on training."""
        return {
            "actor": self.actor.state_dict(),
            "critics": self.critics.state_dict(),
            "target_critics": self.target_critics.state_dict(),
            "actor_optimizer": self._actor_optimizer.state_dict(),
            "critic_optimizer": self._critic_optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.actor.load_state_dict(state["actor"])
        self.critics.load_state_dict(state["critics"])
        self.target_critics.load_state_dict(state["target_critics"])
        self._actor_optimizer.load_state_dict(state["actor_optimizer"])
        self._critic_optimizer.load_state_dict(state["critic_optimizer"])

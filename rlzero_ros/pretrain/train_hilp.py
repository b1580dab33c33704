"""The trainer of Hilbert representations with successor features (HILP)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..imitate.hilp import Hilp
from .bfm_trainer import BfmConfig, BfmTrainer
from .hilp_loss import metric_loss
from .precision import fast_autocast
from .transitions import Batch

# How fast the features' statistics follow φ while it learns.
_STATISTICS_RATE = 0.01
# States that the statistics of a saved model are measured on.
_STATISTICS_STATES = 20_000


@dataclass(frozen=True)
class HilpConfig(BfmConfig):
    """Hyperparameters of training.

    metric_hidden: width of φ. metric_discount, expectile: of its temporal distances; 0.5 is the
    mean over the data. future_share: part of the goals that lie ahead in the same episode, the
    others are any state.
    """

    metric_hidden: int = 256
    metric_discount: float = 0.98
    expectile: float = 0.5
    future_share: float = 0.5


class HilpTrainer(BfmTrainer):
    """Fits φ to temporal distances, F to the successors of its features, the actor to F·z."""

    config: HilpConfig
    model: Hilp
    averaged: Hilp
    _target: Hilp

    def _build(self, observation_dim: int, action_dim: int) -> Hilp:
        config = self.config
        return Hilp(
            observation_dim, action_dim, config.latent_dim, config.hidden, config.metric_hidden
        )

    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        return {
            "metric_optimizer": ("metric_",),
            "critic_optimizer": ("forward_",),
            "actor_optimizer": ("actor_",),
        }

    def _step(self) -> dict[str, Tensor]:
        config = self.config
        batch, future = self._data.sample_with_future(
            config.batch, config.metric_discount, self._generator
        )
        metric = self._update_metric(batch, future)
        with torch.no_grad():
            phi = self.model.metric_map(batch.next_s)
            self.model.fit_features(phi, max(_STATISTICS_RATE, 1 / (1 + self.updates)))
            features = self.model.features(phi)
            b = self.model.backward_of(features)
        with fast_autocast(self._device.type):
            z = self._latents(batch, b)
            with torch.no_grad():
                next_a = self._noisy(self.model.act(batch.next_s, z).float())
                after = self._target.forward_map(batch.next_s, z, next_a).float().mean(0)
            successors = self.model.forward_map(batch.s, z, batch.a).float()
        wanted = features + config.discount * after
        loss = 0.5 * (successors - wanted).square().mean((1, 2)).sum()
        self._learn("critic_optimizer", loss)
        return {
            "metric_loss": metric,
            "successor_loss": loss.detach(),
            **self._update_actor(batch, z),
        }

    def _update_metric(self, batch: Batch, future: Tensor) -> Tensor:
        # In full precision: steps are differences of much longer distances.
        config, n = self.config, self.config.batch
        order = torch.randperm(n, generator=self._generator, device=self._device)
        ahead = torch.rand(n, 1, generator=self._generator, device=self._device)
        goals = torch.where(ahead < config.future_share, future, batch.next_s[order])
        phi_s, phi_goal = self.model.metric_map(torch.cat([batch.s, goals])).split(n)
        with torch.no_grad():
            states = torch.cat([batch.s, batch.next_s, goals])
            to_s, to_next, to_goal = self._target.metric_map(states).split(n)
        loss = metric_loss(
            phi_s, phi_goal, to_s, to_next, to_goal, config.metric_discount, config.expectile
        )
        self._learn("metric_optimizer", loss)
        return loss.detach()

    def state_dict(self) -> dict[str, Any]:
        """See `BfmTrainer.state_dict`; the averaged model's statistics are measured for it."""
        generator = torch.Generator(self._device).manual_seed(self.config.seed)
        states = self._data.sample(_STATISTICS_STATES, generator).s
        with torch.no_grad():
            self.averaged.fit_features(self.averaged.metric_map(states))
        return super().state_dict()

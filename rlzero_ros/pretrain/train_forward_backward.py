"""The trainer of forward-backward models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..imitate.forward_backward import ForwardBackward
from .bfm_trainer import BfmConfig, BfmTrainer
from .forward_backward_loss import orthonormality_loss, successor_loss
from .precision import fast_autocast


@dataclass(frozen=True)
class ForwardBackwardConfig(BfmConfig):
    """Hyperparameters of training; orthonormality: weight of that loss."""

    backward_hidden: int = 256
    orthonormality: float = 1.0


class ForwardBackwardTrainer(BfmTrainer):
    """Fits F(s, z, a)·B(s') to the successor measure, and the actor to F·z."""

    config: ForwardBackwardConfig

    def _build(self, observation_dim: int, action_dim: int) -> ForwardBackward:
        config = self.config
        return ForwardBackward(
            observation_dim, action_dim, config.latent_dim, config.hidden, config.backward_hidden
        )

    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        return {
            "critic_optimizer": ("forward_", "backward_"),
            "actor_optimizer": ("actor_",),
        }

    def _step(self) -> dict[str, Tensor]:
        config = self.config
        batch = self._data.sample(config.batch, self._generator)
        with fast_autocast(self._device.type):
            b = self.model.backward_map(batch.next_s)
            z = self._latents(batch, b.detach())
            with torch.no_grad():
                next_a = self._noisy(self.model.act(batch.next_s, z).float())
                f_target = self._target.forward_map(batch.next_s, z, next_a).float().mean(0)
                b_target = self._target.backward_map(batch.next_s)
            f = self.model.forward_map(batch.s, z, batch.a).float()
        with torch.autocast(self._device.type, enabled=False):
            successor = successor_loss(f, b, f_target, b_target, config.discount)
            orthonormality = orthonormality_loss(b)
            loss = successor + config.orthonormality * orthonormality
        self._learn("critic_optimizer", loss)
        return {
            "successor_loss": successor.detach(),
            "orthonormality_loss": orthonormality.detach(),
            **self._update_actor(batch, z),
        }

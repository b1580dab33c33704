"""What the trainers of all behaviour foundation models share: any device, exact resume."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import DataError, ErrorCode
from ..imitate.actor_critic import ActorCriticModel
from ..imitate.base import BehaviorFoundationModel
from .precision import fast_autocast
from .prompt_latents import window_latents
from .transitions import Batch, Transitions


@dataclass(frozen=True)
class BfmConfig:
    """Hyperparameters that every trainer has.

    goal_share, window_share: parts of each batch whose z is B of a goal, or imitates a window of
    the data, which is what the robot will be asked; the rest is uniform on the sphere. Half of
    the windows are imitated by the mean of B, half as `Imitator` does, smoothed over the batch
    with a bandwidth drawn from smoothing. Every second window is the one that followed its own
    state s, and there the actor also leans towards the action that was taken.
    behavior_weight: weight of that squared error beside the mean absolute value, at most
    final_behavior_weight in the last part, refinement, of training: what moves is learned from the
    data, but where it rests the data's actions are mostly noise.
    average: decay of the weight average that is saved and used.
    """

    latent_dim: int = 50
    hidden: int = 256
    batch: int = 1024
    learning_rate: float = 3e-4
    final_learning_rate: float = 3e-5
    updates: int = 150_000
    discount: float = 0.98
    tau: float = 0.01
    goal_share: float = 0.35
    window_share: float = 0.3
    window_points: int = 6
    window_span: int = 64
    smoothing: tuple[float, float] = (2.0, 20.0)
    behavior_weight: float = 0.3
    final_behavior_weight: float = 0.03
    refinement: float = 0.08
    action_noise: float = 0.2
    noise_clip: float = 0.3
    average: float = 0.9995
    seed: int = 0


def check_same(
    kind: str, sizes: Mapping[str, Any], model: BehaviorFoundationModel, what: str
) -> None:
    """DataError unless what was trained, of a kind and sizes, has those of a model."""
    if kind != model.kind:
        raise DataError(f"{what} is of kind {kind}, not {model.kind}")
    for name, value in model.hyperparameters.items():
        if sizes.get(name) != value:
            raise DataError(f"{what} has {name} {sizes.get(name)}, this command asks for {value}")


class BfmTrainer(ABC):
    """Updates a model on transitions; `model` learns, `averaged` is what to use.

    A subclass builds the model and says what one step is.
    """

    config: BfmConfig
    model: ActorCriticModel
    averaged: ActorCriticModel

    def __init__(
        self, data: Transitions, action_dim: int, config: BfmConfig, device: str = "cpu"
    ) -> None:
        self.config, self.updates = config, 0
        self._device, self._data = torch.device(device), data
        self._generator = torch.Generator(self._device).manual_seed(config.seed)
        torch.manual_seed(config.seed)
        self.model = self._build(data.observation_dim, action_dim).to(self._device)
        self.model.normalizer.fit(*data.statistics())
        self._target = copy.deepcopy(self.model).requires_grad_(False)
        self.averaged = copy.deepcopy(self.model).requires_grad_(False).eval()
        self._parameters = {
            name: [p for n, p in self.model.named_parameters() if n.startswith(prefixes)]
            for name, prefixes in self._groups().items()
        }
        self._optimizers = {
            name: torch.optim.Adam(parameters, config.learning_rate, fused=True)
            for name, parameters in self._parameters.items()
        }
        self._weights: list[list[Tensor]] = [
            list(m.parameters()) for m in (self.model, self._target, self.averaged)
        ]

    @abstractmethod
    def _build(self, observation_dim: int, action_dim: int) -> ActorCriticModel:
        """The untrained model."""

    @abstractmethod
    def _groups(self) -> Mapping[str, tuple[str, ...]]:
        """Optimisers by name, each with the prefixes of the parameters that it moves."""

    @abstractmethod
    def _step(self) -> dict[str, Tensor]:
        """A batch through every loss and optimiser once; returns detached scalars."""

    def begin_with(self, trained: BehaviorFoundationModel) -> None:
        """Begin with another model's weights and scale of observations, not with random ones.

        Raises DataError for one of another kind or size.
        """
        check_same(trained.kind, trained.hyperparameters, self.model, "the model to begin with")
        for model in (self.model, self._target, self.averaged):
            model.load_state_dict(trained.state_dict())

    def update(self) -> dict[str, Tensor]:
        """One step; returns detached scalars still on the device."""
        config = self.config
        self._set_learning_rate()
        self._data.advance(self.updates * config.batch)
        metrics = self._step()
        live, target, averaged = self._weights
        with torch.no_grad():
            torch._foreach_lerp_(target, live, config.tau)
            decay = min(config.average, (1 + self.updates) / (10 + self.updates))
            torch._foreach_lerp_(averaged, live, 1 - decay)
        self.updates += 1
        return metrics

    def check(self, metrics: dict[str, float]) -> None:
        """Stop with a clear error when training has diverged."""
        bad = [name for name, value in metrics.items() if not abs(value) < 1e9]
        if bad:
            raise DataError(
                f"training diverged at update {self.updates} ({', '.join(bad)}); resume from the "
                "last checkpoint with a lower --learning-rate or a larger --batch",
                ErrorCode.DIVERGED,
            )

    def _learn(self, optimizer: str, loss: Tensor) -> None:
        """One step of an optimiser down a loss."""
        self._optimizers[optimizer].zero_grad(set_to_none=True)
        loss.backward()
        self._optimizers[optimizer].step()

    def _update_actor(self, batch: Batch, z: Tensor) -> dict[str, Tensor]:
        """Maximise the value, and follow the data where z shows what it went on to do.

        The sum is that of TD3+BC (Fujimoto and Gu 2021), with hindsight windows as demonstrations.
        Of the heads' values the lower one counts.
        """
        for p in self._parameters["critic_optimizer"]:
            p.requires_grad_(False)
        with fast_autocast(self._device.type):
            mean = self.model.act(batch.s, z).float()
            f = self.model.forward_map(batch.s, z, self._noisy(mean))
        value = (f.float() * z).sum(-1).amin(0)
        loss = -value.mean()
        metrics = {"actor_loss": loss.detach()}
        own = self._own_windows
        if own.start < own.stop:
            behavior = (mean[own] - batch.a[own]).square().mean()
            metrics["behavior_loss"] = behavior.detach()
            loss = self._behavior_weight * value.detach().abs().mean() * behavior + loss
        self._learn("actor_optimizer", loss)
        for p in self._parameters["critic_optimizer"]:
            p.requires_grad_(True)
        return metrics

    @property
    def _behavior_weight(self) -> float:
        config = self.config
        refining = self.updates >= (1.0 - config.refinement) * config.updates
        last = min(config.behavior_weight, config.final_behavior_weight)
        return last if refining else config.behavior_weight

    @property
    def _own_windows(self) -> slice:
        """The rows of a batch whose z imitates what followed them."""
        config = self.config
        first = int(config.goal_share * config.batch)
        return slice(first, first + int(config.window_share * config.batch), 2)

    @torch.no_grad()
    def _latents(self, batch: Batch, features: Tensor) -> Tensor:
        """What the policies of one batch are asked for: latents (batch, d) on the sphere.

        features: B(s') of the batch, whose states are the goals and the reference of the windows.
        """
        config, n, d = self.config, self.config.batch, self.config.latent_dim
        z = torch.randn(n, d, generator=self._generator, device=self._device)
        at_goals = int(config.goal_share * n)
        at_windows = int(config.window_share * n)
        if at_goals:
            rows = torch.randperm(n, generator=self._generator, device=self._device)[:at_goals]
            z[:at_goals] = features[rows]
        if at_windows:
            rows = self._data.draw_rows(at_windows, self._generator)
            rows[::2] = batch.rows[self._own_windows]
            windows = self._data.windows_after(rows, config.window_points, config.window_span)
            z[at_goals : at_goals + at_windows] = window_latents(
                self.model, windows, batch.next_s, features, config.smoothing, self._generator
            )
        return d**0.5 * nn.functional.normalize(z, dim=1)

    def _noisy(self, action: Tensor) -> Tensor:
        """Add clipped exploration noise and stay inside ±1, with gradients as without noise."""
        config = self.config
        noise = config.action_noise * torch.randn(
            action.shape, generator=self._generator, device=self._device
        )
        noisy = (action + noise.clamp(-config.noise_clip, config.noise_clip)).clamp(-1, 1)
        return action + (noisy - action).detach()

    def _set_learning_rate(self) -> None:
        config = self.config
        part = min(1.0, self.updates / config.updates)
        rate = config.learning_rate + part * (config.final_learning_rate - config.learning_rate)
        for optimizer in self._optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on exactly where training stopped."""
        return {
            "updates": self.updates,
            "model": self.model.state_dict(),
            "target": self._target.state_dict(),
            "averaged": self.averaged.state_dict(),
            **{name: optimizer.state_dict() for name, optimizer in self._optimizers.items()},
            "generator": self._generator.get_state(),
            "torch_generator": torch.get_rng_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.updates = int(state["updates"])
        self.model.load_state_dict(state["model"])
        self._target.load_state_dict(state["target"])
        self.averaged.load_state_dict(state["averaged"])
        for name, optimizer in self._optimizers.items():
            optimizer.load_state_dict(state[name])
        self._generator.set_state(state["generator"].cpu())
        torch.set_rng_state(state["torch_generator"].cpu())

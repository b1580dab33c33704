"""The trainer of forward-backward models: any device, exact resume."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import DataError, ErrorCode
from ..imitate.forward_backward import ForwardBackward
from .forward_backward_loss import orthonormality_loss, successor_loss
from .transitions import Transitions


@dataclass(frozen=True)
class ForwardBackwardConfig:
    """Hyperparameters of training.

    goal_share, window_share: parts of each batch whose z is B of a goal, or imitates a window of
    the data, which is what the robot will be asked; the rest is uniform on the sphere. Half of
    the windows are imitated by the mean of B, half as `Imitator` does, smoothed over the batch
    with a bandwidth drawn from smoothing.
    average: decay of the weight average that is saved and used.
    """

    latent_dim: int = 50
    hidden: int = 256
    backward_hidden: int = 256
    batch: int = 1024
    learning_rate: float = 3e-4
    final_learning_rate: float = 3e-5
    updates: int = 150_000
    discount: float = 0.98
    tau: float = 0.01
    orthonormality: float = 1.0
    goal_share: float = 0.35
    window_share: float = 0.3
    window_points: int = 6
    window_span: int = 64
    smoothing: tuple[float, float] = (2.0, 20.0)
    action_noise: float = 0.2
    noise_clip: float = 0.3
    average: float = 0.9995
    seed: int = 0


class ForwardBackwardTrainer:
    """Updates a ForwardBackward model on transitions; `model` learns, `averaged` is what to use."""

    def __init__(
        self, data: Transitions, action_dim: int, config: ForwardBackwardConfig, device: str = "cpu"
    ) -> None:
        self.config, self.updates = config, 0
        self._device, self._data = torch.device(device), data
        self._generator = torch.Generator(self._device).manual_seed(config.seed)
        torch.manual_seed(config.seed)
        self.model = ForwardBackward(
            data.observations.shape[1],
            action_dim,
            config.latent_dim,
            config.hidden,
            config.backward_hidden,
        ).to(self._device)
        self.model.normalizer.fit(data.observations.mean(0), data.observations.std(0))
        self._target = copy.deepcopy(self.model).requires_grad_(False)
        self.averaged = copy.deepcopy(self.model).requires_grad_(False).eval()
        names = dict(self.model.named_parameters())
        self._critic = [p for n, p in names.items() if n.startswith(("forward_", "backward_"))]
        self._actor = [p for n, p in names.items() if n.startswith("actor_")]
        self._critic_optimizer = torch.optim.Adam(self._critic, config.learning_rate, fused=True)
        self._actor_optimizer = torch.optim.Adam(self._actor, config.learning_rate, fused=True)

    def update(self) -> dict[str, Tensor]:
        """One step; returns detached scalars still on the device."""
        config = self.config
        self._set_learning_rate()
        batch = self._data.sample(config.batch, self._generator)
        with torch.autocast(self._device.type, dtype=torch.bfloat16):
            z = self._latents(batch.next_s)
            with torch.no_grad():
                next_a = self._noisy(self.model.act(batch.next_s, z).float())
                f_target = self._target.forward_map(batch.next_s, z, next_a).float().mean(0)
                b_target = self._target.backward_map(batch.next_s)
            f = self.model.forward_map(batch.s, z, batch.a).float()
            b = self.model.backward_map(batch.next_s)
        with torch.autocast(self._device.type, enabled=False):
            successor = successor_loss(f, b, f_target, b_target, config.discount)
            orthonormality = orthonormality_loss(b)
            loss = successor + config.orthonormality * orthonormality
        self._critic_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._critic_optimizer.step()
        actor_loss = self._update_actor(batch.s, z)
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self._target.parameters()), list(self.model.parameters()), config.tau
            )
            decay = min(config.average, (1 + self.updates) / (10 + self.updates))
            torch._foreach_lerp_(
                list(self.averaged.parameters()), list(self.model.parameters()), 1 - decay
            )
        self.updates += 1
        return {
            "successor_loss": successor.detach(),
            "orthonormality_loss": orthonormality.detach(),
            "actor_loss": actor_loss,
        }

    def check(self, metrics: dict[str, float]) -> None:
        """Stop with a clear error when training has diverged."""
        bad = [name for name, value in metrics.items() if not abs(value) < 1e9]
        if bad:
            raise DataError(
                f"training diverged at update {self.updates} ({', '.join(bad)}); resume from the "
                "last checkpoint with a lower --learning-rate or a larger --batch",
                ErrorCode.DIVERGED,
            )

    def _update_actor(self, s: Tensor, z: Tensor) -> Tensor:
        for p in self._critic:
            p.requires_grad_(False)
        with torch.autocast(self._device.type, dtype=torch.bfloat16):
            action = self._noisy(self.model.act(s, z).float())
            f = self.model.forward_map(s, z, action)
        loss = -(f.float() * z).sum(-1).amin(0).mean()
        self._actor_optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._actor_optimizer.step()
        for p in self._critic:
            p.requires_grad_(True)
        return loss.detach()

    @torch.no_grad()
    def _latents(self, goals: Tensor) -> Tensor:
        config, n, d = self.config, self.config.batch, self.config.latent_dim
        z = torch.randn(n, d, generator=self._generator, device=self._device)
        at_goals = int(config.goal_share * n)
        at_windows = int(config.window_share * n)
        if at_goals:
            rows = torch.randperm(n, generator=self._generator, device=self._device)[:at_goals]
            z[:at_goals] = self.model.backward_map(goals[rows])
        if at_windows:
            z[at_goals : at_goals + at_windows] = self._window_latents(at_windows, goals)
        return d**0.5 * torch.nn.functional.normalize(z, dim=1)

    def _window_latents(self, n: int, reference: Tensor) -> Tensor:
        """Directions (n, d) that imitate n windows, half of them smoothed over the reference."""
        config, model = self.config, self.model
        windows = self._data.sample_windows(
            n, config.window_points, config.window_span, self._generator
        )
        plain = n // 2
        features = model.backward_map(windows[:plain].flatten(0, 1))
        shown = model.normalizer(windows[plain:])
        distances = torch.cdist(shown, model.normalizer(reference)).square().amin(1)
        low, high = config.smoothing
        draw = torch.rand(n - plain, 1, generator=self._generator, device=self._device)
        bandwidth = low * (high / low) ** draw
        # As exp(−distances / 2h) up to a factor, and only the direction of the sum matters.
        reward = torch.softmax(-distances / (2 * bandwidth), 1)
        smoothed = reward.float() @ model.backward_map(reference)
        return torch.cat([features.view(plain, config.window_points, -1).mean(1), smoothed])

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
        for optimizer in (self._critic_optimizer, self._actor_optimizer):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on exactly where training stopped."""
        return {
            "updates": self.updates,
            "model": self.model.state_dict(),
            "target": self._target.state_dict(),
            "averaged": self.averaged.state_dict(),
            "critic_optimizer": self._critic_optimizer.state_dict(),
            "actor_optimizer": self._actor_optimizer.state_dict(),
            "generator": self._generator.get_state(),
            "torch_generator": torch.get_rng_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.updates = int(state["updates"])
        self.model.load_state_dict(state["model"])
        self._target.load_state_dict(state["target"])
        self.averaged.load_state_dict(state["averaged"])
        self._critic_optimizer.load_state_dict(state["critic_optimizer"])
        self._actor_optimizer.load_state_dict(state["actor_optimizer"])
        self._generator.set_state(state["generator"].cpu())
        torch.set_rng_state(state["torch_generator"].cpu())

"""Collecting with a behaviour foundation model: what its own policies do, it can learn from.

A model trained on other agents' data never saw where its own actions lead, and a value that nothing
contradicts is believed. Here it acts on latents drawn as in training: those that imitate stretches
of what the robot has done, those of single states, and random directions; nothing of any task is
asked for. What training on, with these data added, gains on which robot: docs/results.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import DataError
from ..imitate.actor_critic import ActorCriticModel
from ..robots.registry import Robot
from .collect_rounds import Array, RoundCollector, RoundsConfig
from .prompt_latents import window_latents
from .prompt_source import PromptSource

# Latents are drawn so many at a time; more than robots are collected with.
_DRAWN = 1024


@dataclass(frozen=True)
class ModelCollectConfig(RoundsConfig):
    """How a model collects, beside what every collector is told.

    window_share, goal_share: parts of the latents that imitate a window of the prompts and a single
    state of them; the rest is uniform on the sphere. window_points, window_span, smoothing: as in
    training (`BfmConfig`). reference: states that the imitation is smoothed over.
    """

    noise: tuple[float, ...] = (0.0, 0.1, 0.2)
    window_share: float = 0.6
    goal_share: float = 0.2
    window_points: int = 6
    window_span: int = 64
    smoothing: tuple[float, float] = (2.0, 20.0)
    reference: int = 2048


class ModelCollector(RoundCollector):
    """Acts with a model on latents of what the robot has done."""

    def __init__(
        self,
        robot: Robot,
        folder: Path,
        config: ModelCollectConfig,
        bfm: ActorCriticModel,
        prompts: PromptSource,
    ) -> None:
        """prompts: what latents are drawn from. DataError for too many environments."""
        if config.environments > _DRAWN:
            raise DataError(f"at most {_DRAWN} environments, not {config.environments}")
        super().__init__(robot, folder, config)
        self._config, self._bfm, self._prompts = config, bfm, prompts
        self._generator = torch.Generator().manual_seed(
            int(np.random.SeedSequence((config.seed, self._rounds)).generate_state(1)[0])
        )
        self._reference = prompts.states(config.reference, self._generator)
        with torch.no_grad():
            self._features = bfm.backward_map(self._reference)
        self._drawn = torch.empty(0, bfm.latent_dim)

    def _begin(self) -> None:
        config = self._config
        self._noise = self._rng.choice(config.noise, size=(config.environments, 1))
        self._z = self._next(config.environments)

    def _act(self, t: int, observations: Array) -> NDArray[np.floating]:
        n, config = len(observations), self._config
        change = self._rng.random(n) < self._robot.spec.control_period_s / config.skill_s
        self._z[torch.from_numpy(change)] = self._next(int(change.sum()))
        mean = self._bfm.actions(observations, self._z.numpy())
        return np.clip(mean + self._noise * self._rng.standard_normal(mean.shape), -1, 1)

    def _learn(self, t: int, observations: Array, actions: Array) -> None:
        """The model learns later, from the shards."""

    def _scores(self) -> str:
        return ""

    def _save(self) -> None:
        """The shards are all that is needed."""

    def _next(self, n: int) -> Tensor:
        """The next n latents (n, d)."""
        if len(self._drawn) < n:
            self._drawn = torch.cat([self._drawn, self._draw()])
        z, self._drawn = self._drawn[:n].clone(), self._drawn[n:]
        return z

    @torch.no_grad()
    def _draw(self) -> Tensor:
        """Latents (_DRAWN, d) on the sphere, of each kind its share, shuffled."""
        config, generator = self._config, self._generator
        z = torch.randn(_DRAWN, self._bfm.latent_dim, generator=generator)
        windows, goals = int(config.window_share * _DRAWN), int(config.goal_share * _DRAWN)
        shown = self._prompts.windows(windows, config.window_points, config.window_span, generator)
        z[:windows] = window_latents(
            self._bfm, shown, self._reference, self._features, config.smoothing, generator
        )
        states = torch.randint(len(self._features), (goals,), generator=generator)
        z[windows : windows + goals] = self._features[states]
        order = torch.randperm(_DRAWN, generator=generator)
        return self._bfm.latent_dim**0.5 * nn.functional.normalize(z[order], dim=1)

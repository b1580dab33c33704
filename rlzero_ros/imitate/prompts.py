"""What a robot can be asked for, and the latents of it: all closed forms of one model in one place.

The smoothed imitation of a demonstration is the `Imitator`'s; the others are those of `latent`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .base import BehaviorFoundationModel
from .imitator import Imitator
from .kernel import Smoothing
from .latent import Array, goal_latent, reward_latent, tracking_latents

TRACKING_HORIZON = 8
"""Observations ahead that each latent of a tracked sequence looks at (facts: L = 8)."""


@dataclass(frozen=True)
class Imitation:
    """Behave like observations (T, observation_dim), in any order.

    smoothing: how far around them is still like them; None: as far as the bundle says.
    """

    observations: NDArray[np.float32]
    smoothing: Smoothing | None = None


@dataclass(frozen=True)
class Goal:
    """Reach one observation (observation_dim,) and stay there."""

    observation: NDArray[np.float32]


@dataclass(frozen=True)
class Tracking:
    """Pass through observations (T, observation_dim) one after the other, one every period_s."""

    observations: NDArray[np.float32]
    period_s: float


@dataclass(frozen=True)
class Reward:
    """Collect rewards (N,), one for each reference observation of the bundle, in their order.

    temperature: None for E[r·B]; otherwise each term is also weighted by softmax(r · temperature).
    """

    rewards: NDArray[np.float32]
    temperature: float | None = None


Prompt = Imitation | Goal | Tracking | Reward


class PromptInference:
    """Latents of every kind of prompt.

    reference: (N, observation_dim) the observations that rewards are given for.
    """

    def __init__(
        self, bfm: BehaviorFoundationModel, imitator: Imitator, reference: NDArray[np.floating]
    ) -> None:
        self._bfm, self.imitator, self._reference = bfm, imitator, reference

    @property
    def reference_size(self) -> int:
        """N, the number of rewards that a `Reward` has."""
        return len(self._reference)

    def latents(self, prompt: Prompt) -> Array:
        """The latent (d,) of a prompt; (T, d) of a `Tracking`.

        Raises DataError on wrong shapes, on numbers that are not finite, and where every direction
        would be as good as any other.
        """
        match prompt:
            case Imitation(observations, smoothing):
                return self.imitator.latent(observations, smoothing)
            case Goal(observation):
                return goal_latent(self._bfm, observation)
            case Tracking(observations, _):
                return tracking_latents(self._bfm, observations, TRACKING_HORIZON)
            case Reward(rewards, temperature):
                return reward_latent(self._bfm, self._reference, rewards, temperature)

"""How sharply to weight a reward, tried on the robot's own model.

E[r·B] is the latent that the theory names; a model that was trained for an afternoon often does
better on one of the sharper weightings, and which one depends on the reward. All of them are closed
forms, so a few seconds of simulation tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..imitate.base import BehaviorFoundationModel
from ..imitate.latent import Array, reward_latent
from .twin import Twin

TEMPERATURES = (None, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Of `reward_latent`: None is the plain form."""
Judge = Callable[[NDArray[np.floating]], NDArray[np.floating]]
"""Physics (..., nq + nv) to rewards (...)."""


@dataclass(frozen=True)
class RewardTrials:
    """What each of K temperatures earned, the mean reward per control period over all trials.

    latents: (K, d). earned: (K,).
    """

    temperatures: tuple[float | None, ...]
    latents: Array
    earned: NDArray[np.float64]

    @property
    def chosen(self) -> int:
        """The row that earned most, the first of equal ones."""
        return int(self.earned.argmax())

    @property
    def temperature(self) -> float | None:
        """That of the chosen row."""
        return self.temperatures[self.chosen]

    @property
    def latent(self) -> Array:
        """The latent (d,) of the chosen row."""
        return np.asarray(self.latents[self.chosen])


def rehearse_reward(
    bfm: BehaviorFoundationModel,
    twin: Twin,
    observations: NDArray[np.floating],
    rewards: NDArray[np.floating],
    judge: Judge,
    starts: NDArray[np.floating],
    *,
    seconds: float = 5.0,
    late_s: float = 0.0,
    temperatures: tuple[float | None, ...] = TEMPERATURES,
) -> RewardTrials:
    """Try a reward at every temperature.

    Args:
        bfm: the model that acts.
        twin: the robot's own model.
        observations: (N, observation_dim), which the latents are inferred from.
        rewards: (N,) of these.
        judge: the same reward of any state.
        starts: (S, nq + nv) where the trials begin; every temperature is tried from each.
        seconds: of each trial.
        late_s: how late actions come, see `Twin.try_out`.
        temperatures: K of them.

    Raises DataError on wrong shapes or a reward that points nowhere, RobotError (DIVERGED).
    """
    latents = np.stack([reward_latent(bfm, observations, rewards, t) for t in temperatures])
    k, s = len(latents), len(starts)
    trials = twin.try_out(
        bfm.actions, latents.repeat(s, axis=0), np.tile(starts, (k, 1)), seconds, late_s=late_s
    )
    earned = np.asarray(judge(trials.physics), dtype=np.float64).reshape(k, -1).mean(1)
    return RewardTrials(temperatures, latents, earned)

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

TEMPERATURES = (10.0, None, 1.0, 3.0, 30.0, 100.0)
"""Of `reward_latent`: None is the plain form. The first is the usual one."""
Judge = Callable[[NDArray[np.floating]], NDArray[np.floating]]
"""Physics (..., nq + nv) to rewards (...)."""


@dataclass(frozen=True)
class RewardTrials:
    """What each of K temperatures earned from each of S starts, the mean reward per control period.

    The first temperature is the usual one. latents: (K, d). earned: (K, S).
    """

    temperatures: tuple[float | None, ...]
    latents: Array
    earned: NDArray[np.float64]

    @property
    def chosen(self) -> int:
        """The row that earned most of those that clearly earned more than the usual one, else that.

        Clearly: by more than the standard error of the difference over the starts. The most of
        several uncertain means is often the luckiest.
        """
        gains = self.earned - self.earned[0]
        starts = gains.shape[1]
        error = gains.std(axis=1, ddof=1) / np.sqrt(starts) if starts > 1 else 0.0
        means = gains.mean(axis=1)
        return int(np.where(means > error, means, 0.0).argmax())

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
        temperatures: K of them, the usual one first.

    Raises DataError on wrong shapes or a reward that points nowhere, RobotError (DIVERGED).
    """
    latents = np.stack([reward_latent(bfm, observations, rewards, t) for t in temperatures])
    k, s = len(latents), len(starts)
    trials = twin.try_out(
        bfm.actions, latents.repeat(s, axis=0), np.tile(starts, (k, 1)), seconds, late_s=late_s
    )
    earned = np.asarray(judge(trials.physics), dtype=np.float64).reshape(k, s, -1).mean(2)
    return RewardTrials(temperatures, latents, earned)

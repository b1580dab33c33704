"""How to weight a reward, tried on the robot's own model.

E[r·B] is the latent that the theory names; a model that was trained for an afternoon often does
better on sharper weightings, and which one depends on the reward and on where the robot is. Where a
reward is earned in several ways, lying on the belly or on the back, a mean over all of them is
neither, so that some weightings look at few states alone. All of them are closed forms, so a few
seconds of simulation tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..imitate.base import BehaviorFoundationModel
from ..imitate.latent import (
    Array,
    backward_features,
    project_to_sphere,
    reward_latent,
    reward_weights,
)
from ..imitate.prompts import Reward
from .twin import Twin

REWARD_TRIAL_S = 5.0
_USUAL = 10.0
# Of `reward_latent`, besides the usual one; None is the plain form.
_TEMPERATURES = (None, 1.0, 3.0, 30.0, 100.0)
# So many states that earn most, all alike.
_BEST = (1, 4, 16, 64, 256)
# Around one state that earns: of a Gaussian over the mean square of the differences, each
# coordinate in standard deviations of the observations.
_VARIANCES = (0.25, 1.0)
# Draws of each kind that has to do with chance.
_DRAWS = 4
# A random part of the states, as usual: what is in it by chance differs.
_PART = 8
Judge = Callable[[NDArray[np.floating]], NDArray[np.floating]]
"""Physics (..., nq + nv) to rewards (...)."""


@dataclass(frozen=True)
class RewardTrials:
    """What K weightings earned from each of S starts, the mean reward once the robot has settled.

    The first is the usual one. names: how each was made. prompts: what asks for it. latents:
    (K, d). earned: (K, S).
    """

    names: tuple[str, ...]
    prompts: tuple[Reward, ...]
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
    def chosen_from_each(self) -> NDArray[np.intp]:
        """The row that earned most from each start (S,): for a robot that is known to be there."""
        return np.asarray(self.earned.argmax(0))

    @property
    def prompt(self) -> Reward:
        """That of the chosen row."""
        return self.prompts[self.chosen]


def rehearse_reward(
    bfm: BehaviorFoundationModel,
    twin: Twin,
    observations: NDArray[np.floating],
    rewards: NDArray[np.floating],
    judge: Judge,
    starts: NDArray[np.floating],
    *,
    seconds: float = REWARD_TRIAL_S,
    late_s: float = 0.0,
    seed: int = 0,
) -> RewardTrials:
    """Try to collect a reward by several weightings.

    Args:
        bfm: the model that acts.
        twin: the robot's own model.
        observations: (N, observation_dim), which the latents are inferred from.
        rewards: (N,) of these.
        judge: the same reward of any state.
        starts: (S, nq + nv) where the trials begin; every weighting is tried from each.
        seconds: of each trial.
        late_s: how late actions come, see `Twin.try_out`.
        seed: of the weightings that look at some states alone.

    Raises DataError on wrong shapes or a reward that points nowhere, RobotError (DIVERGED).
    """
    usual = reward_latent(bfm, observations, rewards, _USUAL)  # checks both
    prompts = weightings(observations, rewards, seed)
    features = backward_features(bfm, observations)
    others = [reward_weights(p.rewards, p.temperature) for p in list(prompts.values())[1:]]
    latents = np.stack([usual, *(project_to_sphere(weights @ features) for weights in others)])
    k, s = len(latents), len(starts)
    trials = twin.try_out(
        bfm.actions, latents.repeat(s, axis=0), np.tile(starts, (k, 1)), seconds, late_s=late_s
    )
    earned = np.asarray(judge(trials.physics[:, trials.settled]), dtype=np.float64)
    return RewardTrials(
        tuple(prompts), tuple(prompts.values()), latents, earned.reshape(k, s, -1).mean(2)
    )


def weightings(
    observations: NDArray[np.floating], rewards: NDArray[np.floating], seed: int
) -> dict[str, Reward]:
    """Ways to weight rewards (N,) of observations (N, observation_dim) by name, the usual first."""
    rewards = np.asarray(rewards, dtype=np.float32)
    found = {f"temperature {_USUAL:g}": Reward(rewards, _USUAL)}
    for temperature in _TEMPERATURES:
        name = "plain" if temperature is None else f"temperature {temperature:g}"
        found[name] = Reward(rewards, temperature)
    for count in _BEST:
        best = np.argsort(-rewards, kind="stable")[:count]
        found[f"the best {count}"] = _alike(best, len(rewards))
    usual = reward_weights(rewards, _USUAL)
    share = np.maximum(usual, 0.0)
    if not share.any():  # penalties alone: no state is one to stay near
        return found
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(rewards), size=(len(_VARIANCES) + 1, _DRAWS), p=share / share.sum())
    spread = observations.std(0) + 1e-3
    for variance, rows in zip(_VARIANCES, drawn, strict=False):
        for row in rows:
            squares = np.square((observations - observations[row]) / spread).mean(1)
            near = usual * np.exp(-squares / (2.0 * variance))
            found[f"near {row}, {variance:g}"] = _scaled(near)
    for row in drawn[-1]:
        found[f"state {row}"] = _alike(np.array([row]), len(rewards))
    for draw in range(_DRAWS):
        part = np.where(rng.random(len(rewards)) < 1.0 / _PART, usual, 0.0)
        if part.any():  # where few states earn, none may be in it
            found[f"part {draw}"] = _scaled(part)
    return found


def _scaled(weights: NDArray[np.float64]) -> Reward:
    # Their size means nothing, and may be next to nothing.
    return Reward((weights / np.abs(weights).max()).astype(np.float32))


def _alike(rows: NDArray[np.intp], n: int) -> Reward:
    chosen = np.zeros(n, dtype=np.float32)
    chosen[rows] = 1.0
    return Reward(chosen)

"""Offline reinforcement learning for one reward, by d3rlpy: TD3, TD3+BC and IQL.

The networks and rates are the library's own (two layers of 256, batches of 256, discount 0.99);
observations and rewards are standardised, since cosines of one robot's pictures hardly differ.
"""

from __future__ import annotations

import importlib.util
import logging
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .episodes import Policy

ALGORITHMS = {"td3": "TD3Config", "td3_bc": "TD3PlusBCConfig", "iql": "IQLConfig"}


@dataclass(frozen=True)
class Trained:
    """A policy, and the seconds of training."""

    policy: Policy
    seconds: float


def is_installed() -> bool:
    """Whether d3rlpy can be imported: `pip install .[rivals]` brings it."""
    return importlib.util.find_spec("d3rlpy") is not None


def train(
    algorithm: str,
    observations: NDArray[np.float32],
    actions: NDArray[np.float32],
    rewards: NDArray[np.float32],
    *,
    steps: int,
    seed: int,
    progress: bool = False,
) -> Trained:
    """Train on E episodes of T transitions for so many gradient steps.

    observations: (E, T + 1, observation_dim). actions: (E, T, action_dim). rewards: (E, T), of the
    state that each action led to. Episodes end because time is over, never because of a state.
    """
    if algorithm not in ALGORITHMS:
        raise DataError(f"no algorithm {algorithm!r}; there are {', '.join(ALGORITHMS)}")
    d3rlpy = _library()
    d3rlpy.seed(seed)
    config = getattr(d3rlpy.algos, ALGORITHMS[algorithm])(
        observation_scaler=d3rlpy.preprocessing.StandardObservationScaler(),
        reward_scaler=d3rlpy.preprocessing.StandardRewardScaler(),
    )
    learner = config.create(device="cpu")
    started = time.monotonic()
    learner.fit(
        _dataset(d3rlpy, observations, actions, rewards),
        n_steps=steps,
        n_steps_per_epoch=steps,
        logger_adapter=d3rlpy.logging.NoopAdapterFactory(),
        show_progress=progress,
    )
    seconds = time.monotonic() - started

    def policy(batch: NDArray[np.float32]) -> NDArray[np.floating]:
        acted = np.asarray(learner.predict(batch))
        if not np.isfinite(acted).all():
            raise DataError(f"{algorithm} diverged: its actions are not finite")
        return np.clip(acted, -1.0, 1.0)

    return Trained(policy, seconds)


def _library() -> Any:
    if not is_installed():
        raise DataError("d3rlpy is not installed: pip install .[rivals]")
    import d3rlpy
    import structlog

    # It says on standard output what it does, line by line; progress has its bar.
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet, cache_logger_on_first_use=False)
    return d3rlpy


def _dataset(
    d3rlpy: Any,
    observations: NDArray[np.float32],
    actions: NDArray[np.float32],
    rewards: NDArray[np.float32],
) -> Any:
    """Episodes as d3rlpy takes them: one row for each observation, the last of them a time-out.

    The row that times out makes no transition, so its action and reward are never looked at.
    """
    count, rows = observations.shape[:2]
    last = np.zeros((count, rows), np.float32)
    last[:, -1] = 1.0
    padded_actions = np.concatenate([actions, actions[:, -1:]], axis=1)
    padded_rewards = np.concatenate([rewards, rewards[:, -1:]], axis=1)
    return d3rlpy.dataset.MDPDataset(
        observations.reshape(count * rows, -1),
        padded_actions.reshape(count * rows, -1),
        padded_rewards.ravel(),
        np.zeros(count * rows, np.float32),
        timeouts=last.ravel(),
    )

"""What a policy made of a state: computed without a lock, since it may take too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .chain import finite_vector
from .guard_state import Fault

Observe = Callable[[], object]
Act = Callable[[NDArray[np.float64]], object]


@dataclass(frozen=True)
class Thought:
    """action: (n,) finite, in the interface's units; None with the fault that prevented it."""

    action: NDArray[np.float64] | None = None
    fault: Fault | None = None


def think(observe: Observe, act: Act, observation_dim: int, action_dim: int) -> Thought:
    """Finite observation → policy → finite action. Never raises, whatever the two do or return.

    Args:
        observe: computes the (observation_dim,) observation.
        act: turns it into the (action_dim,) action.
        observation_dim: size of a good observation.
        action_dim: size of a good action.

    """
    try:
        observed = observe()
    except Exception as error:  # noqa: BLE001 - any failure must stop the robot
        return _failed("invalid_observation", "observation failed", error)
    observation = finite_vector(observed, observation_dim)
    if observation is None:
        why = f"the observation is not {observation_dim} finite numbers"
        return Thought(fault=Fault("invalid_observation", why))
    try:
        acted = act(observation)
    except Exception as error:  # noqa: BLE001 - any failure must stop the robot
        return _failed("policy_error", "the policy failed", error)
    action = finite_vector(acted, action_dim)
    if action is None:
        why = f"the action is not {action_dim} finite numbers"
        return Thought(fault=Fault("invalid_action", why))
    return Thought(action)


def _failed(counter: str, what: str, error: Exception) -> Thought:
    return Thought(fault=Fault(counter, f"{what}: {type(error).__name__}: {error}", error))

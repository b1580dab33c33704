"""Rewards that somebody wrote in Python, as `module:function`, beside a robot's own tasks.

The function gets what the built-in tasks get, the features of N states by name, and also
`physics`, (N, nq + nv), for robots that have no features; it returns N rewards. It is code: it runs
where the command runs and never travels to a robot.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..robots.planar_features import Features
from ..robots.registry import Robot

Rewards = NDArray[np.float64]


def with_rewards(robot: Robot, names: list[str]) -> Robot:
    """The robot with more tasks, each called by the `module:function` that defines it.

    Raises DataError, saying which name and why, if one cannot be imported or called.
    """
    if not names:
        return robot

    def features(model: mujoco.MjModel, physics: NDArray[np.floating]) -> Features:
        return {**robot.features(model, physics), "physics": np.asarray(physics, dtype=np.float64)}

    more = {name: _checked(name, _function(name)) for name in names}
    return replace(robot, tasks={**robot.tasks, **more}, features=features)


def _function(name: str) -> Callable[[Features], Rewards]:
    module_name, separator, attribute = name.partition(":")
    if not (separator and module_name and attribute):
        raise DataError(f"{name!r} is not module:function, e.g. my_rewards:crouch")
    # As `python -m` does: a module beside the caller is found.
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        function = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise DataError(f"the reward {name!r} cannot be imported: {error}") from error
    if not callable(function):
        raise DataError(f"{name!r} is no function")
    return function


def _checked(name: str, function: Callable[[Features], Rewards]) -> Callable[[Features], Rewards]:
    def rewards(features: Features) -> Rewards:
        wanted = (len(features["physics"]),)
        try:
            values = np.asarray(function(features), dtype=np.float64)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DataError(
                f"the reward {name!r} failed: {type(error).__name__}: {error}; "
                f"there are {', '.join(features)}"
            ) from error
        if values.shape != wanted or not np.all(np.isfinite(values)):
            raise DataError(
                f"the reward {name!r} gives {values.shape} for {wanted[0]} states; "
                "it must give one finite number for each"
            )
        return values

    return rewards

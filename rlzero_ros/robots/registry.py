"""The built-in robots by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError
from . import cheetah, quadruped, stickman, walker
from .planar_features import Features
from .spec import RobotSpec

_ROBOTS: dict[str, ModuleType] = {
    "walker": walker,
    "cheetah": cheetah,
    "quadruped": quadruped,
    "stickman": stickman,
}


@dataclass(frozen=True)
class Robot:
    """A built-in robot.

    tasks: ground-truth rewards by name, each from `features` (N,) to rewards (N,) in [0, 1]; they
    judge and never train. features: from a model and physics (N, nq + nv) to what tasks look at.
    """

    spec: RobotSpec
    model_xml: str
    tasks: dict[str, Callable[[Features], NDArray[np.float64]]]
    features: Callable[[mujoco.MjModel, NDArray[np.floating]], Features]


def robot_names() -> tuple[str, ...]:
    """The robots that `load_robot` knows."""
    return tuple(_ROBOTS)


def load_robot(name: str) -> Robot:
    """The built-in robot of that name; RobotError lists the known ones."""
    if name not in _ROBOTS:
        raise RobotError(f"no robot named {name!r}; known: {', '.join(_ROBOTS)}")
    module = _ROBOTS[name]
    return Robot(module.SPEC, module.model_xml(), module.TASKS, module.features)

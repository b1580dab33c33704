"""Robots by name or folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import mujoco
import numpy as np
from numpy.typing import NDArray

from ..errors import RobotError
from ..paths import find_folder
from . import cheetah, quadruped, stickman, walker
from .planar_features import Features
from .robot_folder import read_robot
from .spec import RobotSpec

_ROBOTS: dict[str, ModuleType] = {
    "walker": walker,
    "cheetah": cheetah,
    "quadruped": quadruped,
    "stickman": stickman,
}


@dataclass(frozen=True)
class Robot:
    """A robot that can be simulated.

    tasks: ground-truth rewards by name, each from `features` (N,) to rewards (N,) in [0, 1]; they
    judge and never train. features: from a model and physics (N, nq + nv) to what tasks look at.
    """

    spec: RobotSpec
    model_xml: str
    tasks: dict[str, Callable[[Features], NDArray[np.float64]]]
    features: Callable[[mujoco.MjModel, NDArray[np.floating]], Features]


def robot_names() -> tuple[str, ...]:
    """The robots that are built in."""
    return tuple(_ROBOTS)


def load_robot(name_or_folder: str | Path) -> Robot:
    """A built-in robot by its name, or any by the folder that describes it.

    A folder comes from `rlzero new-robot`, or is a bundle, which may be given by its name. Such a
    robot has no tasks. RobotError lists the known ones.
    """
    module = _ROBOTS.get(str(name_or_folder))
    if module is not None:
        return Robot(module.SPEC, module.model_xml(), module.TASKS, module.features)
    folder = find_folder("bundles", name_or_folder)
    if folder is None:
        raise RobotError(
            f"no robot named {str(name_or_folder)!r}; known: {', '.join(_ROBOTS)}, "
            "and every folder that `rlzero new-robot` wrote"
        )
    spec, model_xml = read_robot(folder)
    return Robot(spec, model_xml, {}, lambda model, physics: {})

"""dm_control's planar walker."""

from __future__ import annotations

import mujoco
import numpy as np
from dm_control.suite import walker as suite_walker
from numpy.typing import NDArray

from .biped_tasks import biped_tasks
from .planar_features import Features, planar_features
from .spec import BaseSpec, ObservationTerm, RobotSpec
from .suite_robot import stand_alone, torque_command

_JOINTS = ("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle")
_GEAR = (100.0, 50.0, 20.0, 100.0, 50.0, 20.0)
_BODIES = ("torso", "right_thigh", "right_leg", "right_foot", "left_thigh", "left_leg", "left_foot")
_PERIOD_S = 0.025
BIPED_PAIRS = {part: (f"right_{part}", f"left_{part}") for part in ("thigh", "leg", "foot")}

SPEC = RobotSpec(
    name="walker",
    joint_names=_JOINTS,
    control_period_s=_PERIOD_S,
    base=BaseSpec("planar", "torso", x_joint="rootx", z_joint="rootz", pitch_joint="rooty"),
    command=torque_command(_GEAR, _PERIOD_S),
    observation=(
        ObservationTerm("body_orientation_xz", _BODIES),
        ObservationTerm("base_height"),
        ObservationTerm("planar_base_velocity"),
        ObservationTerm("joint_velocities", _JOINTS),
    ),
    velocity_limit=(60.0,) * 6,
)


def model_xml() -> str:
    """The suite's MJCF with its includes resolved, so that it stands alone in a bundle."""
    xml, assets = suite_walker.get_model_and_assets()
    return stand_alone(xml, assets)


def features(model: mujoco.MjModel, physics: NDArray[np.floating]) -> Features:
    """What the tasks look at, for states (N, nq + nv); see `planar_features`."""
    return planar_features(model, physics, "torso", BIPED_PAIRS)


TASKS = biped_tasks(stand_height=1.2)

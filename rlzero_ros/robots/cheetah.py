"""dm_control's planar cheetah."""

from __future__ import annotations

import mujoco
import numpy as np
from dm_control.suite import cheetah as suite_cheetah
from numpy.typing import NDArray

from .biped_tasks import Reward
from .planar_features import Features, planar_features
from .rewards import at_least, at_most, tolerance
from .spec import BaseSpec, ObservationTerm, RobotSpec
from .suite_robot import stand_alone, torque_command

_JOINTS = ("bthigh", "bshin", "bfoot", "fthigh", "fshin", "ffoot")
_GEAR = (120.0, 90.0, 60.0, 90.0, 60.0, 30.0)
_PERIOD_S = 0.01

SPEC = RobotSpec(
    name="cheetah",
    joint_names=_JOINTS,
    control_period_s=_PERIOD_S,
    base=BaseSpec(
        "planar",
        "torso",
        x_joint="rootx",
        z_joint="rootz",
        pitch_joint="rooty",
        start_pitch_rad=0.0,  # as in the suite; random joints all the same
    ),
    command=torque_command(_GEAR, _PERIOD_S),
    observation=(
        ObservationTerm("planar_base_pose"),
        ObservationTerm("joint_positions", _JOINTS),
        ObservationTerm("planar_base_velocity"),
        ObservationTerm("joint_velocities", _JOINTS),
    ),
    velocity_limit=(60.0,) * 6,
    figure="four_legged",
)


def model_xml() -> str:
    """The suite's MJCF with its includes resolved, so that it stands alone in a bundle."""
    xml, assets = suite_cheetah.get_model_and_assets()
    return stand_alone(xml, assets)


def features(model: mujoco.MjModel, physics: NDArray[np.floating]) -> Features:
    """What the tasks look at, for states (N, nq + nv); the pair of feet is (back, front)."""
    return planar_features(model, physics, "torso", {"foot": ("bfoot", "ffoot")})


def _moving(speed: float, direction: float) -> Reward:
    """lin(±v ≥ speed), margin the speed, zero at rest."""
    return lambda f: tolerance(
        direction * f["velocity_x"], speed, margin=speed, sigmoid="linear", value_at_margin=0.0
    )


TASKS: dict[str, Reward] = {
    "run": _moving(10.0, 1.0),
    "walk": _moving(2.0, 1.0),
    "run_backward": _moving(10.0, -1.0),
    "walk_backward": _moving(2.0, -1.0),
    "standing": lambda f: (
        at_least(f["foot_height"].max(1), 1.0) * at_most(f["foot_height"].min(1), 0.15)
    ),
    "lying_down": lambda f: (
        (at_most(f["torso_height"], 0.15) + at_least(f["foot_height"].mean(1), 0.45)) / 2.0
    ),
}

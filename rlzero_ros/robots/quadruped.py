"""dm_control's quadruped, which walks freely in three dimensions.

Each leg has four joints and three actuators: one turns the hip, two pull tendons that lift and
extend the leg, and a coupling ties the leg's other three joints together.

The suite's observation has 78 numbers. This one has the 42 that joint states, an IMU and odometry
give. Beside the torso's height, which the suite leaves out, it lacks the actuators' activations
(12), accelerations (3) and the forces and torques at the toes (24): no topic of a robot reports
them. Little is lost with the activations: joints move against 30 N·m·s/rad of damping, so that
positions and velocities together tell them (R² 0.94 of a linear fit, random commands for 0.2 s
each). A state that is restored starts with the activations that hold its pose; after one period
the joints are then 0.025 rad from where they would have been (0.067 rad from zero activations).
"""

from __future__ import annotations

import mujoco
import numpy as np
from dm_control.suite import common
from dm_control.suite import quadruped as suite_quadruped
from numpy.typing import NDArray

from .biped_tasks import Reward
from .planar_features import Features
from .rewards import at_least, at_most, tolerance
from .spec import BaseSpec, CommandSpec, Drive, ObservationTerm, RobotSpec

_LEGS = ("front_left", "front_right", "back_right", "back_left")
_JOINTS = tuple(f"{part}_{leg}" for leg in _LEGS for part in ("yaw", "pitch", "knee", "ankle"))
_PERIOD_S = 0.02
_FLOOR_M = 100.0


def _drives(leg: str) -> tuple[Drive, ...]:
    pitch, knee, ankle = f"pitch_{leg}", f"knee_{leg}", f"ankle_{leg}"
    return (
        Drive(f"yaw_{leg}", (f"yaw_{leg}",), (1.0,)),
        Drive(f"lift_{leg}", (pitch, ankle), (0.5, -0.5)),
        Drive(f"extend_{leg}", (pitch, knee, ankle), (0.25, -0.5, 0.25)),
    )


_LOWER, _UPPER = (-1.0, -1.0, -0.8) * 4, (1.0, 1.1, 0.8) * 4
# A command may swing over its whole range in one period, as in the suite: the actuators follow
# through filters of 0.1 s. A position is asked to change by half of the limit at most.
_RATE = tuple(2.0 * (high - low) / _PERIOD_S for low, high in zip(_LOWER, _UPPER, strict=True))

SPEC = RobotSpec(
    name="quadruped",
    joint_names=_JOINTS,
    control_period_s=_PERIOD_S,
    base=BaseSpec("free", "torso"),
    command=CommandSpec(
        interface="position",
        topic="position_controller/commands",
        message="float64_multi_array",
        lower=_LOWER,
        upper=_UPPER,
        rate_limit=_RATE,
        hold_damping=(0.0,) * 12,
        drives=tuple(drive for leg in _LEGS for drive in _drives(leg)),
    ),
    observation=(
        ObservationTerm("base_up"),
        ObservationTerm("base_height"),
        ObservationTerm("joint_positions", _JOINTS),
        ObservationTerm("base_linear_velocity"),
        ObservationTerm("base_angular_velocity"),
        ObservationTerm("joint_velocities", _JOINTS),
    ),
    velocity_limit=(max(_RATE),) * 16,
    figure="four_legged",
)


def model_xml() -> str:
    """The suite's MJCF with its includes resolved and a camera beside the robot."""
    xml = suite_quadruped.make_model(floor_size=_FLOOR_M)
    spec = mujoco.MjSpec.from_string(xml.decode(), include=common.ASSETS)
    camera = spec.body("torso").add_camera()
    camera.name, camera.mode = "side", mujoco.mjtCamLight.mjCAMLIGHT_TRACKCOM
    camera.pos = (0.0, -3.2, 0.8)
    camera.alt.xyaxes = (1.0, 0.0, 0.0, 0.0, 0.2, 1.0)
    return spec.to_xml()


def features(model: mujoco.MjModel, physics: NDArray[np.floating]) -> Features:
    """What the tasks look at, for states (N, nq + nv).

    torso_height, com_height (m, world), torso_zz, velocity_forward (m/s, along the torso's own x
    axis): (N,); toe_height: (N, 4) m.
    """
    data = mujoco.MjData(model)
    torso = model.body("torso").id
    toes = [model.body(f"toe_{leg}").id for leg in _LEGS]
    nq = model.nq
    rows = []
    for row in np.asarray(physics, dtype=np.float64):
        data.qpos[:], data.qvel[:] = row[:nq], row[nq:]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        forward = data.xmat[torso].reshape(3, 3)[:, 0] @ data.qvel[:3]
        single = data.xpos[torso, 2], data.subtree_com[torso, 2], data.xmat[torso, 8], forward
        rows.append([*single, *data.xpos[toes, 2]])
    table = np.array(rows).reshape(-1, 8)
    names = ("torso_height", "com_height", "torso_zz", "velocity_forward")
    return {**dict(zip(names, table.T, strict=False)), "toe_height": table[:, 4:]}


def _upright(f: Features) -> NDArray[np.float64]:
    return tolerance(f["torso_zz"], 1.0, margin=2.0, sigmoid="linear", value_at_margin=0.0)


def _moving(speed: float) -> Reward:
    """Upright · lin(v ≥ speed), margin the speed, half at rest."""
    return lambda f: _upright(f) * _half(f["velocity_forward"], speed)


def _half(x: NDArray[np.float64], wanted: float) -> NDArray[np.float64]:
    return tolerance(x, wanted, margin=wanted, sigmoid="linear", value_at_margin=0.5)


def _two_legs(f: Features) -> NDArray[np.float64]:
    toes = np.sort(f["toe_height"], axis=1)
    return at_most(toes[:, :2].mean(1), 0.2) * at_least(toes[:, 2:].mean(1), 0.8)


TASKS: dict[str, Reward] = {
    "run": _moving(5.0),
    "walk": _moving(0.5),
    "stand": _upright,
    "jump": lambda f: _upright(f) * _half(f["com_height"], 1.0),
    "lie_down": lambda f: at_most(f["torso_height"], 0.2),
    "two_legs": _two_legs,
}

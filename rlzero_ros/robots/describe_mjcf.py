"""A RobotSpec for an MJCF model that nobody prepared, or the reason why there can be none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from ..errors import RobotError
from .describe_actuators import ActuatorTable, read_actuators
from .describe_base import base_camera, find_base, joints_of
from .spec import CommandSpec, ObservationTerm, RobotSpec
from .whole_model import compile_spec, read_mjcf, whole_xml

_HINGE = int(mujoco.mjtJoint.mjJNT_HINGE)
# No MJCF says how fast a joint may move. Simulated robots flail at tens of rad/s.
_VELOCITY_LIMIT = 60.0
# Of the largest torque, per rad/s: small enough not to shake light limbs.
_HOLD_DAMPING = 0.01


@dataclass(frozen=True)
class Description:
    """What was made of a model: a specification, a model that stands alone, and what was changed.

    changes: one line each, for the person who checks it.
    """

    spec: RobotSpec
    model_xml: str
    changes: tuple[str, ...]


def describe_mjcf(path: Path, name: str, control_hz: float = 50.0) -> Description:
    """The specification of the robot in an MJCF file.

    control_hz: wanted rate; the control period is the nearest whole number of physics steps.

    Raises RobotError with the reason for a model that cannot work.
    """
    document, changes = read_mjcf(path)
    model = compile_spec(document)
    base = find_base(model)
    joints = joints_of(model, base)
    actuators = read_actuators(model, joints)
    period = _period(model, control_hz)
    changes = [*changes, *base_camera(document, model, base)]
    spec = RobotSpec(
        name=name,
        joint_names=actuators.joint_order(joints),
        control_period_s=period,
        base=base,
        command=_command(actuators, joints, period),
        observation=_observation(model, base.kind, base.body, actuators.joint_order(joints)),
        velocity_limit=(_velocity_limit(actuators, period),) * len(joints),
    )
    return Description(spec, whole_xml(document), tuple(changes))


def _period(model: mujoco.MjModel, control_hz: float) -> float:
    if not (np.isfinite(control_hz) and control_hz > 0):
        raise RobotError(f"--control-hz must be a positive number, not {control_hz}")
    step = float(model.opt.timestep)
    if 1.0 / control_hz < step:
        raise RobotError(
            f"the model's timestep of {step} s is longer than a control period at "
            f"{control_hz:g} Hz; lower --control-hz or the timestep"
        )
    return round(round(1.0 / control_hz / step) * step, 9)


def _command(actuators: ActuatorTable, joints: tuple[str, ...], period: float) -> CommandSpec:
    limits = list(zip(actuators.lower, actuators.upper, strict=True))
    effort = actuators.interface == "effort"
    # Training knows no slower change than a whole range in one period. Positions and velocities
    # are asked to change by half of their rate.
    rate = (1.0 if effort else 2.0) / period
    return CommandSpec(
        interface=actuators.interface,
        topic=f"{actuators.interface}_controller/commands",
        message="float64_multi_array",
        lower=actuators.lower,
        upper=actuators.upper,
        rate_limit=tuple(rate * (high - low) for low, high in limits),
        hold_damping=tuple(_HOLD_DAMPING * max(-low, high) * effort for low, high in limits),
        drives=actuators.drives_for(joints),
    )


def _velocity_limit(actuators: ActuatorTable, period: float) -> float:
    if actuators.interface == "effort":
        return _VELOCITY_LIMIT
    spans = [high - low for low, high in zip(actuators.lower, actuators.upper, strict=True)]
    return max(_VELOCITY_LIMIT, 2.0 * max(spans) / period)


def _observation(
    model: mujoco.MjModel, kind: str, base: str, joints: tuple[str, ...]
) -> tuple[ObservationTerm, ...]:
    """Everything that joint states, an IMU and odometry tell, but the place and the heading."""
    if kind == "free":
        return (
            ObservationTerm("base_up"),
            ObservationTerm("base_height"),
            ObservationTerm("joint_positions", joints),
            ObservationTerm("base_linear_velocity"),
            ObservationTerm("base_angular_velocity"),
            ObservationTerm("joint_velocities", joints),
        )
    bodies, apart = _planar_bodies(model, base, joints)
    terms = [ObservationTerm("body_orientation_xz", bodies), ObservationTerm("base_height")]
    if apart:
        terms.append(ObservationTerm("joint_positions", apart))
    return (
        *terms,
        ObservationTerm("planar_base_velocity"),
        ObservationTerm("joint_velocities", joints),
    )


def _planar_bodies(
    model: mujoco.MjModel, base: str, joints: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Bodies that hinges turn in the plane, base first, and the joints that move otherwise."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    bodies, apart = [base], []
    for name in joints:
        joint = model.joint(name).id
        in_plane = abs(data.xaxis[joint, 1]) > 0.999 and model.jnt_type[joint] == _HINGE
        if in_plane:
            body = model.body(model.jnt_bodyid[joint]).name
            bodies.append(body)
        else:
            apart.append(name)
    return tuple(dict.fromkeys(bodies)), tuple(apart)

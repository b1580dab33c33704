"""What an operator may set of the controller, and the limits that follow from it and the robot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BundleError, ErrorCode
from ..robots.spec import RobotSpec
from ..safety import BodyLimits, CommandLimits, LoopWatch

Ranges = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class ControlSettings:
    """Each is a parameter of policy_node with the same name; see `policy_parameters`.

    Those that end in _stop are limits of what sensors report; 0 means never.
    """

    engage_s: float = 1.0
    plan_blend_s: float = 0.3
    loop_timeout_s: float = 0.1
    max_overruns: int = 10
    overrun_window: int = 40
    joint_velocity_stop: float = 0.0
    joint_margin_stop: float = 0.0
    min_height_stop: float = 0.0
    max_tilt_stop: float = 0.0

    def loop_watch(self, period_s: float) -> LoopWatch:
        """Return the watch on a control loop; no loop is late within three of its periods."""
        timeout_s = max(self.loop_timeout_s, 3.0 * period_s)
        return LoopWatch(period_s, timeout_s, self.max_overruns, self.overrun_window)

    def body_limits(self, spec: RobotSpec, ranges: Ranges) -> BodyLimits:
        """Return what the measured body may do; ranges: (joints,) lower and upper of the model."""
        lower, upper = ranges
        unbounded = np.full(len(spec.joint_names), np.inf)
        margin = self.joint_margin_stop or np.inf
        speed = np.asarray(spec.velocity_limit) * self.joint_velocity_stop
        return BodyLimits(
            joint_names=spec.joint_names,
            lower=lower - margin,
            upper=upper + margin,
            velocity=speed if self.joint_velocity_stop else unbounded,
            min_height_m=self.min_height_stop or -np.inf,
            max_tilt_rad=self.max_tilt_stop or np.inf,
        )


def command_limits(spec: RobotSpec, ranges: Ranges | None = None) -> CommandLimits:
    """Return the limits of a robot's command.

    A position may not change faster than its joint can move, nor leave the joint's range in the
    model: the narrower of the specification and `ranges` (joints,) counts.

    Raises:
        BundleError: naming the joint, if the two have nothing in common.

    """
    command = spec.command
    lower, upper, rate = (np.asarray(v) for v in (command.lower, command.upper, command.rate_limit))
    if command.interface == "position":
        rate = np.minimum(rate, spec.driven_velocity_limit)
        if ranges is not None and not command.drives:
            lower, upper = np.maximum(lower, ranges[0]), np.minimum(upper, ranges[1])
            if (apart := lower > upper).any():
                name = spec.joint_names[int(np.argmax(apart))]
                raise BundleError(
                    f"the command limits of {name} lie outside its range in model.xml; "
                    "correct one of them and pack the bundle again",
                    ErrorCode.BUNDLE_MISMATCH,
                )
    return CommandLimits(
        interface=command.interface,
        lower=lower,
        upper=upper,
        rate=rate,
        damping=np.asarray(command.hold_damping),
        period_s=spec.control_period_s,
        drives=spec.drive_weights if command.drives else None,
    )

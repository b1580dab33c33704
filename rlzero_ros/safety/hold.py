"""What a robot is told when no policy drives it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .chain import finite_vector, stale_input
from .limits import CommandLimits
from .reading import Reading


def driven_velocities(reading: Reading, limits: CommandLimits) -> NDArray[np.float64] | None:
    """Return the (n,) velocities that a hold may damp; None if they are not fresh and finite."""
    if stale_input({"velocities": reading.velocities_age_s}, limits.stale_after_s):
        return None
    velocities = finite_vector(reading.joint_velocities, limits.joints)
    return None if velocities is None else finite_vector(limits.driven(velocities))


def hold_command(
    limits: CommandLimits,
    last_command: NDArray[np.float64] | None,
    velocities: NDArray[np.float64] | None,
) -> NDArray[np.float64] | None:
    """Return the (n,) command that lets the robot come to rest, within the limits.

    Position robots: the last commanded pose, or None if there has been none (the robot's own
    controller is holding it; any pose made up here would move it).
    Velocity robots: zero.
    Effort robots: −kd·velocity, or zero without velocities, since damping computed from an old
    velocity drives the joint.

    Args:
        limits: the robot's limits and damping.
        last_command: (n,) finite, what was last sent, or None.
        velocities: (n,) of what is commanded, finite and fresh, rad/s, or None.

    """
    if limits.interface == "position":
        return None if last_command is None else np.clip(last_command, limits.lower, limits.upper)
    if limits.interface == "velocity" or velocities is None:
        return np.zeros(limits.size)
    # A huge velocity overflows to infinity, which the limits make a full brake.
    with np.errstate(over="ignore"):
        return np.clip(-limits.damping * velocities, limits.lower, limits.upper)


def final_command(
    limits: CommandLimits, last_command: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    """Return the (n,) command to leave behind when nobody will send another, or None.

    Forward controllers repeat the last command for ever, so it must be one that can stand for
    ever: zero torque, zero velocity, or the pose that the robot is being held in.
    """
    return hold_command(limits, last_command, None)

"""Whether a policy may act on what the robot says of itself."""

from __future__ import annotations

from .body_limits import BodyLimits
from .chain import finite_vector, stale_input
from .guard_state import Fault
from .limits import CommandLimits
from .reading import Reading


def unfit(reading: Reading, limits: CommandLimits, body: BodyLimits | None) -> Fault | None:
    """Return why no policy may act on this state, None if one may: stale, not finite, or beyond.

    Args:
        reading: the robot's state.
        limits: how old it may be, and of how many joints it must speak.
        body: what the joints and the base may do; None for anything.

    """
    if why := stale_input(reading.ages_s, limits.stale_after_s):
        return Fault("stale_state", f"stale state: {why}")
    if why := _invalid(reading, limits.joints):
        return Fault("invalid_state", f"invalid state: {why}")
    return None if body is None else body.broken(reading)


def _invalid(reading: Reading, joints: int) -> str:
    if reading.fault:
        return reading.fault
    if finite_vector(reading.joint_positions, joints) is None:
        return f"joint positions are not {joints} finite numbers"
    if finite_vector(reading.joint_velocities, joints) is None:
        return f"joint velocities are not {joints} finite numbers"
    if finite_vector(reading.base) is None:
        return "the base's pose or motion is not finite"
    return ""

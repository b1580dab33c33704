"""What robots that are driven by torques, and models of dm_control's suite, have in common."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco

from .spec import CommandSpec


def torque_command(torques: tuple[float, ...], period_s: float) -> CommandSpec:
    """Commands between minus and plus so many N·m, by ros2_control's effort controller."""
    return CommandSpec(
        interface="effort",
        topic="effort_controller/commands",
        message="float64_multi_array",
        lower=tuple(-torque for torque in torques),
        upper=torques,
        # A torque may swing over its whole range in one period, as in the suite: gaits need it.
        rate_limit=tuple(2.0 * torque / period_s for torque in torques),
        # Small enough that kd·dt stays below the inertia of the light limbs: more would shake them.
        hold_damping=tuple(0.01 * torque for torque in torques),
    )


def stand_alone(xml: bytes | str, assets: Mapping[str, bytes]) -> str:
    """The suite's MJCF with its includes resolved, so that it stands alone in a bundle."""
    text = xml.decode() if isinstance(xml, bytes) else xml
    return mujoco.MjSpec.from_string(text, include=dict(assets)).to_xml()

"""The parameters of fake_hardware_node; config/fake_hardware.yaml holds the same values."""

from __future__ import annotations

from .parameter_table import Row

TOPICS = ("joint_states", "imu", "odom")
ORDERS = ("spec", "alphabetical", "shuffled")
RELIABILITIES = ("reliable", "best_effort")
POSITION_UNITS = ("rad", "deg")
_WHICH = f"space-separated, of {', '.join(TOPICS)}"

PARAMETERS: dict[str, Row] = {
    "bundle": ("walker", "Bundle: the name of an installed one, or the path of its folder"),
    "seed": (0, "Seed of everything random: order, jitter, drops", 0, 2**31 - 1),
    "held": (True, "Hold the robot in its default pose, as a gantry does, until the first command"),
    "state_rate_hz": (200.0, "Rate of joint_states, imu and odom", 1.0, 500.0),
    "reliability": ("reliable", f"QoS of the states: {' or '.join(RELIABILITIES)}"),
    "realtime_priority": (
        20,
        "SCHED_RR priority of this process while active, if the system permits; 0 for none. "
        "The robot itself gets two more, as the control loop does.",
        0,
        96,
    ),
}

# What may be changed while it runs: `ros2 param set` injects a fault, and heals it.
FAULTS: dict[str, Row] = {
    "latency_s": (0.0, "Delay of every state message", 0.0, 10.0),
    "jitter_s": (
        0.0,
        "Further delay, drawn evenly up to this; may reorder messages",
        0.0,
        10.0,
    ),
    "command_latency_s": (0.0, "Delay of every command", 0.0, 10.0),
    "drop_rate": (0.0, "Share of state messages that are lost", 0.0, 1.0),
    "command_drop_rate": (0.0, "Share of commands that are lost", 0.0, 1.0),
    "repeat_rate": (0.0, "Share of state messages that are sent twice", 0.0, 1.0),
    "joint_order": ("spec", f"Order of joint_states: {', '.join(ORDERS)}"),
    "extra_joints": (0, "Joints in joint_states that are not the bundle's", 0, 100),
    "missing_joints": ("", "Joints left out of joint_states; space-separated"),
    "silent": ("", f"Topics that say nothing; {_WHICH}"),
    "frozen": ("", f"Topics that repeat their last message, stamp and all; {_WHICH}"),
    "stuck": ("", f"Topics that repeat their last values with new stamps; {_WHICH}"),
    "nan": ("", f"Topics in which one number is NaN; {_WHICH}"),
    "position_unit": ("rad", f"Unit of joint_states: {' or '.join(POSITION_UNITS)}"),
    "clock_offset_s": (0.0, "Added to every stamp", -1e6, 1e6),
}

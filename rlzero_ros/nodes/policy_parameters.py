"""The parameters of policy_node; config/policy.yaml holds the same values for an operator."""

from __future__ import annotations

from .parameter_table import Row

PARAMETERS: dict[str, Row] = {
    "bundle": ("walker", "Bundle: the name of an installed one, or the path of its folder"),
    "dry_run": (True, "Compute everything, publish no command"),
    "preflight": (
        True,
        "Refuse to arm a robot whose topics, joints, units or clocks are not right, or that "
        "somebody else commands; stop when somebody begins to",
    ),
    "engage_s": (1.0, "Seconds in which the policy takes over after arming", 0.0, 30.0),
    "plan_blend_s": (0.3, "Seconds in which the latent of one plan becomes the next", 0.0, 30.0),
    "new_stamps_only": (
        True,
        "An input whose stamp does not advance is silent; false for a simulator that can pause",
    ),
    "min_confidence": (0.0, "A plan with less confidence than this is refused", -1.0, 1.0),
    "max_plan_steps": (2000, "A plan with more observations than this is refused", 1, 100_000),
    "input_latency_s": (
        0.01,
        "How old an input is when it arrives, in seconds; added to its age",
        0.0,
        0.05,
    ),
    "loop_timeout_s": (
        0.1,
        "A control step that comes later than this after the last one, or takes longer, stops the "
        "robot; at least three control periods",
        0.02,
        10.0,
    ),
    "max_overruns": (
        10,
        "As many missed control periods within overrun_window stop the robot; 0 for never",
        0,
        10_000,
    ),
    "overrun_window": (40, "In how many control periods missed ones are counted", 2, 10_000),
    "joint_velocity_stop": (
        1.0,
        "A joint that moves faster than this share of its limit in the bundle stops the robot; "
        "0 for never",
        0.0,
        100.0,
    ),
    "joint_margin_stop": (
        0.1,
        "A joint further than this (rad or m) outside its range in the bundle's model stops the "
        "robot; 0 for never",
        0.0,
        10.0,
    ),
    "min_height_stop": (
        0.0,
        "A base lower than this (m, odom) stops the robot; 0 for never, as for robots that may "
        "lie down",
        0.0,
        10.0,
    ),
    "max_tilt_stop": (
        0.0,
        "A base tilted by more than this (rad) stops the robot; 0 for never, as for robots that "
        "may lie down",
        0.0,
        3.15,
    ),
    "realtime_priority": (
        20,
        "SCHED_RR priority of this process while active, if the system permits; 0 for none. "
        "What receives gets one more, the control loop two, its watchdog three; the inference of "
        "latents gets one less.",
        0,
        96,
    ),
    "status_rate_hz": (10.0, "Rate of policy_status", 1.0, 50.0),
}

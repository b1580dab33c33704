"""The parameters of mujoco_node; config/mujoco.yaml holds the same values."""

from __future__ import annotations

from ..robots.simulation import INITIAL_POSES
from .parameter_table import Row

PARAMETERS: dict[str, Row] = {
    "robot": (
        "walker",
        "Name of a built-in robot, or folder of a bundle or of `rlzero new-robot`.",
    ),
    "seed": (0, "Seed of random initial poses.", 0, 2**31 - 1),
    "initial_pose": ("default", f"Pose at a reset: {' or '.join(INITIAL_POSES)}."),
    "start_paused": (False, "Hold the robot in its initial pose until pause(false)."),
    "state_rate_hz": (200.0, "Rate of joint_states, imu and odom.", 20.0, 500.0),
    "clock_rate_hz": (
        50.0,
        "Rate of /clock; 0 is off, for all but one simulator in a graph.",
        0.0,
        500.0,
    ),
    "command_timeout_s": (
        0.1,
        "Without commands for so long, effort and velocity robots get zero.",
        0.01,
        10.0,
    ),
    "realtime_priority": (
        20,
        "SCHED_RR priority of this process while active, if the system permits; 0 for none. "
        "The physics get two more, as the control loop does.",
        0,
        96,
    ),
    "camera.rate_hz": (0.0, "Pictures per second; 0 is off.", 0.0, 120.0),
    "camera.width": (320, "Pixels across.", 16, 1920),
    "camera.height": (240, "Pixels down.", 16, 1080),
}

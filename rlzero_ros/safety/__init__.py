"""The guard between a learned policy and a robot's motors: pure functions and one state machine.

Nothing here knows ROS, MuJoCo or torch; numpy is the only import, so that the whole room can be
read, and tested by brute force, on its own.
"""

from rlzero_ros.safety.blend import blend, smoothstep
from rlzero_ros.safety.chain import clip_to_limits, finite_vector, limit_slew, stale_input
from rlzero_ros.safety.guard import GuardState, SafetyGuard, Verdict
from rlzero_ros.safety.hold import final_command, hold_command
from rlzero_ros.safety.latent_blend import LatentBlend
from rlzero_ros.safety.limits import CommandLimits
from rlzero_ros.safety.reading import Reading

__all__ = [
    "CommandLimits",
    "GuardState",
    "LatentBlend",
    "Reading",
    "SafetyGuard",
    "Verdict",
    "blend",
    "clip_to_limits",
    "final_command",
    "finite_vector",
    "hold_command",
    "limit_slew",
    "smoothstep",
    "stale_input",
]

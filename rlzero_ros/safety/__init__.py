"""The guard between a learned policy and a robot's motors: pure functions and one state machine.

Nothing here knows ROS, MuJoCo or torch; numpy is the only import, so that the whole room can be
read, and tested by brute force, on its own.
"""

from .blend import blend, smoothstep
from .body_limits import BodyLimits
from .chain import clip_to_limits, finite_vector, limit_slew, stale_input
from .guard import SafetyGuard
from .guard_state import COUNTERS, Fault, GuardState, Verdict
from .hold import final_command, hold_command
from .latent_blend import LatentBlend
from .limits import CommandLimits
from .loop_watch import LoopWatch
from .reading import Reading
from .thought import Thought, think

__all__ = [
    "COUNTERS",
    "BodyLimits",
    "CommandLimits",
    "Fault",
    "GuardState",
    "LatentBlend",
    "LoopWatch",
    "Reading",
    "SafetyGuard",
    "Thought",
    "Verdict",
    "blend",
    "clip_to_limits",
    "final_command",
    "finite_vector",
    "hold_command",
    "limit_slew",
    "smoothstep",
    "stale_input",
    "think",
]

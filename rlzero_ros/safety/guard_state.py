"""The guard's states, its answers to people, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

COUNTERS = (
    "ticks",
    "stale_state",
    "invalid_state",
    "joint_velocity",
    "joint_position",
    "fallen",
    "loop_overruns",
    "loop_hangs",
    "invalid_observation",
    "policy_error",
    "invalid_action",
    "discarded",
    "clipped",
    "slew_limited",
    "invalid_command",
    "passed",
    "held",
    "faults",
    "stops",
    "arms",
    "arms_refused",
    "resets",
)
"""In the order of the chain. discarded: actions of a policy that was no longer driving when they
came; faults: those that stopped an armed robot."""


class GuardState(IntEnum):
    """The numbers are those of PolicyStatus.guard_state."""

    DISARMED = 0
    ENGAGING = 1
    RUNNING = 2
    STOPPED = 3


@dataclass(frozen=True)
class Verdict:
    """Whether a request was granted, and what to tell the person who made it."""

    granted: bool
    message: str


@dataclass(frozen=True)
class Fault:
    """Why the robot has to stop: the counter that it belongs to, and words for a person."""

    counter: str
    reason: str
    error: Exception | None = None

"""The state machine that decides, at every control step, what the robot may be told.

                 arm                      blend over
    DISARMED ───────────▶ ENGAGING ───────────────────▶ RUNNING
        ▲ ▲                  │ ▲  a policy takes over      │
        │ └── disarm ────────┤ └──── from a hold ──────────┤
        │ reset_stop         ▼         fault or stop       │
        └───────────────── STOPPED ◀───────────────────────┘

STOPPED is latched: whatever the inputs do later, only `reset_stop` and then `arm` lead out of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .blend import blend
from .chain import clip_to_limits, finite_vector, limit_slew, stale_input
from .hold import final_command, hold_command
from .limits import CommandLimits
from .reading import Reading

Observe = Callable[[], object]
Act = Callable[[NDArray[np.float64]], object]

COUNTERS = (
    "ticks",
    "stale_state",
    "invalid_state",
    "invalid_observation",
    "policy_error",
    "invalid_action",
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


class SafetyGuard:
    """Fresh → finite observation → policy → finite action → clip → slew → finite → publish.

    `tick` never raises, whatever its inputs are or do; what it returns is None (send nothing) or
    an (n,) command that is finite and within the limits. Not thread-safe: the caller holds a lock.
    """

    def __init__(self, limits: CommandLimits, observation_dim: int, engage_s: float) -> None:
        """Start disarmed.

        Args:
            limits: of the command.
            observation_dim: size of the policy's observation.
            engage_s: seconds in which a policy takes over from a hold; 0 for at once.

        Raises:
            ValueError: if engage_s is not a finite number >= 0.

        """
        if not (np.isfinite(engage_s) and engage_s >= 0):
            raise ValueError(f"engage_s must be a number of seconds >= 0, not {engage_s}")
        self.limits = limits
        self.counters: dict[str, int] = dict.fromkeys(COUNTERS, 0)
        self.state = GuardState.DISARMED
        self.stop_reason = ""
        self.last_error: Exception | None = None
        self._observation_dim = observation_dim
        self._engage_ticks = int(np.ceil(engage_s / limits.period_s))
        self._engage_tick = 0
        self._engage_from = np.zeros(limits.size)
        self._holding = True
        self._last: NDArray[np.float64] | None = None

    @property
    def armed(self) -> bool:
        """Whether a policy may drive the robot."""
        return self.state in (GuardState.ENGAGING, GuardState.RUNNING)

    @property
    def last_command(self) -> NDArray[np.float64] | None:
        """A copy of the (n,) command last returned, None before the first."""
        return None if self._last is None else self._last.copy()

    def final_command(self) -> NDArray[np.float64] | None:
        """Return what to leave behind when the loop ends, None if nothing was ever sent."""
        return None if self._last is None else final_command(self.limits, self._last)

    def arm(self, reading: Reading) -> Verdict:
        """Let the policy drive, beginning from where the robot is."""
        if self.armed:
            return Verdict(True, "already armed")
        if self.state is GuardState.STOPPED:
            return self._refuse_arm(f"stopped: {self.stop_reason}; call reset_stop first")
        if why := stale_input(reading.ages_s, self.limits.stale_after_s) or reading.fault:
            return self._refuse_arm(f"the robot's state cannot be used: {why}")
        positions = finite_vector(reading.joint_positions, self.limits.size)
        if positions is None or self._velocities(reading) is None:
            return self._refuse_arm("the robot's state cannot be used: a joint is not finite")
        if self.limits.interface == "position":
            # The measured pose: the one place that no controller has to hurry to.
            self._last = clip_to_limits(positions, self.limits)[0]
        elif self._last is None:
            self._last = np.zeros(self.limits.size)
        self.counters["arms"] += 1
        self._holding = True
        self.state = GuardState.ENGAGING
        return Verdict(True, "armed")

    def disarm(self) -> Verdict:
        """Take the robot from the policy; it is held, and `arm` is enough to give it back."""
        if self.state is GuardState.STOPPED:
            return Verdict(False, f"stopped: {self.stop_reason}; call reset_stop")
        was_armed = self.armed
        self.state = GuardState.DISARMED
        return Verdict(True, "disarmed" if was_armed else "already disarmed")

    def release(self) -> None:
        """Forget what was last sent, when the loop ends: whoever drives next moves the robot.

        A stop stays latched; a policy that was driving has to be armed again.
        """
        self._last = None
        if self.armed:
            self.state = GuardState.DISARMED

    def stop(self, reason: str) -> Verdict:
        """Stop and latch; the first reason stays."""
        self.counters["stops"] += 1
        if self.state is GuardState.STOPPED:
            return Verdict(True, f"already stopped: {self.stop_reason}")
        self.state = GuardState.STOPPED
        self.stop_reason = reason
        return Verdict(True, f"stopped: {reason}")

    def reset_stop(self) -> Verdict:
        """Unlatch a stop; the robot stays held until it is armed."""
        if self.state is not GuardState.STOPPED:
            return Verdict(False, "not stopped, nothing to reset")
        self.counters["resets"] += 1
        self.state = GuardState.DISARMED
        self.stop_reason = ""
        self.last_error = None
        return Verdict(True, "stop reset; call arm to move")

    def tick(
        self, reading: Reading, observe: Observe, act: Act | None
    ) -> NDArray[np.float64] | None:
        """Run the chain once.

        Args:
            reading: the robot's state.
            observe: computes the (observation_dim,) observation; called only once the state has
                been found fresh and finite.
            act: turns that observation into an (n,) command in the interface's units; None to
                hold the robot while it stays armed.

        Returns:
            The (n,) command to publish, or None to publish nothing: before the first arming.
            A fault latches STOPPED and returns the hold; `last_error` keeps an exception that
            `observe` or `act` raised.

        """
        self.counters["ticks"] += 1
        if not self.armed:
            return self._hold(reading)
        if why := stale_input(reading.ages_s, self.limits.stale_after_s):
            return self._fault("stale_state", f"stale state: {why}", reading)
        if why := self._invalid_state(reading):
            return self._fault("invalid_state", f"invalid state: {why}", reading)
        if act is None:
            self._holding = True
            self.state = GuardState.RUNNING
            return self._hold(reading)
        try:
            observed = observe()
        except Exception as error:  # noqa: BLE001 - any failure must stop the robot
            return self._fault("invalid_observation", "observation failed", reading, error)
        observation = finite_vector(observed, self._observation_dim)
        if observation is None:
            why = f"the observation is not {self._observation_dim} finite numbers"
            return self._fault("invalid_observation", why, reading)
        try:
            acted = act(observation)
        except Exception as error:  # noqa: BLE001 - any failure must stop the robot
            return self._fault("policy_error", "the policy failed", reading, error)
        action = finite_vector(acted, self.limits.size)
        if action is None:
            why = f"the action is not {self.limits.size} finite numbers"
            return self._fault("invalid_action", why, reading)
        return self._admit(action, reading)

    def _admit(self, action: NDArray[np.float64], reading: Reading) -> NDArray[np.float64] | None:
        """Clip, blend, slew and look once more."""
        previous = self._last if self._last is not None else np.zeros(self.limits.size)
        if self._holding:
            self._holding = False
            self._engage_from, self._engage_tick = previous, 0
            self.state = GuardState.ENGAGING
        clipped, changed = clip_to_limits(action, self.limits)
        self.counters["clipped"] += changed
        if self.state is GuardState.ENGAGING:
            self._engage_tick += 1
            if self._engage_tick >= self._engage_ticks:
                self.state = GuardState.RUNNING
            else:
                fraction = self._engage_tick / self._engage_ticks
                clipped = blend(self._engage_from, clipped, fraction)
        limited, changed = limit_slew(clipped, previous, self.limits)
        self.counters["slew_limited"] += changed
        # Rounding may carry a sum past a limit by its last bit; the limits win.
        command = finite_vector(clip_to_limits(limited, self.limits)[0], self.limits.size)
        if command is None:
            return self._fault("invalid_command", "the command is not finite", reading)
        self.counters["passed"] += 1
        self._last = command
        return command.copy()

    def _hold(self, reading: Reading) -> NDArray[np.float64] | None:
        """Return the hold; nothing as long as nothing was ever sent, unless a stop asks for it."""
        if self._last is None and self.state is not GuardState.STOPPED:
            return None
        age = {"velocities": reading.velocities_age_s}
        fresh = not stale_input(age, self.limits.stale_after_s)
        velocities = self._velocities(reading) if fresh else None
        command = hold_command(self.limits, self._last, velocities)
        if command is not None:
            self.counters["held"] += 1
            self._last = command
            return command.copy()
        return None

    def _fault(
        self, counter: str, reason: str, reading: Reading, error: Exception | None = None
    ) -> NDArray[np.float64] | None:
        self.counters[counter] += 1
        self.counters["faults"] += 1
        self.last_error = error
        self.stop(reason if error is None else f"{reason}: {type(error).__name__}: {error}")
        return self._hold(reading)

    def _invalid_state(self, reading: Reading) -> str:
        if reading.fault:
            return reading.fault
        if finite_vector(reading.joint_positions, self.limits.size) is None:
            return f"joint positions are not {self.limits.size} finite numbers"
        if self._velocities(reading) is None:
            return f"joint velocities are not {self.limits.size} finite numbers"
        if finite_vector(reading.base) is None:
            return "the base's pose or motion is not finite"
        return ""

    def _velocities(self, reading: Reading) -> NDArray[np.float64] | None:
        return finite_vector(reading.joint_velocities, self.limits.size)

    def _refuse_arm(self, why: str) -> Verdict:
        self.counters["arms_refused"] += 1
        return Verdict(False, why)

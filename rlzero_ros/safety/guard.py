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

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .blend import blend
from .body_limits import BodyLimits
from .chain import clip_to_limits, finite_vector, limit_slew, stale_input
from .guard_state import COUNTERS, Fault, GuardState, Verdict
from .hold import driven_velocities, final_command, hold_command
from .limits import CommandLimits
from .reading import Reading
from .thought import Act, Observe, Thought, think
from .unfit import unfit


class SafetyGuard:
    """Fresh → finite → within the body's limits → policy → clip → slew → finite → publish.

    `tick` is one control step. Where the policy may take long, `begin`, `think` and `finish` are
    the same step in three parts, of which `think` needs no lock; whatever stops the robot in the
    meantime discards the action. Nothing here raises, whatever the inputs are or do; what is
    returned is None (send nothing) or an (n,) command that is finite and within the limits.
    Not thread-safe: the caller holds a lock.
    """

    def __init__(
        self,
        limits: CommandLimits,
        observation_dim: int,
        engage_s: float,
        body: BodyLimits | None = None,
    ) -> None:
        """Start disarmed.

        Args:
            limits: of the command.
            observation_dim: size of the policy's observation.
            engage_s: seconds in which a policy takes over from a hold; 0 for at once.
            body: limits of what is measured; None for none.

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
        self._body = body
        self._observation_dim = observation_dim
        self._engage_ticks = int(np.ceil(engage_s / limits.period_s))
        self._engage_tick = 0
        self._engage_from = np.zeros(limits.size)
        self._holding = True
        self._arming = 0
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
            return self.refuse_arm(f"stopped: {self.stop_reason}; call reset_stop first")
        if fault := unfit(reading, self.limits, self._body):
            return self.refuse_arm(f"the robot's state cannot be used: {fault.reason}")
        if self.limits.interface == "position":
            # The measured pose: the one place that no controller has to hurry to.
            positions = np.asarray(reading.joint_positions, dtype=np.float64)
            self._last = clip_to_limits(self.limits.driven(positions), self.limits)[0]
        elif self._last is None:
            self._last = np.zeros(self.limits.size)
        self.counters["arms"] += 1
        self._holding = True
        self.state = GuardState.ENGAGING
        return Verdict(True, "armed")

    def refuse_arm(self, why: str) -> Verdict:
        """Refuse to arm, and count it."""
        self.counters["arms_refused"] += 1
        return Verdict(False, why)

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

    def trip(self, fault: Fault) -> None:
        """Count a fault; it stops the robot if a policy drives it."""
        self.counters[fault.counter] += 1
        if self.armed:
            self.counters["faults"] += 1
            self.last_error = fault.error
            self.stop(fault.reason)

    def expire(self, ages_s: Mapping[str, float]) -> None:
        """Stop if a policy drives the robot and an input is too old; for between two steps."""
        if self.armed and (why := stale_input(ages_s, self.limits.stale_after_s)):
            self.trip(Fault("stale_state", f"stale state: {why}"))

    def tick(
        self, reading: Reading, observe: Observe, act: Act | None
    ) -> NDArray[np.float64] | None:
        """Run the chain once.

        Args:
            reading: the robot's state.
            observe: computes the (observation_dim,) observation; called only once the state has
                been found fresh, finite and within the body's limits.
            act: turns that observation into an (n,) command in the interface's units; None to
                hold the robot while it stays armed.

        Returns:
            The (n,) command to publish, or None to publish nothing: before the first arming.
            A fault latches STOPPED and returns the hold; `last_error` keeps an exception that
            `observe` or `act` raised.

        """
        command = None
        if self.begin(reading, act is not None) and act is not None:
            command = self.finish(think(observe, act, self._observation_dim, self.limits.size))
        return self.hold(reading) if command is None else command

    def begin(self, reading: Reading, driven: bool) -> bool:
        """Judge the state; return whether an action is wanted, else `hold` is what to send.

        driven: whether there is a policy that could act on it.
        """
        self.counters["ticks"] += 1
        if not self.armed:
            return False
        if fault := unfit(reading, self.limits, self._body):
            self.trip(fault)
            return False
        if not driven:
            self._holding = True
            self.state = GuardState.RUNNING
            return False
        self._arming = self.counters["arms"]
        return True

    def finish(self, thought: Thought) -> NDArray[np.float64] | None:
        """Return the (n,) command of the action, None where `hold` is what to send."""
        if not self.armed or self._arming != self.counters["arms"]:
            self.counters["discarded"] += 1
            return None
        if thought.action is None:
            self.trip(thought.fault or Fault("invalid_action", "there is no action"))
            return None
        return self._admit(thought.action)

    def hold(self, reading: Reading) -> NDArray[np.float64] | None:
        """Return the hold; nothing as long as nothing was ever sent, unless a stop asks for it."""
        if self._last is None and self.state is not GuardState.STOPPED:
            return None
        velocities = driven_velocities(reading, self.limits)
        command = hold_command(self.limits, self._last, velocities)
        if command is not None:
            self.counters["held"] += 1
            self._last = command
            return command.copy()
        return None

    def _admit(self, action: NDArray[np.float64]) -> NDArray[np.float64] | None:
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
            self.trip(Fault("invalid_command", "the command is not finite"))
            return None
        self.counters["passed"] += 1
        self._last = command
        return command.copy()

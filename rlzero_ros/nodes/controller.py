"""One control step from inputs to command: task, latent, observation, policy, guard."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ErrorCode, RlzeroError
from ..imitate.latent import project_to_sphere
from ..imitate.runtime import PolicyRuntime
from ..robots.observation import ObservationAssembler
from ..robots.spec import RobotSpec
from ..safety import CommandLimits, GuardState, LatentBlend, SafetyGuard, Verdict
from .journal import Journal
from .reading_state import Inputs
from .task import Task


@dataclass(frozen=True)
class Snapshot:
    """What the policy does at one moment, for status and diagnostics."""

    task: Task
    z: NDArray[np.float32] | None
    state: GuardState
    stop_reason: str
    counters: dict[str, int]
    first_command_s: float
    ages_s: dict[str, float]
    dropped: int
    error: Exception | None
    command: NDArray[np.float64] | None = None
    """(n,) of the last step, None for none."""


class Controller:
    """Everything that a control step needs, behind one lock.

    The control loop calls `step`; services and plans come from other threads and wait for at
    most one step. Every call that changes anything is written to the journal with all that it
    was decided from, so that a recording can be computed again: no clock is read in here.
    """

    def __init__(
        self,
        spec: RobotSpec,
        assembler: ObservationAssembler,
        runtime: PolicyRuntime,
        inputs: Inputs,
        hold_z: NDArray[np.float32] | None,
        *,
        engage_s: float,
        plan_blend_s: float,
        journal: Journal | None = None,
    ) -> None:
        """Begin disarmed.

        Args:
            spec: of the robot.
            assembler: computes observations.
            runtime: computes actions.
            inputs: the robot's state.
            hold_z: (d,) the latent to hold with while there is no plan; None for the guard's hold.
            engage_s: seconds in which the policy takes over after arming.
            plan_blend_s: seconds in which one latent becomes the next.
            journal: told of every call; None for none.
        """
        limits = command_limits(spec)
        self.guard = SafetyGuard(limits, spec.observation_dim, engage_s)
        self._lock = threading.Lock()
        self._spec, self._assembler, self._runtime = spec, assembler, runtime
        self._inputs = inputs
        self._hold = Task(z=hold_z)
        self._task = self._hold
        self._stepped = self._hold
        self._state_s = -math.inf
        self._armed_s = -math.inf
        self._first_command_s = 0.0
        self._blend = LatentBlend(
            math.ceil(plan_blend_s / spec.control_period_s), project_to_sphere
        )
        self._command: NDArray[np.float64] | None = None
        self._journal = journal
        self._note("begin", arguments={"engage_s": engage_s, "plan_blend_s": plan_blend_s})

    def step(self, now_s: float) -> NDArray[np.float64] | None:
        """Return the (n,) command of this control step, None to send nothing."""
        with self._lock:
            if now_s >= self._task.expires_s:
                self._task = self._hold
            self._stepped = self._task
            self._state_s = self._inputs.newest_joint_s
            reading = self._inputs.reading(now_s)
            z = self._blend.step(self._task.z if self.guard.armed else None)

            def observe() -> NDArray[np.float32]:
                return self._assembler.observe(self._inputs.state(reading, now_s))

            def act(observation: NDArray[np.float64]) -> NDArray[np.float64]:
                assert z is not None
                return self._spec.scale_action(self._runtime.act(observation, z))

            command = self.guard.tick(reading, observe, None if z is None else act)
            self._command = command
            if not self.guard.armed:
                self._task = self._hold
            self._note(
                "step", now_s=now_s, reading=reading, task=self._stepped, z=z, command=command
            )
            return command

    def published(self, now_s: float) -> float:
        """Note that the command of the last step has gone out, or would have without dry_run.

        Returns the seconds since the newest joint state that it was computed from was received.
        """
        with self._lock:
            new = self._task.plan_id and not self._first_command_s
            if new and self._stepped is self._task and self.guard.armed:
                self._first_command_s = now_s - self._task.received_s
            return now_s - self._state_s

    @property
    def task(self) -> Task:
        """What the policy is doing."""
        return self._task

    def check_ready(self) -> None:
        """Raise RlzeroError, with the code and what to do, unless a plan could be acted on."""
        with self._lock:
            self._check_ready()

    def act_on(self, task: Task) -> None:
        """Take over a task; one without a plan is the hold.

        Raises:
            RlzeroError: if the robot is stopped, not armed, or was armed after the plan came.
        """
        with self._lock:
            self._check_ready()
            if task.received_s < self._armed_s:
                reason = "the plan came before the robot was armed; send it again"
                raise RlzeroError(reason, ErrorCode.NOT_ARMED)
            self._task = task if task.plan_id else self._hold
            self._first_command_s = 0.0
            self._note("act_on", task=task, granted=True)

    def _check_ready(self) -> None:
        if self.guard.state is GuardState.STOPPED:
            reason = f"stopped: {self.guard.stop_reason}; call reset_stop, then arm"
            raise RlzeroError(reason, ErrorCode.STOPPED)
        if not self.guard.armed:
            raise RlzeroError("the robot is not armed; call arm first", ErrorCode.NOT_ARMED)

    def arm(self, now_s: float) -> Verdict:
        """See SafetyGuard.arm; the robot holds until a plan comes."""
        with self._lock:
            if not self.guard.armed:
                self._task, self._armed_s = self._hold, now_s
            reading = self._inputs.reading(now_s)
            verdict = self.guard.arm(reading)
            self._note("arm", now_s=now_s, reading=reading, granted=verdict.granted)
            return verdict

    def disarm(self) -> Verdict:
        """See SafetyGuard.disarm; the plan is dropped."""
        with self._lock:
            self._task = self._hold
            verdict = self.guard.disarm()
            self._note("disarm", granted=verdict.granted)
            return verdict

    def stop(self, reason: str) -> Verdict:
        """See SafetyGuard.stop; the plan is dropped."""
        with self._lock:
            self._task = self._hold
            verdict = self.guard.stop(reason)
            self._note("stop", reason=reason, granted=verdict.granted)
            return verdict

    def reset_stop(self) -> Verdict:
        """See SafetyGuard.reset_stop."""
        with self._lock:
            verdict = self.guard.reset_stop()
            self._note("reset_stop", granted=verdict.granted)
            return verdict

    def release(self) -> NDArray[np.float64] | None:
        """Return the (n,) command to leave behind, None for none, and let go of the robot."""
        with self._lock:
            command = self.guard.final_command()
            self._task = self._hold
            self.guard.release()
            self._command = command
            self._note("release", command=command)
            return command

    def snapshot(self, now_s: float) -> Snapshot:
        """Return what is going on."""
        with self._lock:
            return Snapshot(
                task=self._task,
                z=self._blend.current,
                state=self.guard.state,
                stop_reason=self.guard.stop_reason,
                counters=dict(self.guard.counters),
                first_command_s=self._first_command_s,
                ages_s=self._inputs.ages_s(now_s),
                dropped=self._inputs.dropped,
                error=self.guard.last_error,
                command=self._command,
            )

    def _note(self, call: str, **more: Any) -> None:
        """Write a call to the journal, with what the guard is in after it."""
        if self._journal is not None:
            guard = self.guard
            self._journal.write(
                call=call,
                fresh=not (guard.counters["arms"] or guard.counters["stops"]),
                guard_state=guard.state,
                stop_reason=guard.stop_reason,
                **more,
            )


def command_limits(spec: RobotSpec) -> CommandLimits:
    """Return the limits of a spec; a position may not change faster than its joint can move."""
    rate = np.asarray(spec.command.rate_limit)
    if spec.command.interface == "position":
        rate = np.minimum(rate, spec.velocity_limit)
    return CommandLimits(
        interface=spec.command.interface,
        lower=np.asarray(spec.command.lower),
        upper=np.asarray(spec.command.upper),
        rate=rate,
        damping=np.asarray(spec.command.hold_damping),
        period_s=spec.control_period_s,
    )

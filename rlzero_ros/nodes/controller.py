"""Control steps from inputs to command: task, latent, observation, policy, guard."""

from __future__ import annotations

import math
import threading
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ErrorCode, RlzeroError
from ..imitate.latent import project_to_sphere
from ..imitate.runtime import PolicyRuntime
from ..robots.observation import ObservationAssembler
from ..robots.spec import RobotSpec
from ..safety import GuardState, LatentBlend, SafetyGuard, Thought, Verdict
from .control_settings import ControlSettings, command_limits
from .journal import Journal
from .reading_state import Inputs
from .snapshot import Snapshot
from .task import Task
from .thinker import Thinker, Work


class Controller:
    """Everything that a control step needs, behind one lock.

    The control loop calls `begin_step`, `think` and `end_step`; services, plans and a watchdog
    come from other threads. The policy runs in `think`, without the lock: however long it takes,
    everything else goes on. Every call that changes anything is written to the journal with all
    that it was decided from, so that a recording can be computed again: no clock is read in here.
    """

    def __init__(
        self,
        spec: RobotSpec,
        assembler: ObservationAssembler,
        runtime: PolicyRuntime,
        inputs: Inputs,
        hold_z: NDArray[np.float32] | None,
        settings: ControlSettings,
        journal: Journal | None = None,
    ) -> None:
        """Begin disarmed.

        Args:
            spec: of the robot.
            assembler: computes observations.
            runtime: computes actions.
            inputs: the robot's state.
            hold_z: (d,) the latent to hold with while there is no plan; None for the guard's hold.
            settings: of the operator.
            journal: told of every call; None for none.
        """
        ranges = assembler.joint_ranges
        self.guard = SafetyGuard(
            command_limits(spec, ranges),
            spec.observation_dim,
            settings.engage_s,
            settings.body_limits(spec, ranges),
        )
        self._loop = settings.loop_watch(spec.control_period_s)
        self._lock = threading.Lock()
        self._thinker = Thinker(spec, assembler, runtime, inputs)
        self._period_s = spec.control_period_s
        self._inputs = inputs
        self._hold = Task(z=hold_z)
        self._task = self._hold
        self._stepped = self._hold
        self._state_s = -math.inf
        self._armed_s = -math.inf
        self._first_command_s = 0.0
        self._hold_now = False
        self._blend = LatentBlend(
            math.ceil(settings.plan_blend_s / spec.control_period_s), project_to_sphere
        )
        self._command: NDArray[np.float64] | None = None
        self._journal = journal
        self._note("begin", arguments=asdict(settings))

    def step(self, now_s: float) -> NDArray[np.float64] | None:
        """Return the (n,) command of one control step done at once, None to send nothing."""
        return self.end_step(self.think(self.begin_step(now_s)), now_s)

    def begin_step(self, now_s: float) -> Work | None:
        """Judge the state; return what the policy has to compute, None if it is not to drive."""
        with self._lock:
            if fault := self._loop.begin(now_s):
                self.guard.trip(fault)
            if now_s >= self._task.expires_s:
                self._task = self._hold
            self._stepped = self._task
            self._state_s = self._inputs.newest_joint_s
            reading = self._inputs.reading(now_s)
            z = self._blend.step(self._task.latent(now_s) if self.guard.armed else None, self._task)
            wanted = self.guard.begin(reading, z is not None)
            self._drop_if_stopped()
            self._note("begin_step", now_s=now_s, reading=reading, task=self._stepped, z=z)
            return Work(reading, z, now_s) if wanted and z is not None else None

    def think(self, work: Work | None) -> Thought | None:
        """See Thinker.think; takes no lock."""
        return None if work is None else self._thinker.think(work)

    def end_step(self, thought: Thought | None, now_s: float) -> NDArray[np.float64] | None:
        """Return the (n,) command, None to send nothing; thought None: the policy did not drive.

        What the policy computed is used unless something stopped the robot in the meantime.
        """
        with self._lock:
            if fault := self._loop.late(now_s):
                self.guard.trip(fault)
            reading = None
            command = None if thought is None else self.guard.finish(thought)
            if command is None:
                reading = self._inputs.reading(now_s)
                command = self.guard.hold(reading)
            self._command = command
            self._drop_if_stopped()
            self._note("end_step", now_s=now_s, reading=reading, command=command)
            return command

    def watch(self, now_s: float) -> tuple[float, bool]:
        """Look whether an input has become too old, or the loop stands still; stop if so.

        Returns the time at which to look again, and whether `hold` is to be sent at once: after
        a stop, which need not wait for the next step, and while the loop does not step.
        """
        with self._lock:
            was = self.guard.state
            reading = self._inputs.reading(now_s)
            fault = self._loop.late(now_s)
            if fault is not None:
                self.guard.trip(fault)
            self.guard.expire(reading.ages_s)
            stopped = self.guard.state is not was
            self._drop_if_stopped()
            if fault is not None or stopped:
                self._note("watch", now_s=now_s, reading=reading)
            is_late = self._loop.is_late(now_s)
            hold = is_late or stopped or self._hold_now
            self._hold_now = False
            due_s = now_s + self._period_s if is_late else self._loop.due_s
            if self.guard.armed:
                fresh_s = self.guard.limits.stale_after_s - max(reading.ages_s.values())
                due_s = min(now_s + fresh_s, due_s)
            return due_s, hold

    def hold(self, now_s: float) -> NDArray[np.float64] | None:
        """Return the (n,) command that holds the robot, None to send nothing, between steps."""
        with self._lock:
            reading = self._inputs.reading(now_s)
            # An armed robot is not held but driven; the next step does it.
            command = None if self.guard.armed else self.guard.hold(reading)
            if command is not None:
                self._command = command
                self._note("hold", now_s=now_s, reading=reading, command=command)
            return command

    def _drop_if_stopped(self) -> None:
        if not self.guard.armed:
            self._task = self._hold

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
            if self._loop.is_late(now_s):
                verdict = self.guard.refuse_arm("the control loop stands still")
            else:
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
            self._task, self._hold_now = self._hold, True
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
            self._loop.reset()
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

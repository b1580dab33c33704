"""Carries out one command at a time in a thread of its own; the newest wins."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

from ..errors import CommandError, ErrorCode, RlzeroError
from ..imagine.command import clean_command
from ..planning import Planned, Planner
from .command_job import CommandJob, Outcome
from .policy_watch import PolicyWatch

_POLL_S = 0.02
MAX_DURATION_S = 86_400.0
"""A day; no plan lives longer."""


class CommandWorker:
    """Plan, send, watch the robot act.

    publish(plan, id, seconds) sends a plan to act on for at least so long, publish_hold() tells the
    policy node to hold.
    min_confidence: a projection below it is refused. policy_timeout_s: how long the policy node
    may take to answer a plan. now_s: the clock that durations are counted on.
    on_defect: hears of exceptions that are bugs.
    """

    def __init__(
        self,
        planner: Planner,
        policy: PolicyWatch,
        *,
        publish: Callable[[Planned, str, float], None],
        publish_hold: Callable[[], None],
        min_confidence: float,
        policy_timeout_s: float,
        now_s: Callable[[], float],
        on_defect: Callable[[Exception], None],
    ) -> None:
        self._planner = planner
        self._policy = policy
        self._publish = publish
        self._publish_hold = publish_hold
        self._min_confidence = min_confidence
        self._policy_timeout_s = policy_timeout_s
        self._now_s = now_s
        self._on_defect = on_defect
        self._planning = threading.Lock()  # one model call at a time: a preview may be another
        self._sending = threading.Lock()  # so that no plan follows the hold of its own cancel
        self._changed = threading.Condition()
        self._current: CommandJob | None = None
        self._next: CommandJob | None = None
        self._stopping = False
        self._last: Planned | None = None
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    @property
    def doing(self) -> str:
        """The command on its way; empty if there is none."""
        job = self._current
        return "" if job is None else job.command

    @property
    def last(self) -> Planned | None:
        """The last plan that the robot acted on."""
        return self._last

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()

    def stop(self) -> None:
        """End every job; the robot keeps doing what it does."""
        with self._changed:
            self._stopping = True
            self._end_all(Outcome(ErrorCode.CANCELED, "the planner was deactivated"))
            self._changed.notify()
        self._thread.join()

    def submit(self, job: CommandJob) -> None:
        """Take a job; a sound sentence preempts the job before it, a bad one ends by itself."""
        try:
            clean_command(job.command)
            if not 0.0 <= job.duration_s <= MAX_DURATION_S:  # NaN is refused too
                raise CommandError(f"duration_s must lie in 0..{MAX_DURATION_S:g} s")
        except RlzeroError as error:
            job.finish(Outcome(error.code, error.message))
            return
        with self._changed:
            if self._stopping:
                job.finish(Outcome(ErrorCode.CANCELED, "the planner was deactivated"))
                return
            self._end_all(Outcome(ErrorCode.PREEMPTED, f"preempted by: {job.command}"))
            self._next = job
            self._changed.notify()

    def cancel(self, job: CommandJob) -> None:
        """End a job and return the robot to its hold behaviour; nothing if it has ended."""
        with self._sending:
            if job.finish(Outcome(ErrorCode.CANCELED, "canceled")):
                self._publish_hold()

    def cancel_all(self) -> str:
        """End whatever is on its way, return the robot to its hold behaviour; what was ended."""
        with self._sending:
            with self._changed:
                ended = self.doing
                self._end_all(Outcome(ErrorCode.CANCELED, "canceled"))
            self._publish_hold()
        return ended

    def plan(
        self,
        command: str,
        seed: int,
        on_progress: Callable[[str, float], None] | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Planned:
        """What would be sent, sending nothing; raises RlzeroError."""
        with self._planning:
            return self._planner.plan(
                command, seed=seed, on_progress=on_progress, is_canceled=is_canceled
            )

    def _end_all(self, outcome: Outcome) -> None:
        for job in (self._current, self._next):
            if job is not None:
                job.finish(outcome)
        self._next = None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._current = None
                self._changed.wait_for(lambda: self._next is not None or self._stopping)
                if self._stopping:
                    return
                job, self._next = self._next, None
                self._current = job
            assert job is not None
            try:
                job.finish(self._carry_out(job))
            except RlzeroError as error:
                job.finish(Outcome(error.code, error.message))
            except Exception as error:  # noqa: BLE001 - a defect ends one command, not the node
                self._on_defect(error)
                job.finish(Outcome(ErrorCode.INTERNAL, f"{type(error).__name__}: {error}"))

    def _carry_out(self, job: CommandJob) -> Outcome:
        plan = self.plan(job.command, job.seed, job.feedback, job.finished.is_set)
        similarity = float(plan.projection.similarities.mean())
        plan_id = str(uuid.uuid4())

        def outcome(code: ErrorCode, message: str) -> Outcome:
            spent = plan.imagine_s, plan.project_s, similarity
            if plan.rehearsal is None:
                return Outcome(code, message, plan_id, *spent)
            seconds, gain = plan.rehearsal.seconds, plan.rehearsal.gain
            return Outcome(code, message, plan_id, *spent, seconds, gain)

        trust = plan.confidence
        if trust < self._min_confidence:
            return outcome(
                ErrorCode.LOW_SIMILARITY,
                f"this robot has seen nothing like it: confidence {trust:.2f} is below "
                f"{self._min_confidence:.2f}; say it in other words",
            )
        job.feedback("send", 0.0, similarity)
        with self._sending:
            if job.finished.is_set():
                return job.outcome
            self._publish(plan, plan_id, job.duration_s)
        code, message = self._await_answer(job, plan_id)
        if code != ErrorCode.OK:
            return outcome(code, message)
        self._last = plan
        self._planner.worked(plan, job.seed)
        job.feedback("send", 1.0, similarity)
        return outcome(*self._watch(job, plan_id, similarity))

    def _await_answer(self, job: CommandJob, plan_id: str) -> tuple[ErrorCode, str]:
        deadline = time.monotonic() + self._policy_timeout_s
        while not job.finished.wait(_POLL_S):
            verdict = self._policy.answer(plan_id)
            if verdict is not None:
                return verdict
            if time.monotonic() > deadline:
                if self._policy.is_heard:
                    reason = "the policy node did not answer the plan"
                else:
                    reason = "no policy node is heard; start it and arm the robot"
                return ErrorCode.POLICY_UNAVAILABLE, reason
        return job.outcome.error_code, job.outcome.message

    def _watch(self, job: CommandJob, plan_id: str, similarity: float) -> tuple[ErrorCode, str]:
        """Follow the robot for the job's duration."""
        began = self._now_s()
        while True:
            acted = self._now_s() - began
            done = acted >= job.duration_s
            job.feedback("act", 1.0 if done else acted / job.duration_s, similarity)
            if done:
                return ErrorCode.OK, "the robot acts on it"
            if job.finished.wait(5 * _POLL_S):
                return job.outcome.error_code, job.outcome.message
            trouble = self._policy.trouble(plan_id)
            if trouble is not None:
                return trouble

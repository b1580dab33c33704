"""What the policy node says about the plans that it was sent."""

from __future__ import annotations

import math
import threading
from typing import NamedTuple

from ..errors import ErrorCode
from ..msg import PolicyStatus

TICK_S = 0.1
_ANSWERS_KEPT = 16


class Verdict(NamedTuple):
    """OK: the plan is acted on; else why not."""

    code: ErrorCode
    reason: str


class PolicyWatch:
    """Keeps the newest policy_status; safe to use from any thread.

    Silence is counted in ticks of whoever takes the messages: time in which this process stood
    still, and could not have heard anybody, does not count.
    """

    def __init__(self, silence_s: float) -> None:
        """silence_s: after so long without a message nobody is there."""
        self._most_ticks = math.ceil(silence_s / TICK_S)
        self._silent_ticks = 0
        self._lock = threading.Lock()
        self._status: PolicyStatus | None = None
        self._answers: dict[str, Verdict] = {}

    def update(self, status: PolicyStatus) -> None:
        """Take a message."""
        with self._lock:
            self._status, self._silent_ticks = status, 0
            # Kept, since a stop may follow the answer before anybody asks for it.
            if status.plan_id:
                self._answers[status.plan_id] = Verdict(ErrorCode.OK, "")
            if status.rejected_plan_id:
                verdict = Verdict(_known(status.rejected_code), status.rejected_reason)
                self._answers[status.rejected_plan_id] = verdict
            while len(self._answers) > _ANSWERS_KEPT:
                del self._answers[next(iter(self._answers))]

    def tick(self) -> None:
        """To be called every TICK_S by the thread that calls `update`."""
        with self._lock:
            self._silent_ticks += 1

    @property
    def is_heard(self) -> bool:
        """Whether a policy node speaks now."""
        with self._lock:
            return self._status is not None and self._silent_ticks <= self._most_ticks

    def answer(self, plan_id: str) -> Verdict | None:
        """What was said about a plan just sent; None: nothing yet."""
        with self._lock:
            return self._answers.get(plan_id)

    def trouble(self, plan_id: str) -> Verdict | None:
        """Why a plan that had been taken is no longer acted on; None: it still is."""
        if not self.is_heard:
            return Verdict(ErrorCode.POLICY_UNAVAILABLE, "the policy node fell silent")
        with self._lock:
            status = self._status
        assert status is not None
        if status.guard_state == PolicyStatus.STOPPED:
            return Verdict(ErrorCode.STOPPED, f"the robot was stopped: {status.stop_reason}")
        if not status.armed:
            return Verdict(ErrorCode.NOT_ARMED, "the robot was disarmed")
        if not status.plan_id:
            return Verdict(ErrorCode.PLAN_EXPIRED, "the robot holds: the plan ended")
        if status.plan_id != plan_id:
            return Verdict(ErrorCode.PREEMPTED, f"the robot acts on another plan: {status.command}")
        return None


def _known(code: int) -> ErrorCode:
    try:
        return ErrorCode(code)
    except ValueError:
        return ErrorCode.INTERNAL

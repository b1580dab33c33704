"""What the policy node says about the plans that it was sent."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from ..errors import ErrorCode
from ..msg import PolicyStatus

# policy_status comes at 10 Hz; silence of ten periods means that nobody is there.
_SILENCE_S = 1.0
_ANSWERS_KEPT = 16


class Verdict(NamedTuple):
    """OK: the plan is acted on; else why not."""

    code: ErrorCode
    reason: str


class PolicyWatch:
    """Keeps the newest policy_status; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status: PolicyStatus | None = None
        self._answers: dict[str, Verdict] = {}
        self._received = 0.0

    def update(self, status: PolicyStatus) -> None:
        """Take a message."""
        with self._lock:
            self._status, self._received = status, time.monotonic()
            # Kept, since a stop may follow the answer before anybody asks for it.
            if status.plan_id:
                self._answers[status.plan_id] = Verdict(ErrorCode.OK, "")
            if status.rejected_plan_id:
                verdict = Verdict(_known(status.rejected_code), status.rejected_reason)
                self._answers[status.rejected_plan_id] = verdict
            while len(self._answers) > _ANSWERS_KEPT:
                del self._answers[next(iter(self._answers))]

    @property
    def is_heard(self) -> bool:
        """Whether a policy node speaks now."""
        with self._lock:
            return self._status is not None and time.monotonic() - self._received < _SILENCE_S

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

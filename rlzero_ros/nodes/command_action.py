"""The execute_command action, laid over the jobs that a topic makes as well."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from ..action import ExecuteCommand
from ..errors import ErrorCode
from .command_job import CommandJob, Feedback

_POLL_S = 0.02
# More goals than this whose results are not told yet are refused: a flood fills no memory.
MAX_GOALS = 32
# rclpy keeps the result of an ended goal for so long; its default is 15 minutes.
_RESULT_KEPT_S = 60
# rclpy sends a result once `_follow` has returned, from another thread of the executor. Taken down
# without this pause, the action lost 40 of 900 results (clients had asked; one and eight goals at a
# time), and 2 of 25 in the fault planner-deactivated; with it none of 900, and none of 22.
_SENDING_S = 0.1


class CommandAction:
    """Each accepted goal becomes a job at once, so that the newest goal is the newest job.

    start(command, seed, duration_s, feedback) makes and submits a job; cancel(job) ends it.
    """

    def __init__(
        self,
        node: Node,
        start: Callable[[str, int, float, Feedback], CommandJob],
        cancel: Callable[[CommandJob], None],
    ) -> None:
        self._start = start
        self._cancel = cancel
        self._jobs: dict[bytes, CommandJob] = {}
        self._idle = threading.Condition()
        self._server = ActionServer(
            node,
            ExecuteCommand,
            "execute_command",
            execute_callback=self._follow,
            goal_callback=self._admit,
            handle_accepted_callback=self._accept,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
            result_timeout=_RESULT_KEPT_S,
        )

    def close(self, timeout_s: float = 2.0) -> None:
        """Take the action down once the goals, whose jobs have ended, have told their results."""
        with self._idle:
            self._idle.wait_for(lambda: not self._jobs, timeout_s)
        time.sleep(_SENDING_S)
        self._server.destroy()

    def _admit(self, _: ExecuteCommand.Goal) -> GoalResponse:
        with self._idle:
            return GoalResponse.ACCEPT if len(self._jobs) < MAX_GOALS else GoalResponse.REJECT

    def _accept(self, goal: Any) -> None:
        request = goal.request

        def feedback(stage: str, progress: float, similarity: float) -> None:
            if goal.is_active:
                goal.publish_feedback(
                    ExecuteCommand.Feedback(stage=stage, progress=progress, similarity=similarity)
                )

        job = self._start(request.command, request.seed, request.duration_s, feedback)
        with self._idle:
            self._jobs[bytes(goal.goal_id.uuid)] = job
        goal.execute()

    def _follow(self, goal: Any) -> ExecuteCommand.Result:
        """Wait for the job in a thread of the executor, looking for cancels."""
        key = bytes(goal.goal_id.uuid)
        job = self._jobs[key]
        while not job.finished.wait(_POLL_S):
            if goal.is_cancel_requested:
                self._cancel(job)
        outcome = job.outcome
        result = ExecuteCommand.Result(
            error_code=int(outcome.error_code),
            message=outcome.message,
            plan_id=outcome.plan_id,
            imagine_s=outcome.imagine_s,
            project_s=outcome.project_s,
            similarity=outcome.similarity,
            rehearse_s=outcome.rehearse_s,
            rehearsal_gain=outcome.rehearsal_gain,
        )
        if outcome.error_code == ErrorCode.OK:
            goal.succeed()
        elif outcome.error_code == ErrorCode.CANCELED and goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        with self._idle:
            del self._jobs[key]
            self._idle.notify_all()
        return result

"""Where plans and prompts arrive, are judged, turned into latents, and handed to the controller."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable

from rclpy.node import Node

from ..errors import ErrorCode, RlzeroError
from ..imitate.prompts import PromptInference
from ..msg import ProjectedPlan, Prompt
from .controller import Controller
from .latent_worker import LatentWorker
from .plan_input import Plan, PlanRules
from .prompt_input import PromptRules
from .task import Task


class PlanDesk:
    """Every plan that came is answered: acted on, or refused with a code and a reason.

    is_active: whether the control loop runs. on_change: told of a new task. reject: told of a
    refusal, its plan's id first. The last two are called in any thread.
    """

    def __init__(
        self,
        node: Node,
        controller: Controller,
        inference: PromptInference,
        *,
        is_active: Callable[[], bool],
        on_change: Callable[[], None],
        reject: Callable[[str, RlzeroError], None],
    ) -> None:
        self._node, self._controller = node, controller
        self._is_active, self._on_change, self._tell_rejected = is_active, on_change, reject
        self._worker = LatentWorker(inference, self._on_task, self._on_no_task, self._on_replaced)

    @property
    def thread_id(self) -> int | None:
        """The system's number of the thread of inference."""
        return self._worker.thread_id

    def close(self) -> None:
        """End the thread of inference after the plan under way."""
        self._worker.close()

    def take(self, message: ProjectedPlan | Prompt, rules: PlanRules | PromptRules) -> None:
        """Take a message that just came; in the executor's thread."""
        received_s = time.monotonic()
        if message.id and message.id == self._controller.task.plan_id:
            return
        try:
            if not self._is_active():
                raise RlzeroError("policy_node is inactive", ErrorCode.POLICY_UNAVAILABLE)
            self._controller.check_ready()
            plan = rules.read(message, self._node.get_clock().now().nanoseconds, received_s)
        except RlzeroError as error:
            self._reject(message.id, error)
            return
        self._worker.submit(plan)

    def _on_replaced(self, plan: Plan) -> None:
        self._reject(plan.id, RlzeroError("a newer plan came", ErrorCode.PREEMPTED))

    def _on_task(self, plan: Plan, task: Task) -> None:
        """In the imitate thread."""
        try:
            self._controller.act_on(task)
        except RlzeroError as error:
            self._reject(plan.id, error)
            return
        what = f"plan {plan.id[:80]!r}: {plan.command!r}" if task.plan_id else "hold"
        self._node.get_logger().info(f"{what} (imitate {task.imitate_s * 1e3:.1f} ms)")
        self._on_change()

    def _on_no_task(self, plan: Plan, error: Exception) -> None:
        """In the imitate thread."""
        if not isinstance(error, RlzeroError):
            self._node.get_logger().error("".join(traceback.format_exception(error)))
            error = RlzeroError(f"no latent could be inferred: {error}", ErrorCode.INTERNAL)
        self._reject(plan.id, error)

    def _reject(self, plan_id: str, error: RlzeroError) -> None:
        self._tell_rejected(plan_id, error)
        self._on_change()

"""The operator of `rlzero run`: waits for the nodes, arms, sends the command, listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.action.client import ClientGoalHandle
from rclpy.client import Client
from rclpy.executors import ExternalShutdownException
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage
from std_srvs.srv import SetBool

from ..action import ExecuteCommand
from ..errors import ErrorCode, RobotError
from ..msg import PolicyStatus, ProjectedPlan
from ..robots.spec import RobotSpec
from .action_client import ThreadSafeActionClient
from .executor import make_executor
from .state_recorder import StateRecorder

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_POLL_S = 0.02

OnFeedback = Callable[[str, float, float], None]


class RunClient:
    """A node beside the three others; every wait calls `check`, which may raise.

    status, plan, imagination: the newest message of each, None before the first.
    plan_received_s: when the plan came (monotonic seconds).
    """

    def __init__(self, spec: RobotSpec, domain_id: int, check: Callable[[], None]) -> None:
        self._check_nodes = check
        self._failure: Exception | None = None
        self._context = rclpy.Context()
        rclpy.init(
            args=[],
            context=self._context,
            domain_id=domain_id,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self._node = rclpy.create_node("rlzero_run", context=self._context)
        self.recorder = StateRecorder(self._node, spec)
        self.status: PolicyStatus | None = None
        self.plan: ProjectedPlan | None = None
        self.plan_received_s = 0.0
        self.imagination: CompressedImage | None = None
        listen = self._node.create_subscription
        listen(PolicyStatus, "policy_status", self._on_status, qos_profile_sensor_data)
        listen(ProjectedPlan, "plan", self._on_plan, _LATCHED)
        listen(CompressedImage, "imagination", self._on_imagination, _LATCHED)
        self._action = ThreadSafeActionClient(self._node, ExecuteCommand, "execute_command")
        self._executor = make_executor(1, context=self._context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name="run client", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leave the graph."""
        # The context ends the spinning; an executor shut down while it spins raises in its thread.
        rclpy.shutdown(context=self._context)
        self._thread.join(5.0)
        self._executor.shutdown()
        self._node.destroy_node()

    def wait_until_started(self, node: str, timeout_s: float) -> bool:
        """Wait until a node has started itself; whether it became active.

        A node answers only when its start is over, well or badly.
        """
        client = self._node.create_client(GetState, f"{node}/get_state")
        answer = self._call(client, GetState.Request(), timeout_s)
        return answer.current_state.id == State.PRIMARY_STATE_ACTIVE

    def set(self, service: str, value: bool, timeout_s: float = 10.0) -> SetBool.Response:
        """Call arm or pause."""
        client = self._node.create_client(SetBool, service)
        return self._call(client, SetBool.Request(data=value), timeout_s)

    def wait(self, condition: Callable[[], object], timeout_s: float, what: str) -> None:
        """Wait for a condition; RobotError (TIMEOUT) if it does not come true in time."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            self._check()
            if time.monotonic() > deadline:
                raise RobotError(f"waited {timeout_s:.0f} s for {what}", ErrorCode.TIMEOUT)
            time.sleep(_POLL_S)

    def execute(
        self, command: str, seed: int, duration_s: float, on_feedback: OnFeedback
    ) -> ExecuteCommand.Result:
        """Send a command and wait for its result; canceled if the wait is interrupted."""
        self.wait(self._action.server_is_ready, 10.0, "the execute_command action")
        goal = ExecuteCommand.Goal(command=command, seed=seed, duration_s=float(duration_s))
        handle = self._send(goal, on_feedback)
        if not handle.accepted:
            raise RobotError("the planner did not accept the command")
        answer = handle.get_result_async()
        try:
            while not answer.done():
                self._check()
                time.sleep(_POLL_S)
        except BaseException:
            handle.cancel_goal_async()
            raise
        if answer.result().status == GoalStatus.STATUS_UNKNOWN:
            raise RobotError("the planner lost the command")
        return answer.result().result

    def _send(self, goal: ExecuteCommand.Goal, on_feedback: OnFeedback) -> ClientGoalHandle:
        """Send a goal until the planner answers; of several that it got, the last one counts.

        A server may see a request before it has discovered who is to get the answer, which is then
        lost without a word: https://github.com/ros2/rmw_fastrtps/issues/842.
        """
        for tries_left in (2, 1, 0):
            sent = self._action.send_goal_async(
                goal,
                feedback_callback=lambda message: on_feedback(
                    message.feedback.stage, message.feedback.progress, message.feedback.similarity
                ),
            )
            try:
                self.wait(sent.done, 4.0, "the planner to accept the command")
                break
            except RobotError as error:
                if error.code != ErrorCode.TIMEOUT or not tries_left:
                    raise
        return sent.result()

    def _call(self, client: Client, request: Any, timeout_s: float) -> Any:
        self.wait(client.service_is_ready, timeout_s, client.srv_name)
        future = client.call_async(request)
        self.wait(future.done, timeout_s, f"an answer of {client.srv_name}")
        return future.result()

    def _check(self) -> None:
        self._check_nodes()
        # Without its thread nothing would ever arrive, and the robot would act on and on.
        if self._failure is not None:
            raise RobotError(f"the run cannot go on: {self._failure!r}") from self._failure

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return
        except Exception as error:  # noqa: BLE001 - of any callback; `_check` raises it
            self._failure = error

    def _on_status(self, message: PolicyStatus) -> None:
        self.status = message

    def _on_plan(self, message: ProjectedPlan) -> None:
        self.plan, self.plan_received_s = message, time.monotonic()

    def _on_imagination(self, message: CompressedImage) -> None:
        self.imagination = message

"""What policy_node tells people: policy_status, /diagnostics, and the log."""

from __future__ import annotations

import time
import traceback
from contextlib import ExitStack

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType

from ..errors import RlzeroError
from ..msg import PolicyStatus
from .controller import Controller
from .entities import BEST_EFFORT, RELIABLE, open_publisher
from .lifecycle import ManagedNode
from .loop_times import LoopTimes
from .plan_input import MAX_TEXT
from .policy_status import Rejection, policy_diagnostics, status_message


class PolicyReport:
    """Publishes by timers on the steady clock, and at once when `on_changed` is triggered.

    times: of the control loop that runs, or ran last.
    """

    def __init__(
        self,
        node: ManagedNode,
        stack: ExitStack,
        controller: Controller,
        times: LoopTimes,
        *,
        robot: str,
        dry_run: bool,
        rate_hz: float,
    ) -> None:
        """Open everything; it closes with the stack.

        Args:
            node: on whose behalf.
            stack: closes it.
            controller: what is told of.
            times: see above.
            robot: its name.
            dry_run: whether commands are only computed.
            rate_hz: of policy_status.
        """
        self.times = times
        self._node, self._controller = node, controller
        self._robot, self._dry_run = robot, dry_run
        self._rejection = Rejection()
        self._told_reason = ""
        self._status = open_publisher(node, stack, PolicyStatus, "policy_status", BEST_EFFORT)
        self._diagnostics = open_publisher(node, stack, DiagnosticArray, "/diagnostics", RELIABLE)
        # On the steady clock: people want to know what goes on while a simulator is paused.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for period_s, tell in ((1.0 / rate_hz, self.publish), (1.0, self._publish_diagnostics)):
            stack.callback(node.destroy_timer, node.create_timer(period_s, tell, clock=steady))

    def publish(self) -> None:
        """Publish policy_status now; in the executor's thread."""
        snapshot = self._controller.snapshot(time.monotonic())
        self._tell_stop(snapshot.stop_reason, snapshot.error)
        self._status.publish(
            status_message(
                snapshot,
                self.times.report(),
                self._rejection,
                dry_run=self._dry_run,
                stamp=self._node.get_clock().now().to_msg(),
            )
        )

    def reject(self, plan_id: str, error: RlzeroError) -> None:
        """Say why a plan was refused, in the log and the next status; in any thread."""
        code = int(error.code)
        self._rejection = Rejection(plan_id[:MAX_TEXT], code, error.message)
        why = f"plan {plan_id[:80]!r} refused: {error} (code {code})"
        self._node.get_logger().warning(why)

    def _tell_stop(self, reason: str, error: Exception | None) -> None:
        """Log a stop once, with the traceback of what caused it if there is one."""
        if reason == self._told_reason:
            return
        self._told_reason = reason
        if reason:
            trace = "" if error is None else "\n" + "".join(traceback.format_exception(error))
            self._node.get_logger().error(f"stopped: {reason}{trace}")

    def _publish_diagnostics(self) -> None:
        message = policy_diagnostics(
            self._node.get_name(),
            self._robot,
            self._controller.snapshot(time.monotonic()),
            self.times.report(),
            state_label=self._node.state_label,
            dry_run=self._dry_run,
            stamp=self._node.get_clock().now().to_msg(),
        )
        self._diagnostics.publish(message)

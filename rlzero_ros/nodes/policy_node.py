"""The node between plans and motors: closed-form inference, the control loop and the guard.

Threads: the executor's (inputs, services, plans, status), `control` (one step a period, and its
command), `imitate` (latents). They meet only in the Controller, behind its lock.
"""

from __future__ import annotations

import math
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import Imu, JointState
from std_srvs.srv import SetBool, Trigger

from ..errors import ErrorCode, RlzeroError
from ..msg import PolicyStatus, ProjectedPlan
from ..safety import GuardState, Verdict
from .command_messages import command_message_maker
from .control_loop import ControlLoop
from .controller import Controller
from .latent_worker import LatentWorker
from .lifecycle import ManagedNode, run_node
from .loop_times import LoopTimes
from .parameter_table import declare_table, read_table
from .plan_input import MAX_TEXT, Plan, PlanRules
from .policy_parameters import PARAMETERS
from .policy_setup import PolicySetup
from .policy_status import Rejection, policy_diagnostics, status_message
from .realtime import make_realtime
from .robot_state_input import RobotStateInput
from .task import Task

RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
LAST_COMMAND_TIMEOUT = Duration(seconds=0.2)


class PolicyNode(ManagedNode):
    """Topics, services, timers and threads around a Controller."""

    def __init__(self) -> None:
        super().__init__("policy_node")
        declare_table(self, PARAMETERS)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._loop: ControlLoop | None = None
        self._loop_error: BaseException | None = None
        self._configured = ExitStack()

    def configure(self) -> None:
        """Load the bundle and open every topic and service; nothing is published to the robot."""
        values = read_table(self, PARAMETERS)
        setup = PolicySetup.load(values["bundle"])
        spec = setup.spec
        self._spec, self._dry_run = spec, bool(values["dry_run"])
        self._priority = values["realtime_priority"]
        self._times = LoopTimes(spec.control_period_s)
        self._rejection = Rejection()
        self._told_reason = ""
        self._seen_state = GuardState.DISARMED
        self._inputs = RobotStateInput(spec, values["new_stamps_only"])
        self._controller = Controller(
            spec,
            setup.assembler,
            setup.runtime,
            self._inputs,
            setup.hold_z,
            engage_s=values["engage_s"],
            plan_blend_s=values["plan_blend_s"],
        )
        self._rules = PlanRules(
            setup.bundle_id,
            spec.observation_dim,
            values["max_plan_steps"],
            values["min_confidence"],
        )
        self._worker = LatentWorker(
            setup.imitator, self._on_task, self._on_no_task, self._on_replaced_plan
        )
        self._open(values["status_rate_hz"])
        # Ends first: it uses what was opened.
        self._configured.callback(self._worker.close)
        self.get_logger().info(
            f"bundle {setup.bundle_id}: {spec.name}, {spec.action_dim} joints, "
            f"{spec.command.interface} on {spec.command.topic}, "
            f"{1.0 / spec.control_period_s:g} Hz" + (", dry run" if self._dry_run else "")
        )

    def activate(self) -> None:
        """Start the control loop, disarmed."""
        self._loop_error = None
        loop = ControlLoop(self._spec.control_period_s, self._step, self._on_loop_failure)
        self._loop, self._times = loop, loop.times
        loop.start()
        if why_not := make_realtime(self._priority):
            self.get_logger().warning(f"no real-time scheduling: {why_not}")

    def deactivate(self) -> None:
        """End the control loop and leave a command behind that can stand for ever."""
        if self._loop is None:
            return
        self._loop.stop()
        self._loop = None
        make_realtime(0)
        self._send_final_command()
        self._publish_status()

    def cleanup(self) -> None:
        """Close what `configure` opened."""
        self._configured.close()

    def _open(self, status_rate_hz: float) -> None:
        inputs = self._inputs
        kind, self._command_message = command_message_maker(self._spec)
        self._commands = self._publisher(kind, self._spec.command.topic, RELIABLE)
        self._status = self._publisher(PolicyStatus, "policy_status", BEST_EFFORT)
        self._diagnostics = self._publisher(DiagnosticArray, "/diagnostics", RELIABLE)
        # Lets the other threads ask the executor for a status at once.
        self._changed = self.create_guard_condition(self._on_changed)
        self._configured.callback(self.destroy_guard_condition, self._changed)
        for message, topic, take, qos in (
            (JointState, "joint_states", _timed(inputs.on_joint_states), qos_profile_sensor_data),
            (Imu, "imu", _timed(inputs.on_imu), qos_profile_sensor_data),
            (Odometry, "odom", _timed(inputs.on_odom), qos_profile_sensor_data),
            (ProjectedPlan, "plan", self._on_plan, LATCHED),
        ):
            subscription = self.create_subscription(message, topic, take, qos)
            self._configured.callback(self.destroy_subscription, subscription)
        for kind, name, answer in (
            (SetBool, "arm", self._on_arm),
            (Trigger, "stop", self._on_stop),
            (Trigger, "reset_stop", self._on_reset_stop),
        ):
            service = self.create_service(kind, name, answer)
            self._configured.callback(self.destroy_service, service)
        # On the steady clock: people want to know what goes on while a simulator is paused.
        for period_s, tell in (
            (1.0 / status_rate_hz, self._publish_status),
            (1.0, self._publish_diagnostics),
        ):
            timer = self.create_timer(period_s, tell, clock=self._steady)
            self._configured.callback(self.destroy_timer, timer)

    def _publisher(self, kind: type, topic: str, qos: QoSProfile) -> Publisher:
        publisher = self.create_publisher(kind, topic, qos)
        self._configured.callback(self.destroy_publisher, publisher)
        return publisher

    # The control loop's thread.

    def _step(self, now_s: float) -> float:
        command = self._controller.step(now_s)
        state = self._controller.guard.state
        if state is not self._seen_state:
            self._seen_state = state
            self._changed.trigger()
        if command is None:
            return math.nan
        if not self._dry_run:
            self._commands.publish(self._command_message(command, self._now()))
        return self._controller.published(time.monotonic())

    def _on_loop_failure(self, error: BaseException) -> None:
        self._loop_error = error
        self._send_final_command()
        self._changed.trigger()

    # The imitate thread.

    def _on_task(self, plan: Plan, task: Task) -> None:
        try:
            self._controller.act_on(task)
        except RlzeroError as error:
            self._reject(plan.id, error)
            return
        what = f"plan {plan.id[:80]!r}: {plan.command!r}" if task.plan_id else "hold"
        self.get_logger().info(f"{what} (imitate {task.imitate_s * 1e3:.1f} ms)")
        self._changed.trigger()

    def _on_no_task(self, plan: Plan, error: Exception) -> None:
        if not isinstance(error, RlzeroError):
            self.get_logger().error("".join(traceback.format_exception(error)))
            error = RlzeroError(f"no latent could be inferred: {error}", ErrorCode.INTERNAL)
        self._reject(plan.id, error)

    # The executor's thread.

    def _on_plan(self, message: ProjectedPlan) -> None:
        received_s = time.monotonic()
        if message.id and message.id == self._controller.task.plan_id:
            return
        try:
            if self._loop is None:
                raise RlzeroError("policy_node is inactive", ErrorCode.POLICY_UNAVAILABLE)
            self._controller.check_ready()
            plan = self._rules.read(message, self.get_clock().now().nanoseconds, received_s)
        except RlzeroError as error:
            self._reject(message.id, error)
            return
        self._worker.submit(plan)

    def _on_replaced_plan(self, plan: Plan) -> None:
        self._reject(plan.id, RlzeroError("a newer plan came", ErrorCode.PREEMPTED))

    def _on_arm(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if self._loop is None:
            return self._answer(response, Verdict(False, "policy_node is inactive"))
        if not request.data:
            return self._answer(response, self._controller.disarm())
        verdict = self._controller.arm(time.monotonic())
        if verdict.granted and self._dry_run:
            verdict = Verdict(True, f"{verdict.message} (dry run: no command is published)")
        return self._answer(response, verdict)

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return self._answer(response, self._controller.stop("stop was called"))

    def _on_reset_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return self._answer(response, self._controller.reset_stop())

    def _answer(
        self, response: SetBool.Response | Trigger.Response, verdict: Verdict
    ) -> SetBool.Response | Trigger.Response:
        # Two calls: rclpy ends the node if one place in the source logs at two severities.
        if verdict.granted:
            self.get_logger().info(verdict.message)
        else:
            self.get_logger().warning(verdict.message)
        self._publish_status()
        response.success, response.message = verdict.granted, verdict.message
        return response

    def _on_changed(self) -> None:
        if self._loop_error is not None:
            raise RuntimeError("the control loop failed") from self._loop_error
        self._publish_status()

    def _publish_status(self) -> None:
        snapshot = self._controller.snapshot(time.monotonic())
        self._tell_stop(snapshot.stop_reason, snapshot.error)
        self._status.publish(
            status_message(
                snapshot,
                self._times.report(),
                self._rejection,
                dry_run=self._dry_run,
                stamp=self._now(),
            )
        )

    def _tell_stop(self, reason: str, error: Exception | None) -> None:
        """Log a stop once, with the traceback of what caused it if there is one."""
        if reason == self._told_reason:
            return
        self._told_reason = reason
        if reason:
            trace = "" if error is None else "\n" + "".join(traceback.format_exception(error))
            self.get_logger().error(f"stopped: {reason}{trace}")

    def _publish_diagnostics(self) -> None:
        message = policy_diagnostics(
            self.get_name(),
            self._spec.name,
            self._controller.snapshot(time.monotonic()),
            self._times.report(),
            state_label=self.state_label,
            dry_run=self._dry_run,
            stamp=self._now(),
        )
        self._diagnostics.publish(message)

    # Any thread.

    def _reject(self, plan_id: str, error: RlzeroError) -> None:
        code = int(error.code)
        self._rejection = Rejection(plan_id[:MAX_TEXT], code, error.message)
        self.get_logger().warning(f"plan {plan_id[:80]!r} refused: {error} (code {code})")
        self._changed.trigger()

    def _send_final_command(self) -> None:
        command = self._controller.release()
        if command is None or self._dry_run:
            return
        self._commands.publish(self._command_message(command, self._now()))
        self._commands.wait_for_all_acked(LAST_COMMAND_TIMEOUT)

    def _now(self) -> Time:
        return self.get_clock().now().to_msg()


def _timed(take: Callable[[Any, float], None]) -> Callable[[Any], None]:
    """Return a callback that notes when its message came."""
    return lambda message: take(message, time.monotonic())


def main(args: list[str] | None = None) -> int:
    """Run policy_node; return the exit status."""
    return run_node(PolicyNode, args)


if __name__ == "__main__":
    sys.exit(main())

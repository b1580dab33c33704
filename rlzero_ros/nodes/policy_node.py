"""The node between plans and motors: closed-form inference, the control loop and the guard.

Threads: the executor's (inputs, services, plans, status), `control` (one step a period, and its
command), `watchdog` (what must not wait for the next step), `imitate` (latents). They meet only in
the Controller, behind its lock.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields
from typing import Any

from builtin_interfaces.msg import Time
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Imu, JointState
from std_srvs.srv import SetBool, Trigger

from ..msg import ControlEvent, ProjectedPlan, Prompt
from ..safety import Verdict
from . import shared_memory
from .command_messages import command_message_maker
from .command_sender import CommandSender
from .control_settings import ControlSettings
from .controller import Controller
from .drive import Drive
from .entities import (
    LATCHED,
    RELIABLE,
    SENSOR_DATA,
    open_publisher,
    open_subscription,
)
from .journal import Journal
from .journal_publisher import JournalPublisher
from .lifecycle import ManagedNode, run_node
from .loop_times import LoopTimes
from .machine_facts import machine_facts
from .memory_lock import lock_memory
from .parameter_table import declare_table, read_table
from .plan_desk import PlanDesk
from .plan_input import PlanRules
from .policy_parameters import PARAMETERS
from .policy_report import PolicyReport
from .policy_setup import PolicySetup
from .preflight_client import ranges_of
from .preflight_watch import PreflightWatch
from .prompt_input import PromptRules
from .robot_state_input import RobotStateInput

# A recorder that is late for less than this loses nothing.
RECORDED = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
PREFLIGHT_AFTER_S, PREFLIGHT_EVERY_S = 3.0, 0.5


class PolicyNode(ManagedNode):
    """Topics, services, timers and threads around a Controller."""

    def __init__(self) -> None:
        super().__init__("policy_node")
        declare_table(self, PARAMETERS)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._drive: Drive | None = None
        self._loop_error: BaseException | None = None
        self._configured = ExitStack()

    def configure(self) -> None:
        """Load the bundle and open every topic and service; nothing is published to the robot."""
        values = read_table(self, PARAMETERS)
        if why_not := lock_memory(values["realtime_priority"] > 0):
            self.get_logger().warning(f"memory is not locked: {why_not}")
        setup = PolicySetup.load(values["bundle"])
        spec = setup.spec
        self._spec, self._dry_run = spec, bool(values["dry_run"])
        self._priority = values["realtime_priority"]
        self._inputs = RobotStateInput(spec, values["new_stamps_only"], values["input_latency_s"])
        self._journal = Journal(machine_facts())
        self._controller = Controller(
            spec,
            setup.assembler,
            setup.runtime,
            self._inputs,
            setup.hold_z,
            ControlSettings(**{key.name: values[key.name] for key in fields(ControlSettings)}),
            self._journal,
        )
        ranges = ranges_of(setup.assembler)
        self._preflight = PreflightWatch(self, spec, ranges, values["preflight"])
        self._rules = PlanRules(
            setup.bundle_id,
            spec.observation_dim,
            values["max_plan_steps"],
            values["min_confidence"],
        )
        self._prompt_rules = PromptRules(
            self._rules, setup.inference.reference_size, spec.control_period_s
        )
        self._open()
        self._report = PolicyReport(
            self,
            self._configured,
            self._controller,
            LoopTimes(spec.control_period_s),
            robot=spec.name,
            dry_run=self._dry_run,
            rate_hz=values["status_rate_hz"],
        )
        self._desk = PlanDesk(
            self,
            self._controller,
            setup.inference,
            is_active=lambda: self._drive is not None,
            on_change=self._changed.trigger,
            reject=self._report.reject,
        )
        # Ends first: it uses what was opened.
        self._configured.callback(self._desk.close)
        self.get_logger().info(
            f"bundle {setup.bundle_id}: {spec.name}, {spec.action_dim} joints, "
            f"{spec.command.interface} on {spec.command.topic}, "
            f"{1.0 / spec.control_period_s:g} Hz" + (", dry run" if self._dry_run else "")
        )

    def activate(self) -> None:
        """Start the control loop, disarmed."""
        self._loop_error = None
        self._sender = CommandSender(
            self._commands, self._command_message, self._now, dry_run=self._dry_run
        )
        self._drive = Drive(
            self._controller,
            self._sender,
            self._spec.control_period_s,
            self._changed.trigger,
            self._on_loop_failure,
        )
        self._report.times = self._drive.times
        self._preflight_due_s = time.monotonic() + PREFLIGHT_AFTER_S
        if why_not := self._drive.start(self._priority, (self._desk.thread_id,)):
            self.get_logger().warning(f"no real-time scheduling: {why_not}")
        if shared_memory.is_used():
            self.get_logger().warning(shared_memory.WARNING)

    def deactivate(self) -> None:
        """End the control loop and leave a command behind that can stand for ever."""
        if self._drive is None:
            return
        drive, self._drive = self._drive, None
        ended = drive.stop()
        self._sender.close(self._controller.release)
        self._report.publish()
        if not ended:
            raise RuntimeError("a control step hangs; end this process and start it again")

    def cleanup(self) -> None:
        """Close what `configure` opened."""
        self._configured.close()

    def _open(self) -> None:
        inputs = self._inputs
        kind, self._command_message = command_message_maker(self._spec)
        self._commands = self._publisher(kind, self._spec.command.topic, RELIABLE)
        events = self._publisher(ControlEvent, "control_events", RECORDED)
        self._configured.callback(JournalPublisher(self._journal, events, self._now).close)
        # Lets the other threads ask the executor for a status at once.
        self._changed = self.create_guard_condition(self._on_changed)
        self._configured.callback(self.destroy_guard_condition, self._changed)
        for message, topic, take, qos in (
            (
                JointState,
                "joint_states",
                self._timed("joint_states", inputs.on_joint_states),
                SENSOR_DATA,
            ),
            (Imu, "imu", self._timed("imu", inputs.on_imu), SENSOR_DATA),
            (Odometry, "odom", self._timed("odom", inputs.on_odom), SENSOR_DATA),
            (ProjectedPlan, "plan", lambda m: self._desk.take(m, self._rules), LATCHED),
            (Prompt, "prompt", lambda m: self._desk.take(m, self._prompt_rules), RELIABLE),
        ):
            open_subscription(self, self._configured, message, topic, take, qos)
        for kind, name, answer in (
            (SetBool, "arm", self._on_arm),
            (Trigger, "stop", self._on_stop),
            (Trigger, "reset_stop", self._on_reset_stop),
        ):
            service = self.create_service(kind, name, answer)
            self._configured.callback(self.destroy_service, service)
        timer = self.create_timer(PREFLIGHT_EVERY_S, self._look_around, clock=self._steady)
        self._configured.callback(self.destroy_timer, timer)

    def _publisher(self, kind: type, topic: str, qos: QoSProfile) -> Publisher:
        return open_publisher(self, self._configured, kind, topic, qos)

    # The control loop's and the watchdog's threads.

    def _on_loop_failure(self, error: BaseException) -> None:
        self._loop_error = error
        self._sender.close(self._controller.release)
        self._changed.trigger()

    # The executor's thread.

    def _on_arm(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if self._drive is None:
            return self._answer(response, Verdict(False, "policy_node is inactive"))
        if not request.data:
            return self._answer(response, self._controller.disarm())
        if not self._controller.guard.armed and (refusal := self._preflight.refusal()):
            return self._answer(response, Verdict(False, refusal))
        verdict = self._controller.arm(time.monotonic())
        self._drive.wake()
        if verdict.granted and self._dry_run:
            verdict = Verdict(True, f"{verdict.message} (dry run: no command is published)")
        return self._answer(response, verdict)

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        verdict = self._controller.stop("stop was called")
        if self._drive is not None:
            self._drive.wake()
        return self._answer(response, verdict)

    def _look_around(self) -> None:
        """Say once what preflight finds; stop if somebody else begins to drive the robot."""
        if self._drive is None:
            return
        armed = self._controller.guard.armed
        if not armed and time.monotonic() > self._preflight_due_s:
            self._preflight_due_s = math.inf
            for finding in self._preflight.findings():
                what = f"preflight: {finding.subject}: {finding.detail}"
                self.get_logger().warning(what)
        if armed and (intruder := self._preflight.intruder()):
            self._controller.stop(f"{intruder}; end that node, then reset_stop and arm")
            self._drive.wake()

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
        self._report.publish()
        response.success, response.message = verdict.granted, verdict.message
        return response

    def _on_changed(self) -> None:
        if self._loop_error is not None:
            raise RuntimeError("the control loop failed") from self._loop_error
        self._report.publish()

    # Any thread.

    def _now(self) -> Time:
        return self.get_clock().now().to_msg()

    def _timed(self, name: str, take: Callable[[Any, float], None]) -> Callable[[Any], None]:
        """Return a callback that notes when its message came."""

        def on_message(message: Any) -> None:
            received_s = time.monotonic()
            take(message, received_s)
            self._preflight.note(name, message, received_s)

        return on_message


def main(args: list[str] | None = None) -> int:
    """Run policy_node; return the exit status."""
    return run_node(PolicyNode, args)


if __name__ == "__main__":
    sys.exit(main())

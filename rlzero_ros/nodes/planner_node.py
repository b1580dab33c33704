"""Sentences in, plans out: imagine and project, far from the control loop."""

from __future__ import annotations

import os
import sys
import traceback
import uuid
from collections import Counter
from contextlib import ExitStack
from functools import partial
from typing import NoReturn

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String
from std_srvs.srv import Trigger

from ..bundle import Bundle
from ..errors import ErrorCode, RlzeroError
from ..msg import PolicyStatus, ProjectedPlan
from ..paths import find_bundle
from ..planning import Planned
from ..srv import PreviewCommand
from .command_action import CommandAction
from .command_job import CommandJob, Feedback, Outcome
from .command_worker import CommandWorker
from .diagnostics import diagnostic_message
from .entities import LATCHED, RELIABLE, SENSOR_DATA, open_publisher, open_subscription
from .imaginer_parameters import make_imaginer, make_stream
from .lifecycle import ManagedNode, run_node
from .parameter_table import declare_table, read_table
from .plan_messages import hold_message, plan_message, strip_message
from .planner_parameters import PARAMETERS
from .planner_setup import make_planner
from .policy_watch import TICK_S, PolicyWatch
from .robot_watch import RobotWatch
from .skill_service import SkillService
from .video_prompt import VideoPrompt

# One waits for the running goal, one for a goal that it preempts, one previews, one takes pictures,
# one answers.
_THREADS = 5


class PlannerNode(ManagedNode):
    """language_command, execute_command and preview_command lead to the same worker."""

    def __init__(self) -> None:
        super().__init__("planner_node")
        declare_table(self, PARAMETERS)
        self._configured = ExitStack()
        self._activated = ExitStack()
        self._robot: RobotWatch | None = None
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)

    def configure(self) -> None:
        """Load the models, which takes seconds; open the outputs."""
        self._options = read_table(self, PARAMETERS)
        self._bundle = Bundle.load(find_bundle(self._options["bundle"]))
        self._stream = make_stream(self._options)
        self._planner = make_planner(
            self._options,
            self._bundle,
            make_imaginer(self._options, self._stream),
            where=lambda: None if self._robot is None else self._robot.state(),
            warn=self.get_logger().warning,
        )
        self._plans = self._publisher(ProjectedPlan, "plan")
        self._imagination = self._publisher(CompressedImage, "imagination")
        self._diagnostics = self._publisher(DiagnosticArray, "/diagnostics", RELIABLE)

    def activate(self) -> None:
        """Take commands."""
        self._policy = PolicyWatch(self._options["policy_timeout_s"])
        self._ended: Counter[ErrorCode] = Counter()
        self._last = "no command yet"
        self._worker = CommandWorker(
            self._planner,
            self._policy,
            publish=self._publish,
            publish_hold=self._publish_hold,
            min_confidence=self._options["min_confidence"],
            policy_timeout_s=self._options["policy_timeout_s"],
            now_s=lambda: self.get_clock().now().nanoseconds * 1e-9,
            on_defect=self._report_defect,
        )
        hear = partial(open_subscription, self, self._activated)
        # Of their own group: whatever else is called back, the policy node is listened to.
        listening = MutuallyExclusiveCallbackGroup()
        hear(PolicyStatus, "policy_status", self._policy.update, SENSOR_DATA, listening)
        ticking = self.create_timer(TICK_S, self._policy.tick, listening, clock=self._steady)
        self._activated.callback(self.destroy_timer, ticking)
        action = CommandAction(self, self._start, self._worker.cancel)
        self._activated.callback(action.close)
        hear(String, "language_command", self._on_sentence, RELIABLE)
        VideoPrompt(self, self._activated, self._stream)
        SkillService(self, self._activated, self._planner, lambda: self._worker.last)
        if self._planner.rehearses:
            self._robot = RobotWatch(self, self._activated, self._bundle.spec)
            self._activated.callback(setattr, self, "_robot", None)
        canceling = self.create_service(Trigger, "cancel_command", self._on_cancel)
        self._activated.callback(self.destroy_service, canceling)
        preview = self.create_service(
            PreviewCommand,
            "preview_command",
            self._on_preview,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )
        self._activated.callback(self.destroy_service, preview)
        told = self.create_timer(1.0, self._publish_diagnostics, clock=self._steady)
        self._activated.callback(self.destroy_timer, told)
        self._worker.start()
        self._activated.callback(self._worker.stop)  # first of all on the way down

    def deactivate(self) -> None:
        """Take no more commands; the robot keeps doing what it does."""
        self._activated.close()

    def cleanup(self) -> None:
        """Close the outputs; free the models."""
        self._configured.close()
        self.__dict__.pop("_planner", None)

    def _publisher(self, message_type: type, topic: str, qos: QoSProfile = LATCHED) -> Publisher:
        return open_publisher(self, self._configured, message_type, topic, qos)

    def _start(self, command: str, seed: int, duration_s: float, feedback: Feedback) -> CommandJob:
        job = CommandJob(
            command,
            seed=seed,
            duration_s=duration_s,
            on_feedback=feedback,
            on_finished=lambda outcome: self._tell(command, outcome),
        )
        self._worker.submit(job)
        return job

    def _on_sentence(self, message: String) -> None:
        self._start(message.data, self._options["seed"], 0.0, lambda *_: None)

    def _on_cancel(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """For those who cannot call the action's cancel, such as Foxglove."""
        ended = self._worker.cancel_all()
        response.success = True
        response.message = f"{ended}: canceled" if ended else "the robot is told to hold"
        return response

    def _on_preview(
        self, request: PreviewCommand.Request, response: PreviewCommand.Response
    ) -> PreviewCommand.Response:
        try:
            plan = self._worker.plan(request.command, request.seed)
        except RlzeroError as error:
            response.error_code, response.message = int(error.code), error.message
            return response
        response.imagination = self._strip(plan)
        response.similarities = [float(s) for s in plan.projection.similarities]
        response.message = f"{plan.source}, confidence {plan.confidence:.2f}"
        return response

    def _publish(self, plan: Planned, plan_id: str, seconds: float) -> None:
        message = plan_message(
            plan,
            plan_id=plan_id,
            bundle_id=self._bundle.id,
            now=self.get_clock().now(),
            lifetime_s=max(self._options["plan_lifetime_s"], 2.0 * seconds),
        )
        self._plans.publish(message)
        self._imagination.publish(self._strip(plan))

    def _publish_hold(self) -> None:
        message = hold_message(
            plan_id=str(uuid.uuid4()),
            bundle_id=self._bundle.id,
            now=self.get_clock().now(),
            lifetime_s=self._options["plan_lifetime_s"],
        )
        self._plans.publish(message)

    def _strip(self, plan: Planned) -> CompressedImage:
        thumbnails = self._bundle.index().thumbnails
        return strip_message(plan, thumbnails, self.get_clock().now())

    def _tell(self, command: str, outcome: Outcome) -> None:
        shown = command if len(command) <= 60 else command[:60] + "…"
        code = outcome.error_code
        self._ended[code] += 1
        self._last = f"{shown!r}: {code.name} ({int(code)}): {outcome.message}"
        if code == ErrorCode.OK:
            self.get_logger().info(self._last)
        else:
            self.get_logger().error(self._last)

    def _publish_diagnostics(self) -> None:
        defects = self._ended[ErrorCode.INTERNAL]
        if defects:
            level, text = DiagnosticStatus.ERROR, f"{defects} defects; see the log"
        elif not self._policy.is_heard:
            level, text = DiagnosticStatus.WARN, "no policy node is heard"
        else:
            level, text = DiagnosticStatus.OK, self._worker.doing or "idle"
        values = {
            "bundle": f"{self._bundle.path.name} {self._bundle.id}",
            "imaginer": self._options["imaginer"],
            "embedder": self._bundle.embedder_id,
            "last command": self._last,
            **{f"ended {code.name}": count for code, count in sorted(self._ended.items())},
        }
        now = self.get_clock().now().to_msg()
        robot = self._bundle.spec.name
        self._diagnostics.publish(
            diagnostic_message(self.get_name(), "commands", robot, level, text, values, now)
        )

    def _report_defect(self, error: Exception) -> None:
        self.get_logger().error("".join(traceback.format_exception(error)))


def main(args: list[str] | None = None) -> NoReturn:
    """Run the node until SIGINT or SIGTERM, and end the process."""
    status = run_node(PlannerNode, args, threads=_THREADS)
    sys.stdout.flush()
    sys.stderr.flush()
    # All is closed by now. Python would take seconds more to free torch and transformers, object
    # by object, and `ros2 launch` has five of patience.
    os._exit(status)


if __name__ == "__main__":
    main()

"""Preflight inside policy_node: told when it is activated, decided when it is armed, kept after."""

from __future__ import annotations

from collections.abc import Mapping

from rclpy.node import Node

from ..robots.plausible import Span
from ..robots.preflight import FAILURE, Finding, preflight
from ..robots.spec import RobotSpec
from .robot_probe import RobotProbe, StateMessage


class PreflightWatch:
    """Judges the robot by the messages that the node hears anyway, if it is wanted."""

    def __init__(
        self, node: Node, spec: RobotSpec, joint_ranges: Mapping[str, Span], wanted: bool
    ) -> None:
        self._spec, self._wanted = spec, wanted
        self._probe = RobotProbe(node, spec, node.get_fully_qualified_name(), joint_ranges)

    def note(self, name: str, message: StateMessage, received_s: float) -> None:
        """Take a message of joint_states, imu or odom; received_s: monotonic seconds."""
        if self._wanted:
            self._probe.note(name, message, received_s)

    def findings(self) -> list[Finding]:
        """Every failure and warning now."""
        return preflight(self._spec, self._probe.seen()) if self._wanted else []

    def refusal(self) -> str:
        """Why the robot must not be armed, in one line; empty if it may be."""
        failures = [f for f in self.findings() if f.state == FAILURE]
        if not failures:
            return ""
        more = f" (and {len(failures) - 1} more: rlzero doctor --preflight)" if failures[1:] else ""
        return f"preflight: {failures[0].subject}: {failures[0].detail}{more}"

    def intruder(self) -> str:
        """Who else publishes commands; empty if nobody does."""
        if not self._wanted:
            return ""
        topic = self._probe.command_topic()
        return f"{topic.others[0].node} publishes {topic.name} too" if topic.others else ""

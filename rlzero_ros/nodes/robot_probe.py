"""Looks at a robot's topics for preflight: who publishes what, how often, in which numbers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.subscription import Subscription
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import Imu, JointState

from ..robots.plausible import JointsSeen, Span
from ..robots.preflight import CommandTopicSeen, Endpoint, RobotSeen, TopicSeen
from ..robots.spec import RobotSpec
from .command_messages import command_message_maker
from .joint_input import MAX_NAMES

StateMessage: TypeAlias = JointState | Imu | Odometry
STATES: dict[str, type[StateMessage]] = {
    "joint_states": JointState,
    "imu": Imu,
    "odom": Odometry,
}
# Messages that are kept of each topic, 2 s at 200 Hz, and how many of them numbers are read from.
_KEPT, _READ = 400, 100
_UNNAMED = "an unnamed node"


class RobotProbe:
    """Keeps the last messages of each topic as they come; looks at the graph when it is asked."""

    def __init__(
        self, node: Node, spec: RobotSpec, own_name: str, joint_ranges: Mapping[str, Span]
    ) -> None:
        """Begin without messages.

        Args:
            node: in whose namespace the robot is looked for.
            spec: of the robot.
            own_name: full name of the policy node, the only one that may publish commands.
            joint_ranges: (lower, upper) in rad of the joints that have limits.
        """
        self._node, self._spec, self._own_name = node, spec, own_name
        self._joint_ranges = joint_ranges
        self._kept: dict[str, deque[tuple[float, float, StateMessage]]] = {
            name: deque(maxlen=_KEPT) for name in STATES
        }

    def note(self, name: str, message: StateMessage, received_s: float) -> None:
        """Take a message of a state topic; received_s: monotonic seconds."""
        if isinstance(message, JointState) and len(message.name) > MAX_NAMES:
            return
        clock_s = self._node.get_clock().now().nanoseconds * 1e-9
        self._kept[name].append((received_s, clock_s, message))

    def subscribe(self) -> list[Subscription]:
        """Listen by itself, for a node that does not listen anyway."""

        def listen(name: str, kind: type[StateMessage]) -> Subscription:
            def take(message: StateMessage) -> None:
                self.note(name, message, time.monotonic())

            return self._node.create_subscription(kind, name, take, qos_profile_sensor_data)

        return [listen(name, kind) for name, kind in STATES.items()]

    def seen(self) -> RobotSeen:
        """What has been seen up to now."""
        return RobotSeen(
            states={name: self._topic(name, kind) for name, kind in STATES.items()},
            command=self.command_topic(),
            joints=_joints([m for _, _, m in list(self._kept["joint_states"])[-_READ:]]),
            plans=self._publishers("plan"),
            joint_ranges=self._joint_ranges,
        )

    def command_topic(self) -> CommandTopicSeen:
        """Who else publishes commands, and who takes them."""
        topic = self._spec.command.topic
        others = list(self._publishers(topic))
        # One is ours; a second of the same name is another process.
        if own := next((e for e in others if e.node == self._own_name), None):
            others.remove(own)
        listeners = map(_endpoint, self._node.get_subscriptions_info_by_topic(topic))
        kind, _ = command_message_maker(self._spec)
        return CommandTopicSeen(topic, kind_name(kind), tuple(others), tuple(listeners))

    def misses_names(self) -> bool:
        """Whether somebody has been found whose node is not known yet: names come later."""
        found = (*self.command_topic().others, *self._publishers("plan"))
        return any(endpoint.node == _UNNAMED for endpoint in found)

    def _publishers(self, topic: str) -> tuple[Endpoint, ...]:
        return tuple(map(_endpoint, self._node.get_publishers_info_by_topic(topic)))

    def _topic(self, name: str, kind: type) -> TopicSeen:
        kept = list(self._kept[name])
        last = kept[-1][2] if kept else None
        return TopicSeen(
            kind=kind_name(kind),
            publishers=self._publishers(name),
            received_s=np.array([received_s for received_s, _, _ in kept]),
            stamps_s=np.array([_seconds(message) for _, _, message in kept]),
            clock_s=np.array([clock_s for _, clock_s, _ in kept]),
            frame=last.header.frame_id if last is not None else "",
            child_frame=last.child_frame_id if isinstance(last, Odometry) else "",
        )


def _joints(messages: list[JointState]) -> JointsSeen:
    spans: dict[str, dict[str, Span]] = {"position": {}, "velocity": {}, "effort": {}}
    for message in messages:
        for field, found in spans.items():
            values = getattr(message, field)
            if len(values) != len(message.name):
                continue
            for name, value in zip(message.name, values, strict=True):
                low, high = found.get(name, (value, value))
                found[name] = (min(low, value), max(high, value))
    return JointsSeen(spans["position"], spans["velocity"], spans["effort"])


def _endpoint(info: TopicEndpointInfo) -> Endpoint:
    known = not info.node_name.startswith("_")
    name = f"{info.node_namespace.rstrip('/')}/{info.node_name}" if known else _UNNAMED
    return Endpoint(
        node=name,
        kind=info.topic_type,
        reliable=info.qos_profile.reliability == ReliabilityPolicy.RELIABLE,
        transient_local=info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL,
    )


def kind_name(kind: type) -> str:
    """The name of a message type as package/msg/Name."""
    package, _, _ = kind.__module__.partition(".")
    return f"{package}/msg/{kind.__name__}"


def _seconds(message: StateMessage) -> float:
    return message.header.stamp.sec + message.header.stamp.nanosec * 1e-9

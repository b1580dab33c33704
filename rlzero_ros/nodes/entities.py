"""Publishers and subscriptions whose QoS an operator may override, and that close with a stack.

The parameters are rclpy's: `qos_overrides./topic.publisher.reliability`, `….depth`, `….history`,
and the same for subscriptions. They are declared when a node is configured and read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)
from rclpy.qos_overriding_options import (
    InvalidQosOverridesError,
    QosCallbackResult,
    QoSOverridingOptions,
)
from rclpy.subscription import Subscription

from ..errors import ErrorCode, RobotError

RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
SENSOR_DATA = qos_profile_sensor_data

LARGEST_DEPTH = 1000


def open_publisher(
    node: Node, stack: ExitStack, kind: type, topic: str, qos: QoSProfile
) -> Publisher:
    """Open a publisher; it is destroyed with the stack.

    Raises:
        RobotError: if the QoS that the operator asks for cannot be.
    """
    own, overrides = _copy(qos), QoSOverridingOptions.with_default_policies(callback=_check)
    publisher = _explained(
        topic, lambda: node.create_publisher(kind, topic, own, qos_overriding_options=overrides)
    )
    stack.callback(node.destroy_publisher, publisher)
    return publisher


def open_subscription(
    node: Node,
    stack: ExitStack,
    kind: type,
    topic: str,
    take: Callable[[Any], None],
    qos: QoSProfile,
    callback_group: CallbackGroup | None = None,
) -> Subscription:
    """Open a subscription; it is destroyed with the stack. See `open_publisher`."""
    own, overrides = _copy(qos), QoSOverridingOptions.with_default_policies(callback=_check)
    subscription = _explained(
        topic,
        lambda: node.create_subscription(
            kind, topic, take, own, qos_overriding_options=overrides, callback_group=callback_group
        ),
    )
    stack.callback(node.destroy_subscription, subscription)
    return subscription


def _copy(qos: QoSProfile) -> QoSProfile:
    """A profile of its own: rclpy writes what is overridden into the one that it is given."""
    names = ("history", "depth", "reliability", "durability")
    return QoSProfile(**{name: getattr(qos, name) for name in names})


def _check(qos: QoSProfile) -> QosCallbackResult:
    """A queue without an end would hand out what is long past."""
    kept = qos.history == HistoryPolicy.KEEP_LAST and 1 <= qos.depth <= LARGEST_DEPTH
    why = f"history must be keep_last and depth 1 to {LARGEST_DEPTH}"
    return QosCallbackResult(successful=kept, reason="" if kept else why)


def _explained(topic: str, create: Callable[[], Any]) -> Any:
    try:
        return create()
    except InvalidQosOverridesError as error:
        raise RobotError(f"qos_overrides of {topic}: {error}", ErrorCode.DATA_INVALID) from error
    except RuntimeError as error:
        if "QoS override" not in str(error):
            raise
        raise RobotError(f"qos_overrides of {topic}: {error}", ErrorCode.DATA_INVALID) from error

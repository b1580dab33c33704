"""Where the robot is, looked at only when somebody asks: states come 200 times a second."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import Imu, JointState

from ..robots.spec import RobotSpec
from ..robots.state import RobotState
from .entities import SENSOR_DATA, open_subscription
from .robot_state_input import RobotStateInput

_FRESH_S = 0.2


class _Gate(MutuallyExclusiveCallbackGroup):
    """Callbacks that wait while the gate is closed; the newest message waits with them."""

    open = False

    def can_execute(self, entity: Any) -> bool:
        """Whether the executor may look at these subscriptions."""
        return self.open and super().can_execute(entity)


class RobotWatch:
    """joint_states, imu and odom of a robot, read on demand."""

    def __init__(self, node: Node, stack: ExitStack, spec: RobotSpec) -> None:
        self._node, self._gate, self._input = node, _Gate(), RobotStateInput(spec, False)
        self._asking = threading.Lock()
        topics = {
            "joint_states": (JointState, self._input.on_joint_states),
            "imu": (Imu, self._input.on_imu),
            "odom": (Odometry, self._input.on_odom),
        }
        for topic, (kind, take) in topics.items():
            open_subscription(
                node,
                stack,
                kind,
                topic,
                partial(self._take, take),
                SENSOR_DATA,
                callback_group=self._gate,
            )

    def state(self, timeout_s: float = 0.5) -> RobotState | None:
        """The present state; None when it does not come in time, or makes no sense."""
        deadline = time.monotonic() + timeout_s
        with self._asking:
            self._gate.open = True
            try:
                while time.monotonic() < deadline:
                    if self._node.executor is not None:
                        self._node.executor.wake()
                    found = self._read()
                    if found is not None:
                        return found
                    time.sleep(0.005)
            finally:
                self._gate.open = False
        return None

    def _take(self, take: Any, message: Any) -> None:
        take(message, time.monotonic())

    def _read(self) -> RobotState | None:
        now = time.monotonic()
        reading = self._input.reading(now)
        numbers = (reading.joint_positions, reading.joint_velocities, reading.base)
        if reading.fault or max(reading.ages_s.values()) > _FRESH_S:
            return None
        if not all(np.isfinite(part).all() for part in numbers):
            return None
        return self._input.state(reading, now)

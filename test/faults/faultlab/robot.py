"""A robot that says what a test tells it to say, 200 times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Imu, JointState

from rlzero_ros.nodes.robot_state_messages import time_message
from rlzero_ros.robots.spec import RobotSpec

SPEED = np.array([0.5, -0.5, 1.0, 0.1, 0.2, -0.3])
KINDS = {"joint_states": JointState, "imu": Imu, "odom": Odometry}

Change = Callable[[str, Any], list[Any]]
"""(topic, message) to the messages that are published instead."""


class PlayedRobot:
    """It stands still in the world and moves its joints at a constant speed, as far as it says.

    change: what becomes of every message. clock_offset_s: how wrong its clock is.
    """

    def __init__(self, node: Any, spec: RobotSpec, rate_hz: float = 200.0) -> None:
        self.velocities = SPEED.copy()
        self.clock_offset_s = 0.0
        self.rate_hz = rate_hz
        self.change: Change = lambda topic, message: [message]
        self.sent_s = 0.0
        self._spec = spec
        self._turn = threading.Lock()
        self._publishers = {
            topic: node.create_publisher(kind, topic, qos_profile_sensor_data)
            for topic, kind in KINDS.items()
        }
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Fall silent."""
        self._ending.set()
        self._thread.join()

    def say(self, change: Change, **state: Any) -> float:
        """Change every message, or the robot's state, from now on.

        Returns when the last message before that went out (monotonic seconds).
        """
        with self._turn:
            self.change = change
            for name, value in state.items():
                setattr(self, name, value)
            return self.sent_s

    def heal(self) -> None:
        """Be a good robot again, at the full rate by the end of the call."""
        period_s = 1.0 / self.rate_hz
        good = {"clock_offset_s": 0.0, "rate_hz": 200.0, "velocities": SPEED.copy()}
        self.say(lambda topic, message: [message], **good)
        time.sleep(period_s)

    def _run(self) -> None:
        deadline = time.monotonic()
        while not self._ending.is_set():
            with self._turn:
                for topic, message in self._messages().items():
                    for changed in self.change(topic, message):
                        self._publishers[topic].publish(changed)
                self.sent_s = time.monotonic()
                period_s = 1.0 / self.rate_hz
            deadline = max(deadline + period_s, time.monotonic())
            self._ending.wait(deadline - time.monotonic())

    def _messages(self) -> dict[str, Any]:
        joints = JointState(name=list(self._spec.joint_names))
        joints.position, joints.velocity = [0.0] * len(joints.name), self.velocities.tolist()
        odom = Odometry()
        odom.pose.pose.position.z = 1.3
        stamp = time_message(time.time() + self.clock_offset_s)
        messages = {"joint_states": joints, "imu": Imu(), "odom": odom}
        for message in messages.values():
            message.header.stamp = stamp
        return messages

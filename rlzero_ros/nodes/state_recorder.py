"""Robot states put together again from what the robot publishes."""

from __future__ import annotations

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState

from ..evaluate.recording import Recording
from ..robots.spec import RobotSpec
from ..robots.state import RobotState, rotate

Stamp = tuple[int, int]


class StateRecorder:
    """Keeps every pair of joint_states and odom with one stamp; may be asked from any thread."""

    def __init__(self, node: Node, spec: RobotSpec) -> None:
        self._spec = spec
        self._joints: dict[Stamp, JointState] = {}
        self._odometry: dict[Stamp, Odometry] = {}
        self._latest: Stamp | None = None
        node.create_subscription(
            JointState, "joint_states", self._on_joints, qos_profile_sensor_data
        )
        node.create_subscription(Odometry, "odom", self._on_odometry, qos_profile_sensor_data)

    @property
    def latest_s(self) -> float | None:
        """Stamp of the newest odometry; None before the first."""
        latest = self._latest
        return None if latest is None else latest[0] + latest[1] * 1e-9

    def recording(self) -> Recording:
        """What was kept so far, in order of time."""
        # Copies in one step each: messages go on coming.
        stamps = sorted(set(self._joints.copy()) & set(self._odometry.copy()))
        return Recording.of([self._state(stamp) for stamp in stamps])

    def _on_joints(self, message: JointState) -> None:
        self._joints[message.header.stamp.sec, message.header.stamp.nanosec] = message

    def _on_odometry(self, message: Odometry) -> None:
        stamp = message.header.stamp.sec, message.header.stamp.nanosec
        self._odometry[stamp] = message
        self._latest = stamp

    def _state(self, stamp: Stamp) -> RobotState:
        joints, odometry = self._joints[stamp], self._odometry[stamp]
        order = [joints.name.index(name) for name in self._spec.joint_names]
        p, q = odometry.pose.pose.position, odometry.pose.pose.orientation
        linear, angular = odometry.twist.twist.linear, odometry.twist.twist.angular
        orientation = np.array([q.x, q.y, q.z, q.w])
        return RobotState(
            time_s=stamp[0] + stamp[1] * 1e-9,
            base_position=np.array([p.x, p.y, p.z]),
            base_orientation=orientation,
            base_linear_velocity=rotate(orientation, np.array([linear.x, linear.y, linear.z])),
            base_angular_velocity=np.array([angular.x, angular.y, angular.z]),
            joint_positions=np.array(joints.position)[order],
            joint_velocities=np.array(joints.velocity)[order],
        )

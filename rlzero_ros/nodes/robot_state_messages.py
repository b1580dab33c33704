"""RobotState as the messages a robot publishes: joint_states, imu and odom (SI, REP-103)."""

from __future__ import annotations

from array import array

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, Vector3
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from sensor_msgs.msg import Imu, JointState

from ..robots.spec import RobotSpec
from ..robots.state import RobotState, rotate_inverse

ODOM_FRAME = "odom"


def time_message(time_s: float) -> Time:
    """Seconds as a stamp."""
    seconds, nanoseconds = divmod(round(time_s * 1e9), 1_000_000_000)
    return Time(sec=seconds, nanosec=nanoseconds)


def joint_state_message(spec: RobotSpec, state: RobotState, stamp: Time) -> JointState:
    """Positions (rad) and velocities (rad/s) in the order of the spec."""
    message = JointState(name=list(spec.joint_names))
    message.header.stamp = stamp
    message.position = _doubles(state.joint_positions)
    message.velocity = _doubles(state.joint_velocities)
    return message


def imu_message(spec: RobotSpec, state: RobotState, stamp: Time) -> Imu:
    """Orientation of the base in the world, angular velocity (rad/s) in the base's own frame.

    The state holds no acceleration; covariance -1 says so, as sensor_msgs/Imu asks.
    """
    message = Imu()
    message.header.stamp = stamp
    message.header.frame_id = spec.base.body
    message.orientation = _quaternion(state.base_orientation)
    message.angular_velocity = _vector(state.base_angular_velocity)
    message.linear_acceleration_covariance[0] = -1.0
    return message


def odometry_message(spec: RobotSpec, state: RobotState, stamp: Time) -> Odometry:
    """Pose (m) in the odom frame; twist (m/s, rad/s) in the child frame (nav_msgs)."""
    message = Odometry(child_frame_id=spec.base.body)
    message.header.stamp = stamp
    message.header.frame_id = ODOM_FRAME
    position = message.pose.pose.position
    position.x, position.y, position.z = (float(v) for v in state.base_position)
    message.pose.pose.orientation = _quaternion(state.base_orientation)
    linear = rotate_inverse(state.base_orientation, state.base_linear_velocity)
    message.twist.twist.linear = _vector(linear)
    message.twist.twist.angular = _vector(state.base_angular_velocity)
    return message


def _doubles(values: NDArray[np.float64]) -> array:
    return array("d", np.ascontiguousarray(values, dtype=np.float64).tobytes())


def _vector(values: NDArray[np.float64]) -> Vector3:
    return Vector3(x=float(values[0]), y=float(values[1]), z=float(values[2]))


def _quaternion(xyzw: NDArray[np.float64]) -> Quaternion:
    return Quaternion(x=float(xyzw[0]), y=float(xyzw[1]), z=float(xyzw[2]), w=float(xyzw[3]))

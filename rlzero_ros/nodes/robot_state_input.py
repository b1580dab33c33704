"""joint_states, imu and odom, put together to the RobotState that the policy observes."""

from __future__ import annotations

import math

import numpy as np
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from sensor_msgs.msg import Imu, JointState

from ..robots.spec import RobotSpec
from ..robots.state import RobotState
from ..safety import Reading
from .joint_input import JointInput
from .reading_state import state_of
from .stamp_order import StampOrder

# How far the norm of an orientation may be from 1 before it is no orientation.
NORM_TOLERANCE = 0.05


class RobotStateInput:
    """The newest of every input, and when it came by the monotonic clock.

    The `on_…` methods are called by the executor's thread, `reading` and `state` by the control
    loop's: every input is a reference that is replaced, never a buffer that is written to.

    Pose and linear velocity are taken from odom, which keeps them consistent, and the angular
    velocity from imu.
    """

    def __init__(self, spec: RobotSpec, new_stamps_only: bool, latency_s: float = 0.0) -> None:
        """Begin with nothing.

        Args:
            spec: of the robot.
            new_stamps_only: whether an input that repeats its stamp counts as silent.
            latency_s: how old an input is when it arrives.
        """
        self._latency_s = latency_s
        self.joints = JointInput(spec.joint_names, new_stamps_only)
        self._imu_order = StampOrder(new_stamps_only)
        self._odom_order = StampOrder(new_stamps_only)
        self._imu_s = self._odom_s = -np.inf
        self._angular = np.full(3, np.nan)
        self._pose_twist = np.full(10, np.nan)

    def on_joint_states(self, message: JointState, now_s: float) -> None:
        """Take a message received at `now_s` (monotonic seconds)."""
        self.joints.update(message, now_s)

    def on_imu(self, message: Imu, now_s: float) -> None:
        """Take the angular velocity (rad/s, body frame)."""
        if self._imu_order.accept(message.header.stamp):
            v = message.angular_velocity
            self._angular = np.array([v.x, v.y, v.z])
            self._imu_s = now_s

    def on_odom(self, message: Odometry, now_s: float) -> None:
        """Take the pose (m, world) and the linear velocity (m/s, in the body's frame)."""
        if self._odom_order.accept(message.header.stamp):
            p, q = message.pose.pose.position, message.pose.pose.orientation
            v = message.twist.twist.linear
            self._pose_twist = np.array([p.x, p.y, p.z, q.x, q.y, q.z, q.w, v.x, v.y, v.z])
            self._odom_s = now_s

    @property
    def newest_joint_s(self) -> float:
        """When the newest joint state was received, monotonic seconds."""
        return float(self.joints.latest.received_s.max())

    @property
    def dropped(self) -> int:
        """Messages that were late, reordered or repeated."""
        return self.joints.dropped + self._imu_order.dropped + self._odom_order.dropped

    def ages_s(self, now_s: float) -> dict[str, float]:
        """Return the age of each input in seconds, infinite for one that never came."""
        now_s += self._latency_s
        name, age = self.joints.oldest(now_s)
        return {name: age, "imu": now_s - self._imu_s, "odom": now_s - self._odom_s}

    def reading(self, now_s: float) -> Reading:
        """Return what the guard judges."""
        joints, pose_twist = self.joints.latest, self._pose_twist
        return Reading(
            ages_s=self.ages_s(now_s),
            joint_positions=joints.positions,
            joint_velocities=joints.velocities,
            base=np.concatenate([pose_twist, self._angular]),
            velocities_age_s=now_s + self._latency_s - float(joints.received_s.min()),
            height_m=float(pose_twist[2]),
            tilt_rad=_tilt(pose_twist[3:7]),
            fault=joints.fault or _orientation_fault(pose_twist[3:7]),
        )

    def state(self, reading: Reading, now_s: float) -> RobotState:
        """Return the RobotState of a reading that the guard found good."""
        return state_of(reading, now_s)


def _tilt(quaternion: NDArray[np.float64]) -> float:
    """Angle in rad between the z axis that an orientation (xyzw) turns to, and the vertical."""
    x, y = quaternion[0], quaternion[1]
    norm = float(quaternion @ quaternion)
    if not norm > 0.0:  # NaN too
        return math.nan
    return math.acos(min(1.0, max(-1.0, 1.0 - 2.0 * (x * x + y * y) / norm)))


def _orientation_fault(quaternion: NDArray[np.float64]) -> str:
    norm = float(np.sqrt(quaternion @ quaternion))
    if abs(norm - 1.0) > NORM_TOLERANCE:  # not true of NaN, which the guard finds by itself
        return f"odom: the orientation's norm is {norm:.3g}, not 1"
    return ""

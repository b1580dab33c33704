"""Joint commands as the message types that a RobotSpec may name."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from builtin_interfaces.msg import Duration, Time
from numpy.typing import NDArray
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from ..robots.spec import RobotSpec

CommandMessage: TypeAlias = Float64MultiArray | JointTrajectory | JointState
MessageMaker: TypeAlias = Callable[[NDArray[np.float64], Time], CommandMessage]

TRAJECTORY_FIELDS = {"position": "positions", "velocity": "velocities", "effort": "effort"}


def command_message_maker(spec: RobotSpec) -> tuple[type, MessageMaker]:
    """Return the message type of the robot's command topic, and the function that fills it.

    The function takes an (n,) command in the spec's order and SI units, and the time to stamp.
    """
    names, interface = list(spec.command_names), spec.command.interface

    def float64_multi_array(command: NDArray[np.float64], stamp: Time) -> CommandMessage:
        return Float64MultiArray(data=_doubles(command))

    def joint_trajectory(command: NDArray[np.float64], stamp: Time) -> CommandMessage:
        # One point, reached when the next command comes. No stamp: begin at once, whatever the
        # controller's clock says.
        point = JointTrajectoryPoint(time_from_start=_duration(spec.control_period_s))
        setattr(point, TRAJECTORY_FIELDS[interface], _doubles(command))
        return JointTrajectory(joint_names=names, points=[point])

    def joint_state(command: NDArray[np.float64], stamp: Time) -> CommandMessage:
        message = JointState(name=names)
        message.header.stamp = stamp
        setattr(message, interface, _doubles(command))
        return message

    return {
        "float64_multi_array": (Float64MultiArray, float64_multi_array),
        "joint_trajectory": (JointTrajectory, joint_trajectory),
        "joint_state": (JointState, joint_state),
    }[spec.command.message]


def _doubles(command: NDArray[np.float64]) -> array[float]:
    # An array("d") is taken as it is; a list would be checked number by number.
    return array("d", command.tobytes())


def _duration(seconds: float) -> Duration:
    whole, nanoseconds = divmod(round(seconds * 1e9), 1_000_000_000)
    return Duration(sec=whole, nanosec=nanoseconds)

"""Joint commands from the message types that a RobotSpec may name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from ..errors import ErrorCode, RobotError
from ..robots.spec import RobotSpec

# No robot has so many.
MAX_NAMES = 1000

CommandMessage: TypeAlias = Float64MultiArray | JointTrajectory | JointState

COMMAND_TYPES: dict[str, type] = {
    "float64_multi_array": Float64MultiArray,
    "joint_trajectory": JointTrajectory,
    "joint_state": JointState,
}


def read_command(message: CommandMessage, spec: RobotSpec) -> NDArray[np.float64]:
    """The command (n,) in SI units and joint order; RobotError says what is wrong with it.

    A trajectory counts by its last point, applied at once.
    """
    if isinstance(message, Float64MultiArray):
        values = np.asarray(message.data, dtype=np.float64)
    elif isinstance(message, JointTrajectory):
        if not message.points:
            raise RobotError("the trajectory has no points", ErrorCode.DATA_INVALID)
        point = message.points[-1]
        fields = {
            "position": point.positions,
            "velocity": point.velocities,
            "effort": point.effort,
        }
        values = _in_joint_order(message.joint_names, fields[spec.command.interface], spec)
    else:
        field: Sequence[float] = getattr(message, spec.command.interface)
        values = _in_joint_order(message.name, field, spec)
    if values.shape != (spec.action_dim,):
        raise RobotError(
            f"the command has {values.size} numbers, {spec.name} takes {spec.action_dim}",
            ErrorCode.DATA_INVALID,
        )
    if not np.all(np.isfinite(values)):
        raise RobotError("the command is not finite", ErrorCode.DATA_INVALID)
    return values


def _in_joint_order(
    names: Sequence[str], values: Sequence[float], spec: RobotSpec
) -> NDArray[np.float64]:
    if len(names) > MAX_NAMES or len(values) > MAX_NAMES:
        raise RobotError(f"the command names more than {MAX_NAMES} joints", ErrorCode.DATA_INVALID)
    by_name = dict(zip(names, values, strict=False))
    missing = [name for name in spec.command_names if name not in by_name]
    if missing:
        raise RobotError(f"the command lacks {', '.join(missing)}", ErrorCode.DATA_INVALID)
    return np.array([by_name[name] for name in spec.command_names], dtype=np.float64)

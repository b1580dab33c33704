"""Control events from a recording, read without ROS, as the journal had them."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import numpy as np

from ..nodes.journal import ControlEvent
from ..nodes.task import Task
from ..safety import GuardState, Reading

_TASK = tuple(f.name for f in fields(Task) if f.name != "z")


def event_of(message: Any) -> ControlEvent:
    """The event of a ControlEvent message, decoded by rclpy or by mcap_ros2."""
    arguments = {pair.key: json.loads(pair.value) for pair in message.arguments}
    z = np.array(message.z, dtype=np.float32) if len(message.z) else None
    command = np.array(message.joint_command, dtype=np.float64)
    task = None
    if message.call == "act_on":
        task = Task(z=z, **{key: arguments.pop(key) for key in _TASK})
        if z is not None and task.steps:
            task = replace(task, z=z.reshape(task.steps, -1))
    return ControlEvent(
        call=message.call,
        sequence=message.sequence,
        fresh=message.fresh,
        now_s=message.now_s,
        reason=message.reason,
        arguments=arguments,
        reading=_reading(message) if message.has_reading else None,
        task=task,
        z=z,
        guard_state=GuardState(message.guard_state),
        stop_reason=message.stop_reason,
        granted=message.granted,
        command=command if len(command) else None,
    )


def _reading(message: Any) -> Reading:
    return Reading(
        ages_s=dict(zip(message.age_names, message.ages_s, strict=True)),
        joint_positions=np.array(message.joint_positions, dtype=np.float64),
        joint_velocities=np.array(message.joint_velocities, dtype=np.float64),
        base=np.array(message.base, dtype=np.float64),
        velocities_age_s=message.velocities_age_s,
        height_m=message.height_m,
        tilt_rad=message.tilt_rad,
        fault=message.fault,
    )

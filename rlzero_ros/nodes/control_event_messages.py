"""The journal of a controller as messages, every number exactly as it was."""

from __future__ import annotations

import json
from array import array
from dataclasses import asdict

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import KeyValue
from numpy.typing import NDArray

from ..msg import ControlEvent as ControlEventMessage
from .journal import ControlEvent


def event_message(event: ControlEvent, stamp: Time) -> ControlEventMessage:
    """The event as a message; `evaluate.control_events.event_of` is the inverse."""
    arguments = dict(event.arguments)
    if event.call == "act_on" and event.task is not None:
        # Python's JSON keeps every bit of a number, infinities included.
        arguments |= {key: v for key, v in asdict(event.task).items() if key != "z"}
    z = event.z if event.task is None or event.call != "act_on" else event.task.z
    message = ControlEventMessage(
        sequence=event.sequence,
        call=event.call,
        fresh=event.fresh,
        now_s=event.now_s,
        reason=event.reason,
        arguments=[KeyValue(key=key, value=json.dumps(v)) for key, v in arguments.items()],
        plan_id=event.task.plan_id if event.task is not None else "",
        z=_numbers("f", z),
        guard_state=int(event.guard_state),
        stop_reason=event.stop_reason,
        granted=event.granted,
        joint_command=_numbers("d", event.command),
    )
    message.header.stamp = stamp
    if (reading := event.reading) is not None:
        message.has_reading = True
        message.age_names = list(reading.ages_s)
        message.ages_s = [float(age) for age in reading.ages_s.values()]
        message.joint_positions = _numbers("d", reading.joint_positions)
        message.joint_velocities = _numbers("d", reading.joint_velocities)
        message.base = _numbers("d", reading.base)
        message.velocities_age_s = float(reading.velocities_age_s)
        message.height_m = float(reading.height_m)
        message.tilt_rad = float(reading.tilt_rad)
        message.fault = reading.fault
    return message


def _numbers(kind: str, values: NDArray[np.floating] | None) -> array:
    dtype = np.float32 if kind == "f" else np.float64
    return array(kind, b"" if values is None else np.asarray(values, dtype=dtype).tobytes())

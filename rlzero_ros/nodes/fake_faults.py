"""What goes wrong between a robot's sensors and its computer, drawn from a seed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu, JointState

from ..errors import ErrorCode, RobotError
from .fake_hardware_parameters import ORDERS, POSITION_UNITS, TOPICS

StateMessage: TypeAlias = JointState | Imu | Odometry


@dataclass(frozen=True)
class Faults:
    """The parameters of `fake_hardware_parameters.FAULTS`, in the same words."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    command_latency_s: float = 0.0
    drop_rate: float = 0.0
    command_drop_rate: float = 0.0
    repeat_rate: float = 0.0
    joint_order: str = "spec"
    extra_joints: int = 0
    missing_joints: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()
    nan: frozenset[str] = frozenset()
    position_unit: str = "rad"
    clock_offset_s: float = 0.0

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Faults:
        """From parameter values; RobotError names one that is not a choice."""
        given = dict(values)
        for field in fields(cls):
            if isinstance(field.default, frozenset):
                given[field.name] = frozenset(str(given[field.name]).split())
        faults = cls(**given)  # type: ignore[arg-type]
        for name, known in (("joint_order", ORDERS), ("position_unit", POSITION_UNITS)):
            _check(name, {getattr(faults, name)}, known)
        for name in ("silent", "frozen", "stuck", "nan"):
            _check(name, getattr(faults, name), TOPICS)
        return faults


class FaultySensors:
    """Turns each good message into those that arrive, and when."""

    def __init__(self, faults: Faults, joint_names: tuple[str, ...], seed: int) -> None:
        self.faults = faults
        self._names = joint_names
        self._rng = np.random.default_rng(seed)
        self._shuffled = [int(i) for i in self._rng.permutation(len(joint_names))]
        self._last: dict[str, StateMessage] = {}

    def pass_on(self, topic: str, message: StateMessage) -> list[tuple[float, StateMessage]]:
        """Return (delay in s, message) for everything that comes of one good message."""
        faults, rng = self.faults, self._rng
        # Drawn for every message, so that one fault does not change the course of another.
        dropped, repeated, jitter = rng.random(3)
        if topic in faults.silent or dropped < faults.drop_rate:
            return []
        message = self._changed(topic, message)
        delay_s = faults.latency_s + jitter * faults.jitter_s
        return [(delay_s, message)] * (2 if repeated < faults.repeat_rate else 1)

    def loses_command(self) -> bool:
        """Whether the next command is lost."""
        return bool(self._rng.random() < self.faults.command_drop_rate)

    def _changed(self, topic: str, message: StateMessage) -> StateMessage:
        faults, last = self.faults, self._last.get(topic)
        if last is not None and topic in faults.frozen:
            return last
        if last is not None and topic in faults.stuck:
            stuck = copy.deepcopy(last)
            stuck.header.stamp = message.header.stamp
            return stuck
        if isinstance(message, JointState):
            message = self._rearranged(message)
        if topic in faults.nan:
            _spoil(message)
        self._last[topic] = message
        return message

    def _rearranged(self, message: JointState) -> JointState:
        faults, names = self.faults, list(self._names)
        order = list(range(len(names)))
        if faults.joint_order == "alphabetical":
            order.sort(key=names.__getitem__)
        elif faults.joint_order == "shuffled":
            order = self._shuffled
        order = [i for i in order if names[i] not in faults.missing_joints]
        factor = 180.0 / np.pi if faults.position_unit == "deg" else 1.0
        changed = JointState(header=message.header)
        extra = [f"extra_{k}" for k in range(faults.extra_joints)]
        # In front, where a reader that goes by place instead of name would trip.
        changed.name = extra + [names[i] for i in order]
        for field in ("position", "velocity"):
            values = getattr(message, field)
            ours = [float(values[i]) * factor for i in order]
            setattr(changed, field, [1.0 + k for k in range(len(extra))] + ours)
        return changed


def _spoil(message: StateMessage) -> None:
    nan = float("nan")
    if isinstance(message, JointState):
        message.position[-1] = nan
    elif isinstance(message, Imu):
        message.angular_velocity.y = nan
    else:
        message.pose.pose.position.z = nan


def _check(name: str, given: set[str] | frozenset[str], known: tuple[str, ...]) -> None:
    if wrong := sorted(given - set(known)):
        raise RobotError(
            f"{name} cannot be {wrong[0]!r}; choose of: {', '.join(known)}", ErrorCode.DATA_INVALID
        )

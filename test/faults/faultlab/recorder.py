"""Every command as somebody outside receives it, and whether it was ever out of bounds."""

from __future__ import annotations

import bisect
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from rlzero_ros.robots.spec import RobotSpec

INTRUDER = 0.0625
"""What second publishers send: no policy computes exactly that, six times."""
ROUNDING = 1e-9
BEFORE_S, AFTER_S = 0.35, 0.1
"""A command that damps follows a velocity of so long ago at most. The velocity may be heard later
than the command that was computed from it."""


@dataclass(frozen=True)
class Command:
    """received_s: monotonic. number: the publisher's own count. values: (6,)."""

    received_s: float
    number: int
    values: NDArray[np.float64]


class CommandRecorder:
    """Listens on the command topic of an effort robot, and to its joints, while it lives."""

    def __init__(self, node: Any, spec: RobotSpec) -> None:
        self.commands: list[Command] = []
        self._checked = 0
        self._heard_s: list[float] = []
        self._velocities: list[NDArray[np.float64]] = []
        self._names = list(spec.joint_names)
        self._lower, self._upper = np.array(spec.command.lower), np.array(spec.command.upper)
        self._damping = np.array(spec.command.hold_damping)
        self._step = np.array(spec.command.rate_limit) * spec.control_period_s
        deep = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
        node.create_subscription(Float64MultiArray, spec.command.topic, self._take, deep)
        node.create_subscription(
            JointState, "joint_states", self._take_joints, qos_profile_sensor_data
        )

    def since(self, start_s: float) -> list[Command]:
        """What was received after a moment."""
        return [c for c in list(self.commands) if c.received_s > start_s]

    def only_held(self, start_s: float) -> bool:
        """Whether everything received after a moment, until a moment ago, was damping or zero."""
        end_s = time.monotonic() - AFTER_S
        return all(self.is_held(c) for c in self.since(start_s) if c.received_s < end_s)

    def largest_gap_s(self, start_s: float, end_s: float) -> float:
        """The longest time between two commands from start to end; the ends count too."""
        times = [c.received_s for c in self.commands if start_s <= c.received_s <= end_s]
        return float(np.diff([start_s, *times, end_s]).max())

    def first_stop_s(self, start_s: float) -> float:
        """Seconds from a moment to the first command from which on all hold."""
        after = self.since(start_s)
        assert after, "nothing was received any more"
        moving = [c.received_s for c in after if not self.is_held(c)]
        stopped = [c.received_s for c in after if not moving or c.received_s > moving[-1]]
        assert stopped, "the robot was never stopped"
        return stopped[0] - start_s

    def is_held(self, command: Command) -> bool:
        """Whether it is zero, or damping by a velocity of late."""
        if command.values.shape != self._lower.shape:
            return False
        if not command.values.any():
            return True
        first = bisect.bisect_left(self._heard_s, command.received_s - BEFORE_S)
        last = bisect.bisect_right(self._heard_s, command.received_s + AFTER_S)
        if first == last:
            return False
        brakes = -self._damping * np.array(self._velocities[first:last])
        return bool(
            np.isclose(np.clip(brakes, self._lower, self._upper), command.values, atol=ROUNDING)
            .all(1)
            .any()
        )

    def check(self) -> tuple[int, list[str]]:
        """Look at what came since the last time: how many commands, and what was wrong with them.

        Limits hold for every command; the change from one to the next while they are driven.
        """
        faults = []
        count = len(self.commands)
        for place in range(self._checked, count):
            faults += self._faults(self.commands[max(place - 1, 0)], self.commands[place])
        seen, self._checked = count - self._checked, count
        return seen, faults

    def _faults(self, last: Command, command: Command) -> list[str]:
        values = command.values
        if values.shape != self._lower.shape or not np.isfinite(values).all():
            return [f"not {self._lower.size} finite numbers: {values}"]
        if (values < self._lower).any() or (values > self._upper).any():
            return [f"outside the limits: {values}"]
        if last.values.shape != values.shape:
            return []
        steps = command.number - last.number
        # A new node counts from one again, and begins where it finds the robot.
        change = np.abs(values - (last.values if steps >= 0 else 0.0))
        if (change > max(steps, 1) * self._step + ROUNDING).any() and not self.is_held(command):
            return [f"{change} in {steps} steps, more than {self._step} in each"]
        return []

    def _take(self, message: Float64MultiArray, info: dict[str, Any]) -> None:
        values = np.array(message.data)
        if not (values.size and (values == INTRUDER).all()):
            number = int(info["publication_sequence_number"])
            self.commands.append(Command(time.monotonic(), number, values))

    def _take_joints(self, message: JointState) -> None:
        if len(message.velocity) != len(message.name) or not set(self._names) <= set(message.name):
            return
        velocities = np.array(message.velocity)[[message.name.index(n) for n in self._names]]
        if np.isfinite(velocities).all():
            self._velocities.append(velocities)
            self._heard_s.append(time.monotonic())

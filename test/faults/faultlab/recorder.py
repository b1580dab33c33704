"""Every command as somebody outside receives it, and whether it was ever out of bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Float64MultiArray

from rlzero_ros.robots.spec import RobotSpec

INTRUDER = 0.0625
"""What second publishers send: no policy computes exactly that, six times."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Command:
    """received_s: monotonic. number: the publisher's own count. held: damping or zero."""

    received_s: float
    number: int
    values: NDArray[np.float64]
    held: bool


class CommandRecorder:
    """Listens on the command topic of an effort robot for as long as it lives."""

    def __init__(
        self, node: Any, spec: RobotSpec, velocities: Callable[[], list[NDArray[np.float64]]]
    ) -> None:
        """velocities(): what the joints did of late; holding is damping by one of them."""
        self.commands: list[Command] = []
        self.faults: list[str] = []
        self.checked = 0
        self._spec, self._velocities = spec, velocities
        self._lower, self._upper = np.array(spec.command.lower), np.array(spec.command.upper)
        self._damping = np.array(spec.command.hold_damping)
        self._step = np.array(spec.command.rate_limit) * spec.control_period_s
        deep = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
        node.create_subscription(Float64MultiArray, spec.command.topic, self._take, deep)

    def since(self, start_s: float) -> list[Command]:
        """What was received after a moment."""
        return [c for c in list(self.commands) if c.received_s > start_s]

    def largest_gap_s(self, start_s: float, end_s: float) -> float:
        """The longest time between two commands from start to end; the ends count too."""
        times = [c.received_s for c in self.commands if start_s <= c.received_s <= end_s]
        return float(np.diff([start_s, *times, end_s]).max())

    def first_stop_s(self, start_s: float) -> float:
        """Seconds from a moment to the first command from which on all hold."""
        after = self.since(start_s)
        assert after, "nothing was received any more"
        moving = [c.received_s for c in after if not c.held]
        stopped = [c.received_s for c in after if not moving or c.received_s > moving[-1]]
        assert stopped, "the robot was never stopped"
        return stopped[0] - start_s

    def _take(self, message: Float64MultiArray, info: dict[str, Any]) -> None:
        values = np.array(message.data)
        if values.size and (values == INTRUDER).all():
            return
        command = Command(
            time.monotonic(),
            int(info["publication_sequence_number"]),
            values,
            self._is_held(values),
        )
        self._check(command)
        self.commands.append(command)

    def _is_held(self, values: NDArray[np.float64]) -> bool:
        brakes = [
            np.clip(-self._damping * velocity, self._lower, self._upper)
            for velocity in self._velocities()
        ]
        return any(np.allclose(values, v, atol=1e-9) for v in [np.zeros(values.size), *brakes])

    def _check(self, command: Command) -> None:
        """Limits of every command, and of the change from one to the next while it is driven."""
        self.checked += 1
        values = command.values
        if values.shape != self._lower.shape or not np.isfinite(values).all():
            self.faults.append(f"not {self._lower.size} finite numbers: {values}")
        elif (values < self._lower).any() or (values > self._upper).any():
            self.faults.append(f"outside the limits: {values}")
        elif self.commands and not command.held:
            last = self.commands[-1]
            steps = command.number - last.number
            # A new node counts from one again, and begins where it finds the robot.
            change = np.abs(values - (last.values if steps > 0 else 0.0))
            if (change > max(steps, 1) * self._step + ROUNDING).any():
                self.faults.append(f"{change} in {steps} steps, more than {self._step} in each")

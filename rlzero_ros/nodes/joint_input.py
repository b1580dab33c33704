"""joint_states, in whatever order and however many messages a robot splits them into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import JointState

from .stamp_order import StampOrder

# No robot has so many; a message that claims to is not worth sorting.
MAX_NAMES = 1000


@dataclass(frozen=True)
class JointReading:
    """positions, velocities: (n,) in the spec's order. received_s: (n,) monotonic seconds."""

    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]
    received_s: NDArray[np.float64]
    fault: str = ""


class JointInput:
    """The newest position and velocity of every joint of the spec.

    `update` is called by one thread; `latest` is replaced whole, so any thread may read it.
    """

    def __init__(self, joint_names: Sequence[str], new_stamps_only: bool) -> None:
        n = len(joint_names)
        self.joint_names = tuple(joint_names)
        self.latest = JointReading(np.full(n, np.nan), np.full(n, np.nan), np.full(n, -np.inf))
        self._place = {name: i for i, name in enumerate(joint_names)}
        # One for each joint that leads a message: parts of a robot may come from several drivers,
        # each with stamps of its own.
        self._orders = [StampOrder(new_stamps_only) for _ in joint_names]
        self._names: Sequence[str] | None = None
        self._from: list[int] = []
        self._to: list[int] = []

    def update(self, message: JointState, now_s: float) -> None:
        """Take what the message says about this robot's joints; others are not ours."""
        if len(message.name) > MAX_NAMES:
            self._fail(f"joint_states: {len(message.name)} names, more than {MAX_NAMES}")
            return
        self._sort(message.name)
        if not self._to or not self._orders[self._to[0]].accept(message.header.stamp):
            return
        size = len(message.name)
        for field in ("position", "velocity"):
            found = len(getattr(message, field))
            if found != size:
                self._fail(f"joint_states: {found} {field} values for {size} names")
                return
        old = self.latest
        positions, velocities = old.positions.copy(), old.velocities.copy()
        received_s = old.received_s.copy()
        positions[self._to] = np.asarray(message.position)[self._from]
        velocities[self._to] = np.asarray(message.velocity)[self._from]
        received_s[self._to] = now_s
        self.latest = JointReading(positions, velocities, received_s)

    @property
    def dropped(self) -> int:
        """Messages that were late, reordered or repeated."""
        return sum(order.dropped for order in self._orders)

    def oldest(self, now_s: float) -> tuple[str, float]:
        """Return the input's name, with the joint if only some are late, and the greatest age."""
        received_s = self.latest.received_s
        worst = int(np.argmin(received_s))
        alone = received_s[worst] != received_s.max()
        name = f"joint_states ({self.joint_names[worst]})" if alone else "joint_states"
        return name, now_s - float(received_s[worst])

    def _sort(self, names: Sequence[str]) -> None:
        """Find where each of our joints stands; robots keep their order, so this is rare."""
        if names == self._names:
            return
        self._names = list(names)
        ours = [(i, self._place[name]) for i, name in enumerate(names) if name in self._place]
        self._from, self._to = [i for i, _ in ours], [j for _, j in ours]

    def _fail(self, fault: str) -> None:
        old = self.latest
        self.latest = JointReading(old.positions, old.velocities, old.received_s, fault)

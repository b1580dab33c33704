"""Everything that happens to a controller, in order: what a replay needs to compute it again."""

from __future__ import annotations

import math
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..safety import GuardState, Reading
from .task import Task

# 25 s at 40 Hz. Older events are given up: whoever publishes them is that far behind.
KEPT = 1000


@dataclass(frozen=True)
class ControlEvent:
    """One call of a `Controller`, what it was computed from, and what came of it.

    Attributes:
        call: name of the method; "begin" for the controller's making, with its settings and facts.
        sequence: counts up by one from 0.
        fresh: nothing was armed or stopped yet: a new controller is in the same state.
        now_s: the time that the call was given, monotonic seconds; NaN where it takes none.
        reason: of a stop.
        arguments: whatever else the call was given; numbers, strings and booleans.
        reading: the robot's state as it was read in the call, None if it was not.
        task: what was acted on (begin_step), or should be (act_on).
        z: (d,) the latent of a step.
        guard_state, stop_reason: after the call.
        granted: whether what was asked for was done.
        command: (n,) what the call returned, None for nothing.
    """

    call: str
    sequence: int = 0
    fresh: bool = False
    now_s: float = math.nan
    reason: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    reading: Reading | None = None
    task: Task | None = None
    z: NDArray[np.float32] | None = None
    guard_state: GuardState = GuardState.DISARMED
    stop_reason: str = ""
    granted: bool = False
    command: NDArray[np.float64] | None = None


class Journal:
    """A bounded mailbox: the control loop writes without waiting, another thread takes."""

    def __init__(self, facts: Mapping[str, str] | None = None, size: int = KEPT) -> None:
        """Begin empty; facts: what a reader may want to know of this machine, in "begin"."""
        self._facts = dict(facts or {})
        self._events: deque[ControlEvent] = deque(maxlen=size)
        self._count = 0
        self.first: ControlEvent | None = None
        """The "begin", for whoever starts to listen later."""

    def write(self, **event: Any) -> None:
        """Add a ControlEvent; its sequence is counted here. The caller holds a lock."""
        if event["call"] == "begin":
            own = {"facts": self._facts, "journal": uuid.uuid4().hex}
            event["arguments"] = {**event["arguments"], **own}
        entry = ControlEvent(sequence=self._count, **event)
        self._count += 1
        if entry.call == "begin":
            self.first = entry
        self._events.append(entry)

    def take(self) -> list[ControlEvent]:
        """Remove and return what has been written; safe beside one writer."""
        return [self._events.popleft() for _ in range(len(self._events))]

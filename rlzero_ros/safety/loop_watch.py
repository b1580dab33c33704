"""Whether the control loop keeps time: a robot must not go on with what a late loop told it."""

from __future__ import annotations

import math
from collections import deque

from .guard_state import Fault


class LoopWatch:
    """Judges a loop by the times at which its steps begin. Not thread-safe.

    One gap of more than `timeout_s`, or `max_overruns` missed periods among the last `window`, is
    a fault. A gap is noticed by whoever looks first: the next step, the end of the step that took
    too long, or a watchdog beside the loop.
    """

    def __init__(self, period_s: float, timeout_s: float, max_overruns: int, window: int) -> None:
        """Begin before the first step.

        Args:
            period_s: from one step to the next.
            timeout_s: longest time from the beginning of one step to that of the next.
            max_overruns: as many missed periods are too many; 0 for never.
            window: in how many periods they are counted.
        """
        self.timeout_s = timeout_s
        self._period_s = period_s
        self._max_overruns, self._window = max_overruns, window
        self._gaps: deque[tuple[float, int]] = deque(maxlen=window)
        self._began_s = math.nan
        self._told = False

    @property
    def due_s(self) -> float:
        """When the next step must have begun; NaN before the first."""
        return self._began_s + self.timeout_s

    def reset(self) -> None:
        """Forget everything: the loop ends or begins."""
        self._gaps.clear()
        self._began_s, self._told = math.nan, False

    def is_late(self, now_s: float) -> bool:
        """Return whether the step that should have begun by now has not."""
        return now_s - self._began_s > self.timeout_s

    def late(self, now_s: float) -> Fault | None:
        """Return the fault of a gap that is too long, once for each."""
        if self._told or not self.is_late(now_s):
            return None
        self._told = True
        stood_ms = (now_s - self._began_s) * 1e3
        limit_ms = self.timeout_s * 1e3
        why = f"the control loop stood still for {stood_ms:.0f} ms, more than {limit_ms:.0f} ms"
        return Fault("loop_hangs", why)

    def begin(self, now_s: float) -> Fault | None:
        """Note that a step begins; return why the loop cannot be trusted, None if it can."""
        fault = self.late(now_s)
        gap_s = now_s - self._began_s
        self._began_s, self._told = now_s, False
        missed = 0 if math.isnan(gap_s) else round(gap_s / self._period_s) - 1
        if missed > 0:
            self._gaps.append((now_s, missed))
        since_s = now_s - (self._window - 0.5) * self._period_s
        while self._gaps and self._gaps[0][0] <= since_s:
            self._gaps.popleft()
        if fault is None and 0 < self._max_overruns <= (total := sum(n for _, n in self._gaps)):
            self._gaps.clear()
            why = f"the control loop missed {total} of its last {self._window} periods"
            fault = Fault("loop_overruns", why)
        return fault

"""How punctual a control loop is: the last ticks, and percentiles over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LoopReport:
    """Numbers over the last ticks; 0 before the first.

    rate_hz: ticks per second. period_error_*: |time between two ticks − period|. latency_*: from
    receipt of the newest robot state to the command computed from it being published. work_*:
    what a tick took. Times in milliseconds.
    """

    ticks: int
    overruns: int
    rate_hz: float
    period_error_p50_ms: float
    period_error_p99_ms: float
    latency_p50_ms: float
    latency_p99_ms: float
    work_p50_ms: float
    work_p99_ms: float


class LoopTimes:
    """The last `size` ticks of a loop in buffers made beforehand.

    One thread adds; another may ask for a report and at worst sees the tick under way.
    """

    def __init__(self, period_s: float, size: int = 1024) -> None:
        self._period_s = period_s
        self._starts = np.full(size, np.nan)
        self._works = np.full(size, np.nan)
        self._latencies = np.full(size, np.nan)
        self.ticks = 0
        self.overruns = 0

    def add(self, start_s: float, work_s: float, latency_s: float) -> None:
        """Record one tick; latency NaN where nothing was published."""
        place = self.ticks % self._starts.size
        self._starts[place] = start_s
        self._works[place] = work_s
        self._latencies[place] = latency_s
        self.ticks += 1

    def report(self) -> LoopReport:
        """Sum up."""
        ticks = self.ticks
        starts = np.roll(self._starts, -(ticks % self._starts.size))
        periods = np.diff(starts[np.isfinite(starts)])
        errors = percentiles_ms(np.abs(periods - self._period_s))
        rate = 1.0 / float(periods.mean()) if periods.size else 0.0
        latencies, works = percentiles_ms(self._latencies), percentiles_ms(self._works)
        return LoopReport(ticks, self.overruns, rate, *errors, *latencies, *works)


def percentiles_ms(seconds: np.ndarray) -> tuple[float, float]:
    """Return the 50th and 99th percentile of (k,) seconds in ms, NaN left out; 0 of none."""
    known = seconds[np.isfinite(seconds)]
    if not known.size:
        return 0.0, 0.0
    p50, p99 = np.percentile(known, [50.0, 99.0])
    return float(p50 * 1e3), float(p99 * 1e3)

"""Smooth curves through key points: how joint angles are written down."""

from __future__ import annotations

import math
from bisect import bisect_right


class Cycle:
    """A periodic curve of phase (period 1) through key points, a cubic Hermite spline."""

    def __init__(self, *keys: tuple[float, float]) -> None:
        """Each key is (phase in [0, 1), value); phases increase."""
        self._phases = [phase for phase, _ in keys]
        self._values = [value for _, value in keys]
        n = len(keys)
        if n < 2 or any(b <= a for a, b in zip(self._phases, self._phases[1:], strict=False)):
            raise ValueError("a cycle needs at least two keys with increasing phases")
        self._slopes = []
        for k in range(n):
            before, after = (k - 1) % n, (k + 1) % n
            span = (self._phases[after] - self._phases[before]) % 1.0 or 1.0
            self._slopes.append((self._values[after] - self._values[before]) / span)

    def __call__(self, phase: float) -> float:
        """The value at any phase; whole turns do not matter."""
        phase %= 1.0
        n = len(self._phases)
        left = (bisect_right(self._phases, phase) - 1) % n
        right = (left + 1) % n
        span = (self._phases[right] - self._phases[left]) % 1.0 or 1.0
        u = ((phase - self._phases[left]) % 1.0) / span
        m0, m1 = self._slopes[left] * span, self._slopes[right] * span
        p0, p1 = self._values[left], self._values[right]
        return (
            (2 * u**3 - 3 * u**2 + 1) * p0
            + (u**3 - 2 * u**2 + u) * m0
            + (3 * u**2 - 2 * u**3) * p1
            + (u**3 - u**2) * m1
        )


def wave(phase: float) -> float:
    """A sine of phase, period 1."""
    return math.sin(2 * math.pi * phase)


def ramp(x: float, start: float, end: float) -> float:
    """Smoothly from 0 at ``start`` to 1 at ``end``."""
    u = min(max((x - start) / (end - start), 0.0), 1.0)
    return u * u * (3 - 2 * u)


def arc(x: float, start: float, end: float) -> float:
    """A parabola that is 0 outside (start, end) and 1 in its middle: height in free flight."""
    u = (x - start) / (end - start)
    return max(4 * u * (1 - u), 0.0)

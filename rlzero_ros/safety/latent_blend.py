"""Changing what the policy does without a jump: from one latent to the next along the sphere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .blend import blend

Vector = NDArray[np.float32]


class LatentBlend:
    """The latent of each control step, on its way from the last one to the wanted one."""

    def __init__(self, ticks: int, project: Callable[[NDArray[np.float64]], Vector]) -> None:
        """Begin without a latent.

        Args:
            ticks: control steps that a change takes; 0 for at once.
            project: brings a (d,) vector other than zero back to the sphere.
        """
        self._ticks = ticks
        self._project = project
        self._tick = 0
        self._start: Vector | None = None
        self._origin: object = None
        self.current: Vector | None = None
        """The (d,) latent of the last step, None if there is none."""

    def step(self, goal: Vector | None, origin: object = None) -> Vector | None:
        """Return the (d,) latent of this step; `goal` None (no policy) forgets where it was.

        origin: what the goal belongs to. A goal that moves while it stays the same object is
        followed without beginning anew; without one, every new goal is a change.
        """
        origin = goal if origin is None or goal is None else origin
        if origin is not self._origin:
            self._start, self._origin, self._tick = self.current, origin, 0
        self._tick += 1
        if goal is None or self._start is None or self._tick >= self._ticks:
            self.current = goal
            return goal
        mixed = blend(self._start, goal, self._tick / self._ticks)
        # Half-way to the opposite point lies the centre, which points nowhere: go on to the goal.
        nowhere = float(np.linalg.norm(mixed)) < 1e-3 * float(np.linalg.norm(goal))
        self.current = goal if nowhere else self._project(mixed)
        return self.current

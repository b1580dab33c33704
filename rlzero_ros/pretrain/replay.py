"""A growing buffer of transitions in memory, for the collecting agent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Replay:
    """Transitions (s, skill, a, s'), overwritten oldest first when full."""

    def __init__(self, capacity: int, observation_dim: int, skill_dim: int, action_dim: int):
        self._s = np.empty((capacity, observation_dim), np.float32)
        self._next = np.empty((capacity, observation_dim), np.float32)
        self._skill = np.zeros((capacity, skill_dim), np.float32)
        self._a = np.empty((capacity, action_dim), np.float32)
        self._capacity, self._cursor, self.size = capacity, 0, 0

    def add(self, s: Array, skill: Array, a: Array, s_next: Array) -> None:
        """Append n transitions."""
        rows = (self._cursor + np.arange(len(s))) % self._capacity
        self._s[rows], self._skill[rows], self._a[rows], self._next[rows] = s, skill, a, s_next
        self._cursor = int((self._cursor + len(s)) % self._capacity)
        self.size = min(self.size + len(s), self._capacity)

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
        """n transitions drawn uniformly: s, skill, a, s'."""
        rows = rng.integers(self.size, size=n)
        return self._s[rows], self._skill[rows], self._a[rows], self._next[rows]

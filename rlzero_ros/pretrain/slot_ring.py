"""Slots that are filled anew in turn, a few at every step of training.

What a slot holds depends only on the seed and on the step that filled it, so a resumed run finds
the ring as it was.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np


class SlotRing(ABC):
    """The turn; a subclass makes room for its slots first and then calls this ``__init__``."""

    def __init__(self, *, slots: int, per_step: int, seed: int, step: int) -> None:
        """Fills all slots. per_step: filled anew at every step; step: the last that was done."""
        self.slots, self._per_step, self._seed = slots, per_step, seed
        steps = -(-slots // per_step)
        for past in range(step - steps + 1, step + 1):
            self.advance(past)

    def advance(self, step: int) -> None:
        """Fills the slots anew that are due at this step."""
        rng = np.random.default_rng((self._seed, step + self.slots))
        for slot in range(step * self._per_step, (step + 1) * self._per_step):
            self._fill(slot % self.slots, rng)

    @abstractmethod
    def _fill(self, slot: int, rng: np.random.Generator) -> None:
        """Puts something else into a slot; rng: the only source of randomness."""

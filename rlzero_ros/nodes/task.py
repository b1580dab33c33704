"""What the policy is doing: a plan turned into latents, or holding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Task:
    """One latent to act with, or a sequence of them.

    Attributes:
        plan_id, command: of the plan; empty when holding.
        z: (d,) on the sphere of radius √d; (steps, d) for a sequence; None: no policy, the guard's
            hold.
        received_s: when the plan came, monotonic seconds.
        expires_s: when it ends, monotonic seconds.
        imitate_s: seconds from the observations to z.
        confidence: of the plan's projection, −1 to 1.
        steps: latents of a sequence, which begins when the plan came; 0: there is one for all time.
        step_s: seconds from one of them to the next; the last one stays.
    """

    plan_id: str = ""
    command: str = ""
    z: NDArray[np.float32] | None = None
    received_s: float = 0.0
    expires_s: float = math.inf
    imitate_s: float = 0.0
    confidence: float = 0.0
    steps: int = 0
    step_s: float = 0.0

    def latent(self, now_s: float) -> NDArray[np.float32] | None:
        """The (d,) latent to act with at a time, monotonic seconds."""
        if self.z is None or not self.steps:
            return self.z
        step = math.floor((now_s - self.received_s) / self.step_s)
        return self.z[min(max(step, 0), self.steps - 1)]

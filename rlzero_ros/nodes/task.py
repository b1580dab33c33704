"""What the policy is doing: a plan turned into a latent, or holding."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Task:
    """One latent to act with.

    Attributes:
        plan_id, command: of the plan; empty when holding.
        z: (d,) on the sphere of radius √d; None: no policy, the guard's hold.
        received_s: when the plan came, monotonic seconds.
        expires_s: when it ends, monotonic seconds.
        imitate_s: seconds from the observations to z.
        confidence: of the plan's projection, −1 to 1.
    """

    plan_id: str = ""
    command: str = ""
    z: NDArray[np.float32] | None = None
    received_s: float = 0.0
    expires_s: float = math.inf
    imitate_s: float = 0.0
    confidence: float = 0.0

"""What the policy does at one moment, for status and diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..safety import GuardState
from .task import Task


@dataclass(frozen=True)
class Snapshot:
    """Taken by `Controller.snapshot`.

    Attributes:
        task: what is acted on.
        z: (d,) the latent of the last step, None for none.
        state, stop_reason, counters, error: of the guard.
        first_command_s: from receipt of the plan to its first command; 0 until then.
        ages_s: of every input.
        dropped: messages that were not used.
        command: (n,) what was last decided, None for none.

    """

    task: Task
    z: NDArray[np.float32] | None
    state: GuardState
    stop_reason: str
    counters: dict[str, int]
    first_command_s: float
    ages_s: Mapping[str, float]
    dropped: int
    error: Exception | None
    command: NDArray[np.float64] | None = None

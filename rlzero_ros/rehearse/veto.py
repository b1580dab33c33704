"""What must not be done, however good it looks: falling, and a robot that works against itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .twin import Trials

# A base lower than this share of the lowest that was shown has fallen.
_FALLEN = 0.5
_LOW_PERCENTILE = 10.0


@dataclass(frozen=True)
class VetoLimits:
    """Shares of joints and moments, 0 to 1, above which a trial is vetoed.

    saturated: commands at their limit. strained: commands at their limit that push a joint into
    its mechanical stop.
    """

    saturated: float = 0.95
    strained: float = 0.8


def vetoes(
    trials: Trials, shown_height: NDArray[np.floating], limits: VetoLimits
) -> tuple[str, ...]:
    """Why each of K trials must not be done; empty where it may.

    shown_height: (F,) heights of the base (m) in the observations to imitate. Whether a robot has
    fallen is judged by them: one that is shown lying or on its knees may be low. What counts is
    the median of a trial's last third, so that a stumble is no fall.
    """
    lowest = _FALLEN * float(np.percentile(shown_height, _LOW_PERCENTILE))
    steps = trials.base_height.shape[1]
    final = np.median(trials.base_height[:, steps - max(1, steps // 3) :], axis=1)
    return tuple(
        _veto(float(height), lowest, float(saturated), float(strained), limits)
        for height, saturated, strained in zip(
            final, trials.saturated, trials.strained, strict=True
        )
    )


def _veto(
    height: float, lowest: float, saturated: float, strained: float, limits: VetoLimits
) -> str:
    if height < lowest:
        return f"it falls: {height:.2f} m high at the end, less than {lowest:.2f} m"
    if strained > limits.strained:
        return f"{strained:.0%} of its commands push a joint into its stop"
    if saturated > limits.saturated:
        return f"{saturated:.0%} of its commands are at their limit"
    return ""

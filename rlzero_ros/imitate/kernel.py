"""How the reward of an imitated state falls with the distance from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

Kernel = Literal["gaussian", "heavy_tailed"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)


@dataclass(frozen=True)
class Smoothing:
    """How far around what is shown a state is still rewarded.

    bandwidth: h for what moves, in squared standard deviations of an observation; what rests gets
    half of it. 0: nothing but what is shown. kernel: how the reward falls with the distance.

    Raises DataError for a bandwidth that is negative or not finite, and for an unknown kernel.
    """

    bandwidth: float
    kernel: Kernel = "gaussian"

    def __post_init__(self) -> None:
        if self.kernel not in KERNELS:
            raise DataError(f"the kernel must be one of {', '.join(KERNELS)}, not {self.kernel!r}")
        if not (np.isfinite(self.bandwidth) and self.bandwidth >= 0):
            raise DataError(f"the bandwidth must be a number >= 0, not {self.bandwidth}")


def kernel_rewards(
    distances: NDArray[np.float64], bandwidth: float, kernel: Kernel
) -> list[tuple[float, NDArray[np.float64]]]:
    """Weights, and rewards in [0, 1] of squared distances d.

    1 and exp(−d / 2h); for ``heavy_tailed`` also 2 and 1 / (1 + d / 2h).
    """
    nearness = distances / (2.0 * bandwidth)
    rewards = [(1.0, np.exp(-nearness))]
    if kernel == "heavy_tailed":
        rewards.append((2.0, 1.0 / (1.0 + nearness)))
    return rewards

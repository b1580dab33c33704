"""How the reward of an imitated state falls with the distance from it."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Kernel = Literal["gaussian", "heavy_tailed"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)


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

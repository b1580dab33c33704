"""How the reward of an imitated state falls with the distance from it."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Kernel = Literal["gaussian", "heavy_tailed"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)


def kernel_reward(
    distances: NDArray[np.float64], bandwidth: float, kernel: Kernel
) -> NDArray[np.float64]:
    """Rewards in [0, 1] of squared distances d: exp(−d / 2h), or 1 / (1 + d / 2h)."""
    nearness = distances / (2.0 * bandwidth)
    return np.exp(-nearness) if kernel == "gaussian" else 1.0 / (1.0 + nearness)

"""Short stretches of a dataset that show motion: a state, and what was just before and after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataError
from .dataset import open_dataset
from .heldout import split_episodes

WINDOW_STEPS = 8
"""Control steps between the three frames of a window: 0.2 s for the walker. In less time limbs
move hardly more than the embedder errs, and the speed of what is found is less often right."""
RESTING_MPS, RESTING_RADPS = 0.3, 0.8
"""Below these speeds (any of the base's, its pitch's, the joints' mean) a state rests."""
STEADY_STEPS = 10
"""A state is steady if the body keeps its height and tilt this many steps before and after."""


@dataclass(frozen=True)
class Limits:
    """What a planar robot's state must keep to be worth showing, and to be called steady.

    Faster than ``base_mps`` (the base, any direction), ``turn_radps`` (its pitch) or
    ``joint_radps`` is flailing that no clip shows. Around a steady state the base's height varies
    by less than ``rise_m`` and its pitch by less than ``tilt_rad``: it stands, walks, runs or
    lies, and does not fall.
    """

    base_mps: float = 8.0
    turn_radps: float = 12.0
    joint_radps: float = 25.0
    rise_m: float = 0.3
    tilt_rad: float = 0.8


@dataclass(frozen=True)
class Windows:
    """N windows.

    Attributes:
        physics: (N, 3, nq + nv) before, at and after each moment.
        observations: (N, observation_dim) at it.
        steady: (N,) bool.
    """

    physics: NDArray[np.float32]
    observations: NDArray[np.float32]
    steady: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.observations)

    def __getitem__(self, rows: NDArray[np.integer] | slice) -> Windows:
        return Windows(self.physics[rows], self.observations[rows], self.steady[rows])

    @property
    def middle(self) -> NDArray[np.float32]:
        """Physics (N, nq + nv) at each moment."""
        return np.ascontiguousarray(self.physics[:, 1])

    @property
    def forward_speed(self) -> NDArray[np.float32]:
        """Of the base (N,) m/s, the mean over the window."""
        nq = self.physics.shape[-1] // 2
        return self.physics[:, :, nq + 1].mean(1)

    @property
    def resting(self) -> NDArray[np.bool_]:
        """Whether nothing moves much (N,): neither the base nor its pitch nor the joints."""
        nq = self.physics.shape[-1] // 2
        speed = np.abs(self.physics[:, 1, nq:])
        joints = speed[:, 3:].mean(1)
        slow = (speed[:, :2].max(1) < RESTING_MPS) & (speed[:, 2] < RESTING_RADPS)
        return slow & (joints < RESTING_RADPS)


def read_windows(
    folder: Path, *, heldout: bool, most: int, seed: int, limits: Limits | None = None
) -> Windows:
    """Random windows of a dataset's training or held-out episodes, flailing left out.

    Args:
        folder: a dataset of a planar robot, whose qpos begins with height, forward and pitch.
        heldout: take the episodes that nothing trains on, or all others.
        most: how many windows at most.
        seed: decides which.
        limits: what is flailing and what is steady.
    """
    info, shards = open_dataset(folder)
    rng = np.random.default_rng(seed)
    share = -(-most // len(shards))
    found = []
    for shard in tqdm(shards, desc="read states", unit="shard", leave=False):
        episodes = split_episodes(len(shard.physics))[int(heldout)]
        physics = np.asarray(shard.physics[episodes])
        calm, steady = _judge(physics, info.physics_dim // 2, limits or Limits())
        rows, steps = np.nonzero(calm)
        keep = rng.permutation(len(rows))[:share]
        rows, steps = rows[keep], steps[keep]
        moments = (steps - WINDOW_STEPS, steps, steps + WINDOW_STEPS)
        found.append(
            Windows(
                np.stack([physics[rows, moment] for moment in moments], axis=1),
                np.asarray(shard.observations[episodes])[rows, steps],
                steady[rows, steps],
            )
        )
    merged = Windows(
        np.concatenate([w.physics for w in found]),
        np.concatenate([w.observations for w in found]),
        np.concatenate([w.steady for w in found]),
    )
    if len(merged) == 0:
        raise DataError(f"{folder} has no calm {'held-out ' if heldout else ''}window")
    return merged[rng.permutation(len(merged))[:most]]


def _judge(
    physics: NDArray[np.float32], nv: int, limits: Limits
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of every state (E, T) whether its window is whole and calm, and whether it is steady."""
    speed = np.abs(physics[..., -nv:])
    slow = (
        (speed[..., :2].max(-1) <= limits.base_mps)
        & (speed[..., 2] <= limits.turn_radps)
        & (speed[..., 3:].max(-1) <= limits.joint_radps)
    )
    calm, steady = np.zeros_like(slow), np.zeros_like(slow)
    k = WINDOW_STEPS
    calm[:, k:-k] = slow[:, k:-k] & slow[:, : -2 * k] & slow[:, 2 * k :]
    around = 2 * STEADY_STEPS + 1
    if physics.shape[1] >= around:
        height, pitch = (
            np.ptp(sliding_window_view(physics[..., column], around, axis=1), axis=-1)
            for column in (0, 2)
        )
        inner = slice(STEADY_STEPS, -STEADY_STEPS)
        steady[:, inner] = (height < limits.rise_m) & (pitch < limits.tilt_rad)
    return calm, steady

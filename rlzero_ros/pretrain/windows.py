"""Short stretches of a dataset that show motion: a state, and what was just before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataError
from ..robots.base_motion import BaseMotion
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .dataset import open_dataset
from .heldout import split_episodes

WINDOW_S = 0.2
"""Between the three frames of a window. In less time limbs move hardly more than the embedder
errs, and the speed of what is found is less often right."""
RESTING_MPS, RESTING_RADPS = 0.3, 0.8
"""Below these speeds (any of the base's, its pitch's, the joints' mean) a state rests."""
STEADY_S = 0.25
"""A state is steady if the body keeps its height and tilt for so long before and after."""


class NoWindowsError(DataError):
    """A dataset is too short, or too wild, to show anything of."""


@dataclass(frozen=True)
class Limits:
    """What a robot's state must keep to be worth showing, and to be called steady.

    Faster than ``base_mps`` (the base, any direction), ``turn_radps`` (the base's rotation) or
    ``joint_radps`` is flailing that no clip shows. Around a steady state the base's height varies
    by less than ``rise_m`` and its tilt by less than ``tilt_rad``: it stands, walks, runs or
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
        resting: (N,) bool, whether nothing moves much: neither the base nor the joints.
        forward_speed: (N,) m/s, the mean over the window.
    """

    physics: NDArray[np.float32]
    observations: NDArray[np.float32]
    steady: NDArray[np.bool_]
    resting: NDArray[np.bool_]
    forward_speed: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.observations)

    def __getitem__(self, rows: NDArray[np.integer] | slice) -> Windows:
        return Windows(
            self.physics[rows],
            self.observations[rows],
            self.steady[rows],
            self.resting[rows],
            self.forward_speed[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence[Windows]) -> Windows:
        """All of them, one after another."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @property
    def middle(self) -> NDArray[np.float32]:
        """Physics (N, nq + nv) at each moment."""
        return np.ascontiguousarray(self.physics[:, 1])


def window_steps(control_period_s: float) -> int:
    """Control steps between the frames of a window."""
    return max(1, round(WINDOW_S / control_period_s))


def steady_steps(control_period_s: float) -> int:
    """Control steps before and after a state in which a steady one changes little."""
    return max(1, round(STEADY_S / control_period_s))


def read_windows(
    folder: Path,
    *,
    heldout: bool,
    most: int,
    seed: int,
    robot: str | Path | None = None,
    limits: Limits | None = None,
) -> Windows:
    """Random windows of a dataset's training or held-out episodes, flailing left out.

    Args:
        folder: a dataset.
        heldout: take the episodes that nothing trains on, or all others.
        most: how many windows at most.
        seed: decides which.
        robot: name or folder of the robot; by default the one that the dataset names.
        limits: what is flailing and what is steady.
    """
    info, shards = open_dataset(folder)
    found_robot = load_robot(info.robot if robot is None else robot)
    motion = BaseMotion(found_robot.spec, load_model(found_robot.model_xml))
    before_after = window_steps(info.control_period_s)
    around = steady_steps(info.control_period_s)
    rng = np.random.default_rng(seed)
    share = -(-most // len(shards))
    found = []
    for shard in tqdm(shards, desc="read states", unit="shard", leave=False):
        episodes = split_episodes(len(shard.physics))[int(heldout)]
        physics = np.asarray(shard.physics[episodes])
        calm = _calm(motion, physics, before_after, limits or Limits())
        steady = _steady(motion, physics, around, limits or Limits())
        rows, steps = np.nonzero(calm)
        keep = rng.permutation(len(rows))[:share]
        rows, steps = rows[keep], steps[keep]
        moments = (steps - before_after, steps, steps + before_after)
        shown = np.stack([physics[rows, moment] for moment in moments], axis=1)
        found.append(
            Windows(
                shown,
                np.asarray(shard.observations[episodes])[rows, steps],
                steady[rows, steps],
                _resting(motion, shown[:, 1]),
                motion.forward_speed(shown).mean(1),
            )
        )
    merged = Windows(*(np.concatenate(parts) for parts in zip(*map(_fields, found), strict=True)))
    if len(merged) == 0:
        raise NoWindowsError(f"{folder} has no calm {'held-out ' if heldout else ''}window")
    return merged[rng.permutation(len(merged))[:most]]


def _fields(windows: Windows) -> tuple[NDArray, ...]:
    return tuple(getattr(windows, field.name) for field in fields(windows))


def _resting(motion: BaseMotion, physics: NDArray[np.float32]) -> NDArray[np.bool_]:
    slow = (motion.speed(physics) < RESTING_MPS) & (motion.turn_rate(physics) < RESTING_RADPS)
    return slow & (motion.joint_speeds(physics).mean(-1) < RESTING_RADPS)


def _calm(
    motion: BaseMotion, physics: NDArray[np.float32], k: int, limits: Limits
) -> NDArray[np.bool_]:
    """Of every state (E, T) whether its window is whole and nothing flails in it."""
    slow = (
        (motion.speed(physics) <= limits.base_mps)
        & (motion.turn_rate(physics) <= limits.turn_radps)
        & (motion.joint_speeds(physics).max(-1) <= limits.joint_radps)
    )
    calm = np.zeros_like(slow)
    calm[:, k:-k] = slow[:, k:-k] & slow[:, : -2 * k] & slow[:, 2 * k :]
    return calm


def _steady(
    motion: BaseMotion, physics: NDArray[np.float32], k: int, limits: Limits
) -> NDArray[np.bool_]:
    """Of every state (E, T) whether the base keeps its height and tilt around it."""
    steady = np.zeros(physics.shape[:2], dtype=bool)
    if physics.shape[1] >= 2 * k + 1:
        rise, turn = (
            np.ptp(sliding_window_view(values, 2 * k + 1, axis=1), axis=-1)
            for values in (motion.height(physics), motion.tilt(physics))
        )
        steady[:, k:-k] = (rise < limits.rise_m) & (turn < limits.tilt_rad)
    return steady

"""What a window of pictures shows of a figure, as numbers, and how far two are apart.

A pose of one kind of figure with its arms, if it has any, and the speed forward. The sides are
exchangeable throughout: in a silhouette nobody can tell right from left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..robots.base_motion import BaseMotion
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .figure_of import poses_of
from .pose_loss import (
    ARM_EXCHANGES,
    ARM_FEATURES,
    ARM_WEIGHT,
    arm_features,
    limb_feature_count,
    limb_features,
)
from .poses import PoseLayout, layout_of

SPEED, ARMED = -1, -2
ARMS = slice(ARMED - ARM_FEATURES, ARMED)
"""Where of the numbers that describe a pose: limbs and height, arms, whether there are arms,
speed."""
HEIGHT_RAD_PER_M = 0.4
"""What a difference of a metre weighs beside the mean limb error."""


@dataclass(frozen=True)
class ShownPoses:
    """N poses: angles (N, segments) rad, height (N,) m, arms (N, 4) rad, NaN without, speed (N,)
    m/s.
    """

    angles: Tensor
    height: Tensor
    arms: Tensor
    speed: Tensor

    @property
    def layout(self) -> PoseLayout:
        """Which segments the angles are of."""
        return layout_of(self.angles.shape[1])

    @property
    def armed(self) -> Tensor:
        """(N,), whether there are arms."""
        return self.arms.isfinite().all(1)

    def __len__(self) -> int:
        return len(self.angles)

    def __getitem__(self, rows: Tensor) -> ShownPoses:
        return ShownPoses(self.angles[rows], self.height[rows], self.arms[rows], self.speed[rows])

    def described(self) -> Tensor:
        """(N, ``shown_count``)."""
        there = self.armed[:, None]
        arms = torch.where(there, arm_features(self.arms.nan_to_num(0.0)), 0.0)
        parts = [limb_features(self.angles, self.height), arms, there.float()]
        return torch.cat([*parts, self.speed[:, None]], dim=1)


def shown_count(layout: PoseLayout) -> int:
    """How many numbers describe a pose."""
    return limb_feature_count(layout) + ARM_FEATURES + 2


def joined(parts: list[ShownPoses]) -> ShownPoses:
    """All of them, one after another."""
    names = ("angles", "height", "arms", "speed")
    return ShownPoses(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


def shown_poses(robot: str, physics: NDArray[np.floating]) -> ShownPoses:
    """Of physics (N, nq + nv); DataError for a robot that no drawn figure stands for."""
    poses, described = poses_of(robot, physics), load_robot(robot)
    motion = BaseMotion(described.spec, load_model(described.model_xml))
    speed = np.float32(motion.forward_speed(physics))
    height = np.ascontiguousarray(poses.root[:, 1])
    arrays = (poses.angles, height, poses.arms, speed)
    return ShownPoses(*(torch.from_numpy(np.float32(array)) for array in arrays))


def distances(some: ShownPoses, others: ShownPoses, rad_per_mps: Tensor) -> Tensor:
    """How far (n, m) poses are apart, as a mean limb error (rad).

    rad_per_mps: (n,), what a metre a second weighs; nothing where the speed does not show.
    """
    apart = _best_way(some.angles, others.angles, some.layout.exchanges)
    apart += HEIGHT_RAD_PER_M * (some.height[:, None] - others.height[None]).abs()
    apart += ARM_WEIGHT * _best_way(some.arms, others.arms, ARM_EXCHANGES).nan_to_num(0.0)
    return apart + rad_per_mps[:, None] * (some.speed[:, None] - others.speed[None]).abs()


def _best_way(some: Tensor, others: Tensor, exchanges: tuple[tuple[int, ...], ...]) -> Tensor:
    """Mean difference of angles (n, m), the sides assigned the best way; NaN stays."""

    def error(ordered: Tensor) -> Tensor:
        difference = some[:, None] - ordered[None]
        # The same as of atan2 of sine and cosine, in a third of the time.
        turns = difference - 2.0 * torch.pi * (difference / (2.0 * torch.pi)).round()
        return turns.abs().mean(-1)

    return torch.stack([error(others[:, list(way)]) for way in exchanges]).amin(0)

"""Fresh drawings of robots' windows for every part of training; see ``drawing_ring``.

A ring of slots (``slot_ring``), each a window of one robot's data drawn in a style of training.
Half of them are changed: an offset of every limb that is the same in the three pictures, so that
poses come up that no robot was in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from ..imagine.style import random_style
from ..project.index import WINDOW
from ..robots.base_motion import BaseMotion
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .drawing_ring import CLUTTERED, dressed
from .drawn_windows import draw_at
from .figure_of import poses_of
from .four_legged_of import lowest_below_trunk
from .pose_pool import SIZE
from .pose_sampler import lowest_below_hips
from .poses import FOUR_LEGGED, HUMAN, Poses, layout_of
from .shown_pose import ShownPoses, shown_poses
from .slot_ring import SlotRing

_CHANGED = 0.5
_LIMB_RAD, _ARM_RAD = (0.05, 0.6), (0.05, 0.8)
"""Standard deviation of the offsets of a changed window's limbs, uniform between these."""
_LOW, _LOW_M = 0.6, 0.6
"""Share of the windows of figures on two legs whose hips are lower than this: these are found
worst, and most data have fewer of them."""
_MIDDLE = WINDOW // 2


@dataclass(frozen=True)
class RobotWindows:
    """Windows of one robot: angles (N, 3, segments), root (N, 3, 2), arms (N, 3, 4), travel (N, 3)
    in m.

    shown: of the middle.
    """

    angles: NDArray[np.float32]
    root: NDArray[np.float32]
    arms: NDArray[np.float32]
    travel: NDArray[np.float32]
    shown: ShownPoses

    @cached_property
    def low(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of the windows in whose middle the hips of two legs are low, and the others."""
        low = (self.root[:, _MIDDLE, 1] < _LOW_M) & (self.shown.layout is HUMAN)
        return np.flatnonzero(low), np.flatnonzero(~low)

    @classmethod
    def of(cls, robot: str, physics: NDArray[np.float32]) -> RobotWindows:
        """Of windows of a robot's physics (N, 3, nq + nv)."""
        shown = shown_poses(robot, physics[:, _MIDDLE])
        described = load_robot(robot)
        motion = BaseMotion(described.spec, load_model(described.model_xml))
        poses = [poses_of(robot, physics[:, moment]) for moment in range(WINDOW)]
        angles, root, arms = (
            np.stack([getattr(pose, name) for pose in poses], axis=1)
            for name in ("angles", "root", "arms")
        )
        travel = np.asarray(motion.travel(physics), np.float32)
        return cls(angles, root, arms, travel, shown)


class WindowRing(SlotRing):
    """Slots with three drawings each, in the training styles, and what they show."""

    def __init__(
        self, robots: Sequence[RobotWindows], *, slots: int, per_step: int, seed: int, step: int
    ) -> None:
        """per_step: slots that are drawn anew at every step; step: the last that was done."""
        self._robots = robots
        self.frames = np.empty((slots, WINDOW, SIZE, SIZE, 3), np.uint8)
        self._angles = np.empty((slots, robots[0].angles.shape[-1]), np.float32)
        self._height = np.empty(slots, np.float32)
        self._arms = np.empty((slots, robots[0].arms.shape[-1]), np.float32)
        self._speed = np.empty(slots, np.float32)
        super().__init__(slots=slots, per_step=per_step, seed=seed, step=step)

    def _fill(self, slot: int, rng: np.random.Generator) -> None:
        robot = self._robots[int(rng.integers(len(self._robots)))]
        low, high = robot.low
        rows = low if len(high) == 0 or (len(low) and rng.random() < _LOW) else high
        row = int(rng.choice(rows))
        angles, root, arms = robot.angles[row], robot.root[row], robot.arms[row]
        if rng.random() < _CHANGED:
            angles, root, arms = _changed(angles, root, arms, rng)
        layout = robot.shown.layout
        cluttered = bool(rng.random() < CLUTTERED)
        style = random_style(rng, "varied", kind=layout.kind, clutter=cluttered)
        poses, dress = Poses(angles, root, arms), int(rng.integers(2**32))
        figures = [poses.figure(moment) for moment in range(WINDOW)]
        if layout is FOUR_LEGGED:  # its head and tail are of no robot; right legs may be left ones
            figures = [dressed(figure, np.random.default_rng(dress)) for figure in figures]
        for moment, figure in enumerate(figures):
            self.frames[slot, moment] = draw_at(figure, float(robot.travel[row, moment]), style)
        self._angles[slot] = [figures[_MIDDLE].angles[name] for name in layout.segments]
        self._height[slot] = root[_MIDDLE, 1]
        self._arms[slot], self._speed[slot] = arms[_MIDDLE], float(robot.shown.speed[row])

    def sample(self, n: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], ShownPoses]:
        """Frames (n, 3, S, S, 3) of n windows, and what their middles show."""
        rows = rng.integers(len(self.frames), size=n)
        arrays = (self._angles, self._height, self._arms, self._speed)
        return self.frames[rows], ShownPoses(*(torch.from_numpy(array[rows]) for array in arrays))


def _changed(
    angles: NDArray[np.float32],
    root: NDArray[np.float32],
    arms: NDArray[np.float32],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Other limbs, as far from the ground as before."""
    offset = rng.normal(size=angles.shape[-1]) * rng.uniform(*_LIMB_RAD)
    other = (angles + offset).astype(np.float32)
    moved = root.copy()
    four = layout_of(angles.shape[-1]) is FOUR_LEGGED
    before, after = (
        lowest_below_trunk(each.astype(np.float64)) if four else lowest_below_hips(each)
        for each in (angles, other)
    )
    moved[:, 1] += before - after
    if not four:
        moved[:, 0] = -0.3 * np.sin(other[:, 0])  # the trunk stays where the camera looks
    reach = rng.normal(size=arms.shape[-1]) * rng.uniform(*_ARM_RAD)
    return other, moved, (arms + reach).astype(np.float32)

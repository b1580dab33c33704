"""Fresh drawings of robots' windows for every part of training; see ``drawing_ring``.

A ring of slots, each a window of one robot's data drawn in a style of training. Half of them are
changed: an offset of every limb that is the same in the three pictures, so that poses come up that
no robot was in. What a slot holds depends only on the seed and on the step that filled it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..imagine.style import random_style
from ..project.index import WINDOW
from ..robots.base_motion import BaseMotion
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .drawing_ring import CLUTTERED
from .drawn_windows import draw_at
from .figure_of import poses_of
from .pose_pool import SIZE
from .pose_sampler import lowest_below_hips
from .poses import Poses
from .shown_pose import ShownPoses, shown_poses

_CHANGED = 0.5
_LIMB_RAD, _ARM_RAD = (0.05, 0.6), (0.05, 0.8)
"""Standard deviation of the offsets of a changed window's limbs, uniform between these."""
_MIDDLE = WINDOW // 2


@dataclass(frozen=True)
class RobotWindows:
    """Windows of one robot: angles (N, 3, 7), root (N, 3, 2), arms (N, 3, 4), travel (N, 3) m.

    shown: of the middle.
    """

    angles: NDArray[np.float32]
    root: NDArray[np.float32]
    arms: NDArray[np.float32]
    travel: NDArray[np.float32]
    shown: ShownPoses

    @classmethod
    def of(cls, robot: str, physics: NDArray[np.float32]) -> RobotWindows:
        """Of windows of a robot's physics (N, 3, nq + nv)."""
        shown = shown_poses(robot, physics[:, _MIDDLE])  # refuses other figures
        described = load_robot(robot)
        motion = BaseMotion(described.spec, load_model(described.model_xml))
        poses = [poses_of(robot, physics[:, moment]) for moment in range(WINDOW)]
        angles, root, arms = (
            np.stack([getattr(pose, name) for pose in poses], axis=1)
            for name in ("angles", "root", "arms")
        )
        travel = np.asarray(motion.travel(physics), np.float32)
        return cls(angles, root, arms, travel, shown)


class WindowRing:
    """Slots with three drawings each, in the training styles, and what they show."""

    def __init__(
        self, robots: Sequence[RobotWindows], *, slots: int, per_step: int, seed: int, step: int
    ) -> None:
        """per_step: slots that are drawn anew at every step; step: the last that was done."""
        self._robots, self._seed, self._per_step = robots, seed, per_step
        self.frames = np.empty((slots, WINDOW, SIZE, SIZE, 3), np.uint8)
        self._angles = np.empty((slots, robots[0].angles.shape[-1]), np.float32)
        self._height = np.empty(slots, np.float32)
        self._arms = np.empty((slots, robots[0].arms.shape[-1]), np.float32)
        self._speed = np.empty(slots, np.float32)
        steps = -(-slots // per_step)
        for past in range(step - steps + 1, step + 1):
            self.advance(past)

    def advance(self, step: int) -> None:
        """Redraws the slots that are due at this step."""
        slots = len(self.frames)
        rng = np.random.default_rng((self._seed, step + slots))
        for slot in range(step * self._per_step, (step + 1) * self._per_step):
            self._fill(slot % slots, rng)

    def _fill(self, slot: int, rng: np.random.Generator) -> None:
        robot = self._robots[int(rng.integers(len(self._robots)))]
        row = int(rng.integers(len(robot.angles)))
        angles, root, arms = robot.angles[row], robot.root[row], robot.arms[row]
        if rng.random() < _CHANGED:
            angles, root, arms = _changed(angles, root, arms, rng)
        style = random_style(rng, "varied", clutter=bool(rng.random() < CLUTTERED))
        poses = Poses(angles, root, arms)
        for moment in range(WINDOW):
            travel = float(robot.travel[row, moment])
            self.frames[slot, moment] = draw_at(poses.figure(moment), travel, style)
        self._angles[slot], self._height[slot] = angles[_MIDDLE], root[_MIDDLE, 1]
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
    moved[:, 1] += lowest_below_hips(angles) - lowest_below_hips(other)
    moved[:, 0] = -0.3 * np.sin(other[:, 0])  # the trunk stays where the camera looks
    reach = rng.normal(size=arms.shape[-1]) * rng.uniform(*_ARM_RAD)
    return other, moved, (arms + reach).astype(np.float32)

"""Fresh drawings for every part of training, at a fraction of the cost of drawing every batch.

A ring of slots (``slot_ring``), each a pose of a pool with its rendering and a few drawings.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..imagine.draw import draw
from ..imagine.figure import FigurePose
from ..imagine.style import FigureStyle, random_style
from .pose_pool import SIZE, PosePool
from .poses import ARMS, pose_error
from .slot_ring import SlotRing

CLUTTERED = 0.5
"""Share of drawings with things about the figure."""
_NEIGHBOURS, _POOL = 8, 1500
_SPREAD_RAD = 0.35


def dressed(pose: FigurePose, rng: np.random.Generator) -> FigurePose:
    """The pose with arms, head and tail that move as they like, half of the time.

    A four-legged figure whose right and left legs are one on the robot spreads them.
    """
    if rng.random() < 0.5:
        return pose
    torso = pose.angles["torso"]
    if pose.kind == "four_legged":
        angles = {**pose.angles, **_spread(pose, rng)}
        angles["head"], angles["tail"] = torso + rng.normal(0, 0.5, 2)
        return FigurePose(pose.root, angles, pose.kind)
    right, left = torso - rng.uniform(-1.0, 3.2, 2)
    bend = rng.uniform(-2.0, 0.2, 2)
    arms = dict(zip(ARMS, (right, right + bend[0], left, left + bend[1]), strict=True))
    head = torso + rng.normal(0, 0.25)
    return FigurePose(pose.root, {**pose.angles, **arms, "head": head}, pose.kind)


def _spread(pose: FigurePose, rng: np.random.Generator) -> dict[str, float]:
    """Left legs a little ahead of or behind right ones that are at the same angles."""
    angles = {}
    for end in ("front", "hind"):
        names = [(f"{end}_right_{part}", f"{end}_left_{part}") for part in ("upper", "lower")]
        if all(pose.angles[right] == pose.angles[left] for right, left in names):
            swing = rng.uniform(0, _SPREAD_RAD) * rng.normal()
            for right, left in names:
                angles[left] = pose.angles[right] + swing + rng.normal(0, 0.1)
    return angles


def drawn_arms(pose: FigurePose, style: FigureStyle) -> tuple[float, ...]:
    """The arms (4,) rad that ``draw`` shows of a pose in a style; NaN where it shows none."""
    if not style.arms or pose.kind != "human":
        return (np.nan,) * 4
    if "right_arm" in pose.angles:
        return tuple(pose.angles[name] for name in ARMS)
    torso, (right, left) = pose.angles["torso"], style.arm_swing
    return torso - right, torso - right - 0.3, torso - left, torso - left - 0.3


class DrawingRing(SlotRing):
    """Slots of poses with one rendering and ``drawings`` drawings each, in the training styles."""

    def __init__(
        self,
        pools: Sequence[PosePool],
        rows: Sequence[NDArray[np.int64]],
        *,
        slots: int,
        per_step: int,
        drawings: int,
        seed: int,
        step: int,
    ) -> None:
        """rows: for each pool the rows that may be used; step: the last step that was done."""
        self._pools, self._rows = pools, rows
        self.frames = np.empty((slots, 1 + drawings, SIZE, SIZE, 3), np.uint8)
        segments = pools[0].poses.layout.segments
        self.angles = np.empty((slots, 1 + drawings, len(segments)), np.float32)
        self.height = np.empty((slots, 1 + drawings), np.float32)
        self.arms = np.empty((slots, 1 + drawings, 4), np.float32)
        super().__init__(slots=slots, per_step=per_step, seed=seed, step=step)

    def _fill(self, slot: int, rng: np.random.Generator) -> None:
        which = int(rng.integers(len(self._pools)))
        row = int(rng.choice(self._rows[which]))
        pool = self._pools[which]
        self.angles[slot, 0] = pool.poses.angles[row]
        self.height[slot, 0] = pool.poses.root[row, 1]
        self.frames[slot, 0], self.arms[slot, 0] = pool.frames[row], pool.poses.arms[row]
        pose = pool.drawn.figure(row)
        segments = pool.poses.layout.segments
        for view in range(1, self.frames.shape[1]):
            cluttered = bool(rng.random() < CLUTTERED)
            style = random_style(rng, "varied", kind=pose.kind, clutter=cluttered)
            drawn = dressed(pose, rng)
            self.angles[slot, view] = [drawn.angles[name] for name in segments]
            self.height[slot, view] = pose.root[1]
            self.frames[slot, view] = draw(drawn, style, SIZE)
            self.arms[slot, view] = drawn_arms(drawn, style)

    def sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Two different views of each of n slots.

        Frames (2n, S, S, 3), angles (2n, segments), height (2n,) and arms (2n, 4), NaN where none
        show. View i and view n + i show the same pose, or what the robot does of it. Half of the
        slots are drawn at random, the others are near poses of some of those: what is hard to tell
        apart has to meet.
        """
        slots = self._slots(n, rng)
        views = rng.permuted(np.tile(np.arange(self.frames.shape[1]), (n, 1)), axis=1)[:, :2]
        twice, view = np.tile(slots, 2), views.T.ravel()
        frames, arms = self.frames[twice, view], self.arms[twice, view]
        return frames, self.angles[twice, view], self.height[twice, view], arms

    def _slots(self, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        pick = rng.choice(len(self.frames), min(_POOL, len(self.frames)), replace=False)
        chosen, others = pick[: n // 2], pick[n // 2 :]
        anchors = max(n // 2 // _NEIGHBOURS, 1)
        angles = self.angles[:, 0]
        error = pose_error(angles[chosen[:anchors], None], angles[others][None])
        order = np.argsort(error, axis=1).ravel(order="F")
        near = others[list(dict.fromkeys(order.tolist()))]
        return rng.permutation(np.concatenate([chosen, near[: n - len(chosen)]]))

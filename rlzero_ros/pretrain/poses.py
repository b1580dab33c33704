"""Poses of drawn figures as rows of numbers, and how far two of them are apart.

A pose is a row of absolute segment angles (rad, see ``imagine.figure``). Which segments they are
depends on the kind of figure, and that on their number. In a silhouette nobody can tell right from
left, so the distance takes the best way to assign the sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..imagine.figure import FigurePose
from ..project.limbs import joint_error

ARMS = ("right_arm", "right_forearm", "left_arm", "left_forearm")
_CHUNK = 2048


@dataclass(frozen=True)
class PoseLayout:
    """The segments of one kind of figure that are judged.

    kind: of figure, see ``imagine.figure``. segments: names, the torso first. exchanges: the orders
    of the columns that look the same in a silhouette, the first one as they are.
    """

    kind: str
    segments: tuple[str, ...]
    exchanges: tuple[tuple[int, ...], ...]


_SIDES = ("right", "left")
HUMAN = PoseLayout(
    "human",
    ("torso", *(f"{side}_{part}" for side in _SIDES for part in ("thigh", "leg", "foot"))),
    ((0, 1, 2, 3, 4, 5, 6), (0, 4, 5, 6, 1, 2, 3)),
)
FOUR_LEGGED = PoseLayout(
    "four_legged",
    (
        "torso",
        *(
            f"{end}_{side}_{part}"
            for end in ("front", "hind")
            for side in _SIDES
            for part in ("upper", "lower")
        ),
    ),
    tuple((0, *front, *hind) for front in ((1, 2, 3, 4), (3, 4, 1, 2))
          for hind in ((5, 6, 7, 8), (7, 8, 5, 6))),
)  # fmt: skip
LAYOUTS = {len(layout.segments): layout for layout in (HUMAN, FOUR_LEGGED)}
"""By the number of angles in a pose."""


def layout_of(columns: int) -> PoseLayout:
    """The layout of poses with so many angles; DataError if there is none."""
    if columns not in LAYOUTS:
        raise DataError(f"a pose has one of {sorted(LAYOUTS)} angles, not {columns}")
    return LAYOUTS[columns]


@dataclass(frozen=True)
class Poses:
    """N poses: angles (N, segments) rad by a layout; root (N, 2) m; arms (N, 4) rad by ARMS.

    The root is what ``FigurePose`` calls so. Its x is relative to the point that the camera
    follows, its z to the ground. A pose without arms has NaN there.
    """

    angles: NDArray[np.float32]
    root: NDArray[np.float32]
    arms: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 4), np.float32))

    def __post_init__(self) -> None:
        if len(self.arms) != len(self.angles):
            object.__setattr__(self, "arms", np.full((len(self.angles), 4), np.nan, np.float32))

    def __len__(self) -> int:
        return len(self.angles)

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> Poses:
        return Poses(self.angles[rows], self.root[rows], self.arms[rows])

    @property
    def layout(self) -> PoseLayout:
        """Which segments the angles are of."""
        return layout_of(self.angles.shape[1])

    def figure(self, row: int) -> FigurePose:
        """One pose for drawing."""
        x, z = (float(v) for v in self.root[row])
        angles = dict(zip(self.layout.segments, map(float, self.angles[row]), strict=True))
        if np.isfinite(self.arms[row]).all():
            angles.update(zip(ARMS, map(float, self.arms[row]), strict=True))
        return FigurePose((x, z), angles, self.layout.kind)


def wrapped(angle: NDArray[np.floating]) -> NDArray[np.floating]:
    """Angles (rad) brought into [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def pose_error(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mean absolute angle between poses (rad), sides assigned the best way.

    a and b broadcast over everything but their last axis, which has the angles.
    """
    return joint_error(a, b, np.asarray(layout_of(b.shape[-1]).exchanges))


def nearest_pose_error(
    queries: NDArray[np.floating], poses: NDArray[np.floating]
) -> NDArray[np.float32]:
    """For each query (N, segments) its error (rad) to the nearest of the poses (M, segments)."""
    best = np.full(len(queries), np.inf, dtype=np.float32)
    for row, query in enumerate(queries):
        for start in range(0, len(poses), _CHUNK):
            error = pose_error(query[None], poses[start : start + _CHUNK]).min()
            best[row] = min(best[row], error)
    return best

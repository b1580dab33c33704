"""A robot's states as short drawn clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..imagine.draw import draw
from ..imagine.figure import FigurePose
from ..imagine.style import FigureStyle, random_style
from ..project.index import WINDOW
from ..robots.base_motion import BaseMotion
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .figure_of import figure_layout, poses_of
from .pose_pool import SIZE


def draw_windows(
    robot: str,
    physics: NDArray[np.float32],
    seed: int,
    clutter: bool,
    split: str = "heldout",
) -> NDArray[np.uint8]:
    """Each window (N, 3, nq + nv) as three drawings in one style of a split: (N, 3, 64, 64, 3).

    split: see ``random_style``; by default styles that no training sees.
    """
    rng = np.random.default_rng((seed, int(clutter)))
    kind = figure_layout(robot).kind
    styles = [random_style(rng, split, kind=kind, clutter=clutter) for _ in physics]
    described = load_robot(robot)
    travel = BaseMotion(described.spec, load_model(described.model_xml)).travel(physics)
    frames = np.empty((len(physics), WINDOW, SIZE, SIZE, 3), np.uint8)
    for moment in range(WINDOW):
        poses = poses_of(robot, physics[:, moment])
        for row, style in enumerate(styles):
            pose = poses.figure(row)
            frames[row, moment] = draw_at(pose, float(travel[row, moment]), style)
    return frames


def draw_at(pose: FigurePose, x: float, style: FigureStyle) -> NDArray[np.uint8]:
    """A pose that has got x metres further, in a style: (64, 64, 3).

    The camera follows the figure, so that only the floor shows where it is.
    """
    moved = FigurePose((pose.root[0] + x, pose.root[1]), pose.angles, pose.kind)
    return draw(moved, style, SIZE)

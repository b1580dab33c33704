"""What a similarity is worth: drawings of held-out states, and how often their pose was found."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..project.calibration import Calibration, fit_calibration
from ..project.embedder import FrameEmbedder
from ..project.index import WINDOW, ObservationIndex
from ..project.projection import MOTION_WEIGHT, WINDOW_WEIGHTS
from ..robots.registry import load_robot
from .choose_states import choose_windows
from .drawn_windows import draw_windows
from .figure_observations import observed_angles
from .figure_of import has_figure
from .poses import pose_error
from .windows import NoWindowsError

TOLERANCE_RAD = np.deg2rad(15.0)
_STATES = 400
_FEWEST = 40
_SEED_OFFSET = 1000
"""Other states and styles than those that `rlzero eval retrieval` measures on."""


def calibrate(
    robot: str, data: Path, embedder: FrameEmbedder, index: ObservationIndex, seed: int
) -> Calibration | None:
    """The curve for a robot's index.

    None for a robot that no drawn figure stands for, and for data with few held-out windows.

    Half of the drawings have things about the figure. data: the dataset, whose held-out episodes
    are drawn.
    """
    if not has_figure(robot):
        return None
    seed += _SEED_OFFSET
    try:
        windows = choose_windows(data, _STATES, seed, heldout=True)
    except NoWindowsError:
        return None
    if len(windows.physics) < _FEWEST:
        return None
    half = len(windows.physics) // 2
    parts = (windows.physics[:half], False), (windows.physics[half:], True)
    frames = np.concatenate([draw_windows(robot, part, seed, clutter) for part, clutter in parts])
    embedded = embedder.embed(frames.reshape(-1, *frames.shape[2:])).reshape(
        len(frames), WINDOW, -1
    )
    weights = np.tile(np.asarray(WINDOW_WEIGHTS, np.float32), (len(frames), 1))
    similarities, rows = index.search(embedded, weights, MOTION_WEIGHT)
    spec = load_robot(robot).spec
    found = observed_angles(spec, index.observations[rows[:, 0]])
    error = pose_error(observed_angles(spec, windows.observations), found)
    return fit_calibration(similarities[:, 0], error < TOLERANCE_RAD)

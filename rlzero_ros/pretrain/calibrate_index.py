"""What a similarity is worth: drawings of held-out states, and what was found for them.

How often their pose was found, and how much of their speed. ``rlzero index`` measures both with
every index. The share of speed for the index of a bundle that has none, or from other data:

    python -m rlzero_ros.pretrain.calibrate_index --data data/walker --bundle walker --out DIR
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..project.calibration import Calibration, fit_calibration
from ..project.embedder import FrameEmbedder
from ..project.index import WINDOW, ObservationIndex
from ..project.limbs import TOLERANCE_RAD
from ..project.projection import WINDOW_WEIGHTS, find_windows
from ..project.speed_share import SpeedShare, fit_speed_share
from ..robots.base_motion import BaseMotion
from ..robots.observation import load_model
from ..robots.registry import load_robot
from .bundle_index import change_index, parser_for
from .choose_states import choose_windows
from .dataset import read_info
from .drawn_windows import draw_windows
from .figure_observations import observed_angles
from .figure_of import has_figure
from .poses import pose_error
from .windows import NoWindowsError

_STATES = 400
_FEWEST = 40
_SEED_OFFSET = 1000
"""Other states and styles than those that `rlzero eval retrieval` measures on."""


@dataclass(frozen=True)
class _Found:
    """Of N drawings: similarities, errors of the pose (rad) and forward speeds (m/s), each (N,)."""

    similarities: NDArray[np.float32]
    errors: NDArray[np.floating]
    true_speeds: NDArray[np.floating]
    found_speeds: NDArray[np.floating]


def calibrate(
    robot: str, data: Path, embedder: FrameEmbedder, index: ObservationIndex, seed: int
) -> None:
    """Give an index its curve of confidence and its share of speed.

    Neither where no drawn figure stands for the robot, or where data have few held-out windows.

    Half of the drawings have things about the figure. data: the dataset, whose held-out episodes
    are drawn.
    """
    found = _find(robot, data, embedder, index, seed, _STATES)
    index.calibration = None if found is None else _curve(found)
    index.speed_share = None if found is None else _share(found)


def measure_speed_share(
    robot: str, data: Path, embedder: FrameEmbedder, index: ObservationIndex, seed: int, states: int
) -> SpeedShare:
    """As `calibrate`, of so many states, without the curve; DataError where nothing can be told."""
    found = _find(robot, data, embedder, index, seed, states)
    share = None if found is None else _share(found)
    if share is None:
        raise DataError(f"{data} has too few held-out windows of a robot that is drawn and moves")
    return share


def _curve(found: _Found) -> Calibration:
    return fit_calibration(found.similarities, found.errors < TOLERANCE_RAD)


def _share(found: _Found) -> SpeedShare | None:
    return fit_speed_share(found.similarities, found.true_speeds, found.found_speeds)


def _find(
    robot: str, data: Path, embedder: FrameEmbedder, index: ObservationIndex, seed: int, states: int
) -> _Found | None:
    if not has_figure(robot):
        return None
    seed += _SEED_OFFSET
    try:
        windows = choose_windows(data, states, seed, heldout=True)
    except NoWindowsError:
        return None
    if len(windows.physics) < _FEWEST:
        return None
    half = len(windows.physics) // 2
    parts = (windows.physics[:half], False), (windows.physics[half:], True)
    frames = np.concatenate([draw_windows(robot, part, seed, clutter) for part, clutter in parts])
    flat = frames.reshape(-1, *frames.shape[2:])
    members = np.arange(len(flat)).reshape(-1, WINDOW)
    weights = np.tile(np.asarray(WINDOW_WEIGHTS, np.float32), (len(frames), 1))
    similarities, rows = find_windows(flat, members, weights, embedder, index)
    described, best = load_robot(robot), rows[:, 0]
    seen = observed_angles(described.spec, index.observations[best])
    motion = BaseMotion(described.spec, load_model(described.model_xml))
    return _Found(
        similarities[:, 0],
        pose_error(observed_angles(described.spec, windows.observations), seen),
        motion.forward_speed(windows.middle),
        motion.forward_speed(index.physics[best]),
    )


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = parser_for("Measures how much of a speed the index of a bundle finds.", "speed")
    parser.add_argument("--states", type=int, default=1500, help="drawn; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    told = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(told)

    def change(index: ObservationIndex, embedder: FrameEmbedder, work: Path) -> ObservationIndex:
        robot = read_info(args.data).robot
        share = measure_speed_share(robot, args.data, embedder, index, args.seed, args.states)
        index.speed_share = share
        print(f"share of speed: {share.slope:.2f} x similarity {share.offset:+.2f}")
        return index

    return change_index(__spec__.name, args, told, change)


if __name__ == "__main__":
    sys.exit(main())

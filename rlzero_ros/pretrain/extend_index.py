"""Adds observations of a dataset to the index of a bundle, whose model stays as it is.

    python -m rlzero_ros.pretrain.extend_index --data data/walker --bundle walker --states 2300 \
        --out DIR

What a model knows well is what it was trained on, or does by itself (``rlzero collect --model``):
observations that it does not know are found as well, and imitated badly.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from ..errors import DataError
from ..project.embedder import FrameEmbedder
from ..project.index import ObservationIndex
from ..project.projection import chance_similarity
from ..project.thumbnails import Thumbnails
from .build_index import choice_for, embed_windows, render_windows, thumbnails_of
from .bundle_index import change_index, parser_for
from .calibrate_index import calibrate
from .dataset import read_info
from .match_poses import pose_codes
from .train_reader import ReaderTraining, add_reader
from .windows import window_steps


def extended(
    index: ObservationIndex,
    data: Path,
    embedder: FrameEmbedder,
    work: Path,
    *,
    states: int,
    seed: int = 0,
    robot: str | None = None,
) -> ObservationIndex:
    """An index with at most so many observations of a dataset besides its own.

    Those that it has already are left out. Reader, calibration and chance similarity are made anew.
    work: keeps choice, renderings and drawings, so that it goes on after an interruption.
    robot: name or folder, by default that which the dataset names. Raises DataError where nothing
    is new, or the windows would be of another length.
    """
    info = read_info(data)
    robot = info.robot if robot is None else robot
    stride_s = window_steps(info.control_period_s) * info.control_period_s
    if not np.isclose(stride_s, index.window_stride_s):
        raise DataError(
            f"the index's windows are {index.window_stride_s:g} s wide, those of {data} would be "
            f"{stride_s:g} s: another control period?"
        )
    windows = choice_for(data, work, states, seed, robot)
    known = {row.tobytes() for row in index.observations}
    windows = windows[np.array([row.tobytes() not in known for row in windows.observations])]
    if not len(windows):
        raise DataError(f"{data} has nothing that the index does not have")
    frames = render_windows(robot, windows, work)
    more = ObservationIndex.build(
        np.concatenate([index.observations, windows.observations]),
        np.concatenate([index.physics, windows.middle]),
        np.concatenate(
            [index.windows(np.arange(len(index))), embed_windows(embedder, frames)]
        ).astype(np.float32),
        Thumbnails.joined(index.thumbnails, thumbnails_of(frames)),
        index.embedder_id,
        index.window_stride_s,
        seed=seed,
    )
    if index.pose_codes is not None:
        more.pose_codes = pose_codes(info.robot, more.physics, embedder)
    if index.reader is not None:
        add_reader(data, more, embedder, ReaderTraining(seed=seed), work / "reader")
    else:
        more.chance_similarity = chance_similarity(embedder, more, seed)
        calibrate(info.robot, data, embedder, more, seed)
    return more


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = parser_for((__doc__ or "").splitlines()[0], "extension")
    parser.add_argument("--robot", help="built-in robot, or its folder (default: the dataset's)")
    parser.add_argument("--states", type=int, default=2300, help="at most; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    told = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(told)
    if args.states < 1:
        parser.error("--states: at least 1")

    def change(index: ObservationIndex, embedder: FrameEmbedder, work: Path) -> ObservationIndex:
        some = {"states": args.states, "seed": args.seed, "robot": args.robot}
        return extended(index, args.data, embedder, work, **some)

    return change_index(__spec__.name, args, told, change)


if __name__ == "__main__":
    sys.exit(main())

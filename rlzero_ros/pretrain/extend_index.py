"""Adds observations of a dataset to the index of a bundle, whose model stays as it is.

    python -m rlzero_ros.pretrain.extend_index --data data/walker --bundle walker --states 2300 \
        --out DIR

Taken are those whose poses and speeds the index lacks most. ``--keep`` makes room for them: of an
even sample of data many are alike. What a model knows well is what it was trained on, or does by
itself (``rlzero collect --model``): observations that it does not know are found as well, and
imitated badly.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..project.embedder import FrameEmbedder
from ..project.faiss_kinds import KINDS
from ..project.index import ObservationIndex
from ..project.projection import chance_similarity
from ..project.thumbnails import Thumbnails
from .build_index import choice_for, embed_windows, render_windows, thumbnails_of
from .bundle_index import change_index, parser_for
from .calibrate_index import calibrate
from .cover import farthest
from .dataset import read_info
from .figure_of import has_figure
from .match_poses import pose_codes
from .shown_pose import ARMS, SPEED, shown_poses
from .train_reader import reader_of_more
from .windows import Windows, window_steps

_AMONG = 64_000
"""So many states of the dataset are looked at."""
_SPEED_SHARE, _MPS, _FASTEST = 0.5, 1.5, 5.0
"""A speed that differs by so much counts as so large a share of a pose that differs by a standard
deviation; above so many m/s all are alike."""
_LARGEST = 4.0
"""Coordinates of observations are cut off at so many standard deviations."""


def extended(
    index: ObservationIndex,
    data: Path,
    embedder: FrameEmbedder,
    work: Path,
    *,
    states: int,
    seed: int = 0,
    robot: str | None = None,
    kind: str | None = None,
    keep: int | None = None,
    also: Sequence[Path] = (),
) -> ObservationIndex:
    """An index with at most so many observations of a dataset besides its own.

    Those that it has already are left out. They are there to be found and imitated: what
    rewards are given for stays as it is, since they are no fair sample of anything. A reader
    stays as it is; pose codes, calibration and chance similarity are made anew. work: keeps
    choice and renderings, so that it goes on after an interruption. robot: name or folder, by
    default that which the dataset names. kind: of the search, by default that of the index.
    keep: so many of its reference stay, at random, and nothing else of it; by default all.
    also: further datasets of the robot whose states may be taken. Raises DataError where
    nothing is new, there is less to keep, or the windows would be of another length.
    """
    info = read_info(data)
    robot = info.robot if robot is None else robot
    windows = Windows.joined(
        [
            _candidates(index, folder, work if n == 0 else work / f"also-{n}", states, seed, robot)
            for n, folder in enumerate((data, *also))
        ]
    )
    if keep is not None:
        index = _reference(index, keep, seed)
    known, some = _described(robot, index, windows)
    windows = windows[farthest(known, some, states)]
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
        kind or index.kind,
        seed,
    )
    more.reference_size = index.reference_size
    more.pose_codes = pose_codes(info.robot, more.physics, embedder)
    if index.reader is not None:
        more.reader = reader_of_more(info.robot, index, more.physics)
    more.chance_similarity = chance_similarity(embedder, more, seed)
    calibrate(info.robot, data, embedder, more, seed)
    if index.speed_share is None:  # a robot that goes as fast as it is shown without that
        more.speed_share = None
    return more


def _candidates(
    index: ObservationIndex, data: Path, work: Path, states: int, seed: int, robot: str
) -> Windows:
    """States of a dataset that an index might take."""
    info = read_info(data)
    if robot != info.robot and not Path(robot).is_dir():
        raise DataError(f"{data} is of {info.robot!r}, not of {robot!r}")
    period_s = info.control_period_s
    stride_s = window_steps(period_s) * period_s
    if not np.isclose(stride_s, index.window_stride_s):
        raise DataError(
            f"the index's windows are {index.window_stride_s:g} s wide, those of {data} would be "
            f"{stride_s:g} s: another control period?"
        )
    return choice_for(data, work, max(_AMONG, states), seed, robot)


def _reference(index: ObservationIndex, keep: int, seed: int) -> ObservationIndex:
    """So many of an index's reference, as fair a sample as that was."""
    if keep > index.reference_size:
        raise DataError(f"the index has a reference of {index.reference_size}, not {keep} to keep")
    rows = np.random.default_rng(seed).permutation(index.reference_size)[:keep]
    return index.subset(np.sort(rows))


def _described(
    robot: str | Path, index: ObservationIndex, windows: Windows
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What tells the states of an index and of windows apart, (N, d) and (M, d).

    Poses and speeds where a figure stands for the robot, elsewhere observations.
    """
    n = len(index)
    if not has_figure(str(robot)):
        every = np.concatenate([index.observations, windows.observations])
        every = np.clip(every / every.std(0).clip(1e-6), -_LARGEST, _LARGEST)
        return every[:n], every[n:]
    shown = shown_poses(str(robot), np.concatenate([index.physics, windows.middle]))
    described = shown.described().numpy()
    pose, speed = described[:, : ARMS.start], described[:, SPEED]
    pose = pose / pose.std(0).clip(1e-3)
    share = _SPEED_SHARE * pose.shape[1] ** 0.5 / _MPS
    every = np.column_stack([pose, share * np.clip(speed, -_FASTEST, _FASTEST)])
    every = every.astype(np.float32)
    return every[:n], every[n:]


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = parser_for((__doc__ or "").splitlines()[0], "extension")
    parser.add_argument("--robot", help="built-in robot, or its folder (default: the dataset's)")
    parser.add_argument("--states", type=int, default=2300, help="at most; default: %(default)s")
    parser.add_argument("--kind", choices=KINDS, help="of the search (default: the index's)")
    kept = "so many of its reference stay, and nothing else of it (default: everything)"
    parser.add_argument("--keep", type=int, help=kept)
    further = "further datasets of the robot whose states may be taken"
    parser.add_argument("--also", type=Path, nargs="+", default=[], help=further)
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    told = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(told)
    for name in ("states", "keep"):
        value = getattr(args, name)
        if value is not None and value < 1:
            parser.error(f"--{name}: at least 1")

    def change(index: ObservationIndex, embedder: FrameEmbedder, work: Path) -> ObservationIndex:
        return extended(
            *(index, args.data, embedder, work),
            states=args.states,
            seed=args.seed,
            robot=args.robot,
            kind=args.kind,
            keep=args.keep,
            also=args.also,
        )

    return change_index(__spec__.name, args, told, change, matches_anew=True)


if __name__ == "__main__":
    sys.exit(main())

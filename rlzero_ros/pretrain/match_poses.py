"""Gives an index the codes of its poses by its embedder's pose matcher; see ``project.pose_codes``.

``rlzero index`` does so with every index of a robot whose figure the matcher knows. For the
index of a bundle that was made with another matcher, or with none:

    python -m rlzero_ros.pretrain.match_poses --data data/walker --bundle walker --out DIR
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..project.embedder import FrameEmbedder, MatchingEmbedder
from ..project.index import ObservationIndex
from ..project.limbs import Limbs
from ..project.pose_codes import PoseCodes
from ..project.projection import chance_similarity
from .bundle_index import change_index, parser_for
from .calibrate_index import calibrate
from .dataset import read_info
from .figure_of import figure_layout, has_figure
from .shown_pose import shown_count, shown_poses


def pose_codes(
    robot: str, physics: NDArray[np.float32], embedder: FrameEmbedder
) -> PoseCodes | None:
    """Of physics (N, nq + nv); None without a matcher, or for a robot that it does not know."""
    matcher = embedder.matcher if isinstance(embedder, MatchingEmbedder) else None
    if matcher is None or not has_figure(robot):
        return None
    if matcher.sizes.shown != shown_count(figure_layout(robot)):
        return None
    shown = shown_poses(robot, physics)
    limbs = Limbs(
        shown.angles.numpy().astype(np.float16),
        shown.speed.numpy().astype(np.float16),
        np.asarray(shown.layout.exchanges, np.int8),
    )
    codes = matcher.code_poses(shown.described().numpy())
    return PoseCodes.rounded(matcher.id, codes, limbs)


def main(argv: list[str] | None = None) -> int:
    """The command line; see the module."""
    parser = parser_for("Gives the index of a bundle the codes of a pose matcher.", "matching")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    told = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(told)

    def change(index: ObservationIndex, embedder: FrameEmbedder, work: object) -> ObservationIndex:
        robot = read_info(args.data).robot
        index.pose_codes = pose_codes(robot, index.physics, embedder)
        if index.pose_codes is None:
            raise DataError(f"embedder {embedder.id} has no pose matcher that knows {robot!r}")
        index.chance_similarity = chance_similarity(embedder, index, args.seed)
        corrected = index.speed_share is not None
        calibrate(robot, args.data, embedder, index, args.seed)
        if not corrected:  # a robot that goes as fast as it is shown without that
            index.speed_share = None
        return index

    return change_index(__spec__.name, args, told, change, matches_anew=True)


if __name__ == "__main__":
    sys.exit(main())

"""A pool of poses with one rendering each, on disk, that the embedder's training reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .figure_of import Poses
from .frame_file import read_frames

SIZE = 64


@dataclass(frozen=True)
class PosePool:
    """Poses and their renderings (N, 64, 64, 3) uint8, the latter read from disk as needed."""

    poses: Poses
    frames: NDArray[np.uint8]

    @classmethod
    def load(cls, folder: Path) -> PosePool:
        """Reads a finished pool; DataError when it is missing or unfinished."""
        try:
            arms = folder / "arms.npy"
            some = (np.load(arms),) if arms.exists() else ()
            poses = Poses(np.load(folder / "angles.npy"), np.load(folder / "root.npy"), *some)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{folder} is no pool of poses: {error}; "
                "make one with 'python -m rlzero_ros.pretrain.render_pool'"
            ) from error
        return cls(poses, read_frames(folder))

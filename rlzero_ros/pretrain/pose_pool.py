"""A pool of poses with one rendering each, on disk, that the embedder's training reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .frame_file import read_frames
from .poses import Poses

SIZE = 64
DRAWN = "drawn_"
"""Prefix of the files of what is drawn, where that is not the robot's own pose."""


@dataclass(frozen=True)
class PosePool:
    """Poses and their renderings (N, 64, 64, 3) uint8, the latter read from disk as needed.

    drawn: what is drawn for each: the pose itself, or one that the robot comes near to only.
    """

    poses: Poses
    frames: NDArray[np.uint8]
    drawn: Poses

    @classmethod
    def load(cls, folder: Path) -> PosePool:
        """Reads a finished pool; DataError when it is missing or unfinished."""
        try:
            poses = load_poses(folder)
            drawn = load_poses(folder, DRAWN) if (folder / f"{DRAWN}angles.npy").exists() else poses
        except (OSError, ValueError) as error:
            raise DataError(
                f"{folder} is no pool of poses: {error}; "
                "make one with 'python -m rlzero_ros.pretrain.render_pool'"
            ) from error
        return cls(poses, read_frames(folder), drawn)


def save_poses(folder: Path, poses: Poses, prefix: str = "") -> None:
    """Writes poses into a pool's folder."""
    for name in ("angles", "root", "arms"):
        np.save(folder / f"{prefix}{name}.npy", getattr(poses, name))


def load_poses(folder: Path, prefix: str = "") -> Poses:
    """The inverse of ``save_poses``; a pool may lack the arms."""
    arms = folder / f"{prefix}arms.npy"
    some = (np.load(arms),) if arms.exists() else ()
    angles, root = (np.load(folder / f"{prefix}{name}.npy") for name in ("angles", "root"))
    return Poses(angles, root, *some)

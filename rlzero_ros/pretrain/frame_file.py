"""Long renderings into one memory-mapped file, resumable at any moment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import DataError

CHUNK = 500


def fill_frames(
    folder: Path,
    total: int,
    size: int,
    identity: dict[str, Any],
    render: Callable[[range], Iterable[NDArray[np.uint8]]],
) -> None:
    """Renders rows 0..total into ``frames.npy`` of the folder, a chunk at a time.

    Args:
        folder: must exist; holds ``frames.npy`` and ``progress.json``.
        total: how many pictures.
        size: side of the pictures in pixels.
        identity: what decides the pictures; a folder begun with another one is refused.
        render: gives the pictures of some rows in order.
    """
    progress = folder / "progress.json"
    wanted = {**identity, "total": total, "size": size}
    done = 0
    if progress.exists():
        state = json.loads(progress.read_text())
        done = int(state.pop("done"))
        if state != wanted:
            raise DataError(f"{folder} holds other pictures ({state}): delete it or name another")
    else:
        path = folder / "frames.npy"
        np.lib.format.open_memmap(path, "w+", np.uint8, (total, size, size, 3)).flush()
    frames = np.lib.format.open_memmap(folder / "frames.npy", "r+")
    with tqdm(total=total, initial=done, unit="frame", desc=f"render {folder.name}") as bar:
        for start in range(done, total, CHUNK):
            rows = range(start, min(start + CHUNK, total))
            for row, frame in zip(rows, render(rows), strict=True):
                frames[row] = frame
            frames.flush()
            progress.write_text(json.dumps({**wanted, "done": rows.stop}))
            bar.update(len(rows))


def digest(*arrays: NDArray[Any]) -> str:
    """Sixteen hexadecimal digits that tell sets of arrays apart."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()[:16]


def read_frames(folder: Path) -> NDArray[np.uint8]:
    """The finished pictures (N, size, size, 3), memory-mapped; DataError if some are missing."""
    try:
        done = json.loads((folder / "progress.json").read_text())["done"]
        frames = np.load(folder / "frames.npy", mmap_mode="r")
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder} has no finished renderings: {error}") from error
    if done < len(frames):
        raise DataError(f"{folder} has {done} of {len(frames)} renderings: let it finish")
    return frames

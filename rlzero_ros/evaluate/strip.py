"""One picture that tells what the planner thought: imagined frames above the real ones."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLUMNS = 12
CELL = 96
_GAP = 2


def spread(frames: int, columns: int = COLUMNS) -> NDArray[np.int64]:
    """Up to so many indices spread evenly over a clip of so many frames."""
    return np.linspace(0, frames - 1, min(columns, frames)).round().astype(np.int64)


def projection_strip(
    imagined: Sequence[NDArray[np.uint8]],
    real: Sequence[NDArray[np.uint8]],
    cell: int = CELL,
) -> NDArray[np.uint8]:
    """Pairs of frames side by side, the imagined one above.

    imagined, real: as many frames each, (H, W, 3) uint8 of any size, real[i] being what imagined[i]
    was projected to. Returns one picture (2 rows of square cells, white gaps) (H', W', 3) uint8.
    """
    if len(imagined) != len(real) or len(imagined) == 0:
        raise ValueError(f"{len(imagined)} imagined frames but {len(real)} real ones")
    step = cell + _GAP
    strip = np.full((2 * step - _GAP, len(imagined) * step - _GAP, 3), 255, np.uint8)
    for row, frames in enumerate((imagined, real)):
        for column, frame in enumerate(frames):
            top, left = row * step, column * step
            strip[top : top + cell, left : left + cell] = _fit(frame, cell)
    return strip


def png(image: NDArray[np.uint8]) -> bytes:
    """An (H, W, 3) uint8 image as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _fit(frame: NDArray[np.uint8], cell: int) -> NDArray[np.uint8]:
    """Scale into a square cell, keeping the proportions, centred on white."""
    height, width = frame.shape[:2]
    scale = cell / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))
    square = np.full((cell, cell, 3), 255, np.uint8)
    top, left = (cell - size[1]) // 2, (cell - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square

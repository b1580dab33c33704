"""Pictures as cameras send them: an encoding, rows that may be padded, bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from rlzero_ros.errors import ErrorCode, ImagineError

MAX_PIXELS = 40_000_000
"""A larger picture is refused before it is decoded."""
# Encoding, as in sensor_msgs/image_encodings: bytes of a pixel, and where in it red, green and
# blue are.
ENCODINGS = {
    "rgb8": (3, (0, 1, 2)),
    "bgr8": (3, (2, 1, 0)),
    "rgba8": (4, (0, 1, 2)),
    "bgra8": (4, (2, 1, 0)),
    "mono8": (1, (0, 0, 0)),
}


def decode_image(
    encoding: str, height: int, width: int, step: int, data: Any, max_side: int
) -> np.ndarray:
    """Decodes and reduces a picture in the layout of ``sensor_msgs/Image``.

    Args:
        encoding: one of ``ENCODINGS``.
        height: rows.
        width: pixels of a row.
        step: bytes from the beginning of a row to that of the next.
        data: the bytes; whatever pads the last row may be missing.
        max_side: larger pictures are reduced to this longer side, in pixels.

    Returns:
        (h, w, 3) uint8 RGB.

    Raises:
        ImagineError: code VIDEO_UNREADABLE: another encoding, or sizes that do not agree.
    """
    if encoding not in ENCODINGS:
        raise _unreadable(
            f"its encoding is '{encoding[:40]}'; republish it as one of {', '.join(ENCODINGS)}"
        )
    channels, order = ENCODINGS[encoding]
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise _unreadable(f"it has {width}x{height} pixels")
    row = width * channels
    if step < row:
        raise _unreadable(f"its step is {step} bytes, but {width} pixels of {encoding} take {row}")
    there = np.frombuffer(data, dtype=np.uint8)
    least = step * (height - 1) + row
    if not least <= there.size <= step * height:
        raise _unreadable(f"it has {there.size} bytes instead of {step * height}")
    rows = np.lib.stride_tricks.as_strided(
        there, (height, width, channels), (step, channels, 1), writeable=False
    )
    picture = rows[:, :, : len(order)]
    size = reduced_size(width, height, max_side)
    if size != (width, height):
        # First reduced, then reordered: the other way round takes several times as long.
        whole = np.ascontiguousarray(picture[..., 0] if channels == 1 else picture)
        small = Image.fromarray(whole).resize(size, Image.Resampling.BOX, reducing_gap=2.0)
        picture = np.asarray(small).reshape(size[1], size[0], -1)
    return np.ascontiguousarray(picture[:, :, order])


def reduced_size(width: int, height: int, max_side: int) -> tuple[int, int]:
    """Width and height of a picture whose longer side is made ``max_side`` if it is larger."""
    factor = min(max_side / max(width, height), 1.0)
    return max(round(width * factor), 1), max(round(height * factor), 1)


def _unreadable(reason: str) -> ImagineError:
    return ImagineError(f"cannot read the picture: {reason}", ErrorCode.VIDEO_UNREADABLE)

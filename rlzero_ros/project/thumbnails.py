"""Small encoded pictures, so that people can see what a robot's observations look like."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ErrorCode, ProjectError

_QUALITY = 30
MAX_SIDE = 1024
"""A larger picture is no thumbnail, and is not decoded."""


def encode_thumbnail(frame: NDArray[np.uint8]) -> bytes:
    """A picture (H, W, 3) uint8 as WebP, a few hundred bytes at 64x64."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "WEBP", quality=_QUALITY, method=6)
    return buffer.getvalue()


class Thumbnails:
    """N encoded pictures in one block of bytes.

    Attributes:
        data: (B,) uint8, all pictures one after the other.
        ends: (N,) int64, where each one ends.
    """

    def __init__(self, data: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        """Raises ProjectError unless ``ends`` grows up to the size of ``data``."""
        if len(ends) and (np.diff(ends, prepend=0).min() <= 0 or ends[-1] != len(data)):
            raise ProjectError("thumbnails are damaged: sizes do not fit", ErrorCode.BUNDLE_CORRUPT)
        self.data, self.ends = data, ends

    @classmethod
    def pack(cls, pictures: Sequence[bytes]) -> Thumbnails:
        """From encoded pictures."""
        ends = np.cumsum([len(p) for p in pictures]).astype(np.int64)
        return cls(np.frombuffer(b"".join(pictures), dtype=np.uint8), ends)

    @classmethod
    def joined(cls, one: Thumbnails, other: Thumbnails) -> Thumbnails:
        """All pictures of one, then those of the other."""
        data = np.concatenate([one.data, other.data])
        return cls(data, np.concatenate([one.ends, len(one.data) + other.ends]))

    def subset(self, rows: NDArray[np.integer]) -> Thumbnails:
        """Those of rows (n,), in their order."""
        return Thumbnails.pack([self._encoded(int(row)) for row in rows])

    def __len__(self) -> int:
        return len(self.ends)

    def _encoded(self, row: int) -> bytes:
        start = int(self.ends[row - 1]) if row else 0
        return self.data[start : int(self.ends[row])].tobytes()

    def decode(self, row: int) -> NDArray[np.uint8]:
        """One picture (H, W, 3) uint8."""
        try:
            with Image.open(io.BytesIO(self._encoded(row)), formats=["WEBP"]) as picture:
                if max(picture.size) > MAX_SIDE:
                    raise ProjectError(
                        f"thumbnail {row} has {picture.width}x{picture.height} pixels",
                        ErrorCode.BUNDLE_CORRUPT,
                    )
                return np.asarray(picture.convert("RGB"))
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise ProjectError(f"thumbnail {row} is damaged", ErrorCode.BUNDLE_CORRUPT) from error

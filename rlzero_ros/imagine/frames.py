"""Frames of videos and image folders with their times, one in memory at a time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
from PIL import Image

from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.imagine.image_pixels import MAX_PIXELS, reduced_size

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".ppm", ".tif", ".tiff"})
IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "PPM", "TIFF")
MAX_GAP_S = 3600.0
# FFmpeg also reads play lists, which name other files and hosts: nothing but this file is opened,
# and nothing but these containers is looked for in it.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpeg,mpegts,flv,asf,ogg,webp_pipe,wav,mp3"
)
_ONLY_THIS_FILE = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}


@dataclass(frozen=True)
class TimedFrame:
    """A frame on the screen from ``time_s`` for ``duration_s``; ``picture()`` decodes its colours.

    ``picture()`` gives (H, W, 3) uint8 RGB, already reduced.
    """

    time_s: float
    duration_s: float
    picture: Callable[[], np.ndarray]


def read_video(path: Path, max_side: int) -> Iterator[TimedFrame]:
    """Reads a video's frames in order; times start at zero.

    Raises:
        ImagineError: code VIDEO_UNREADABLE, while reading too: a damaged video may begin well.
    """
    count = 0
    try:
        with av.open(
            f"file:{path}", metadata_errors="replace", container_options=_ONLY_THIS_FILE
        ) as container:
            if not container.streams.video:
                raise _unreadable(path, "it has no video stream")
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise _unreadable(path, "its codec is unknown")
            _check_pixels(path, stream.codec_context.width, stream.codec_context.height)
            period = 1.0 / float(stream.average_rate or stream.guessed_rate or 25)
            begin: float | None = None
            last = -math.inf
            for frame in container.decode(stream):
                _check_pixels(path, frame.width, frame.height)
                time_s = count * period if frame.time is None else float(frame.time)
                begin = time_s if begin is None else begin
                time_s -= begin
                if count and not 0 <= time_s - last <= MAX_GAP_S:
                    raise _unreadable(path, f"its frame times jump from {last:g} to {time_s:g} s")
                last = time_s
                yield TimedFrame(time_s, _shown_s(frame, period), _decoder(frame, max_side))
                count += 1
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        raise _unreadable(path, str(error) or type(error).__name__) from error
    if count == 0:
        raise _unreadable(path, "it has no frames")


def _shown_s(frame: av.VideoFrame, period: float) -> float:
    """How long the frame says it stays; the mean period where it does not say."""
    duration = getattr(frame, "duration", None)
    if duration and frame.time_base is not None:
        return float(duration * frame.time_base)
    return period


def _decoder(frame: av.VideoFrame, max_side: int) -> Callable[[], np.ndarray]:
    def picture() -> np.ndarray:
        width, height = reduced_size(frame.width, frame.height, max_side)
        rgb = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
        # Phones record sideways and say so.
        return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))

    return picture


def read_folder(folder: Path, fps: float, max_side: int) -> Iterator[TimedFrame]:
    """Reads a folder of images, in the order of the numbers in their names.

    Raises:
        ImagineError: code VIDEO_UNREADABLE: no images, or one that cannot be read.
    """
    try:
        files = sorted(
            (f for f in folder.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES), key=_natural
        )
    except OSError as error:
        raise _unreadable(folder, str(error)) from error
    if not files:
        raise _unreadable(folder, f"it holds no images ({', '.join(sorted(IMAGE_SUFFIXES))})")
    for number, file in enumerate(files):
        picture = _read_image(file, max_side)
        yield TimedFrame(number / fps, 1 / fps, lambda picture=picture: picture)  # type: ignore[misc]


def _read_image(file: Path, max_side: int) -> np.ndarray:
    try:
        # Only these decoders: Pillow knows some that start other programs. Reads the header only.
        with Image.open(file, formats=IMAGE_FORMATS) as image:
            _check_pixels(file, image.width, image.height)
            size = reduced_size(image.width, image.height, max_side)
            return np.asarray(image.convert("RGB").resize(size, Image.Resampling.BOX))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unreadable(file, str(error)) from error


def _natural(file: Path) -> list[tuple[int, int, str]]:
    """Sorts frame10 after frame9."""
    parts = re.findall(r"\d+|\D+", file.name)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]


def _check_pixels(path: Path, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _unreadable(path, f"its frames are too large ({width}x{height})")


def _unreadable(path: Path, reason: str) -> ImagineError:
    return ImagineError(
        f"cannot read the video '{path.name}': {reason}", ErrorCode.VIDEO_UNREADABLE
    )

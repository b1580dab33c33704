"""Somebody's video as an imagined clip: mp4, gif, whatever FFmpeg reads, or a folder of images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from rlzero_ros.errors import CommandError, ErrorCode, ImagineError
from rlzero_ros.imagine.base import check_canceled
from rlzero_ros.imagine.clip import MAX_FRAMES, Clip
from rlzero_ros.imagine.command import clean_command
from rlzero_ros.imagine.frames import TimedFrame, read_folder, read_video


class VideoFile:
    """Plays a video instead of imagining.

    The command is the sentence that goes with ``path``; without a path the command itself names
    the file. Frames are resampled in time to ``fps`` (each output moment shows the frame that was
    on the screen then, so that variable frame rates come out right) and reduced in size, one frame
    in memory at a time.
    """

    name = "video"

    def __init__(
        self,
        *,
        path: str | Path | None = None,
        fps: float = 20.0,
        start_s: float = 0.0,
        duration_s: float | None = None,
        max_duration_s: float = 30.0,
        max_side: int = 256,
        folder_fps: float | None = None,
    ) -> None:
        """Says which part of which video to play, and how.

        Args:
            path: a video file or a folder of images; None: the command names it.
            fps: frames per second of the clip.
            start_s: where in the video to begin.
            duration_s: how much to take; None takes the rest of it.
            max_duration_s: a longer clip is refused, so that memory stays bounded.
            max_side: larger frames are reduced to this longer side, in pixels.
            folder_fps: frames per second of a folder of images; None: as ``fps``.

        Raises:
            ImagineError: a number is out of range.
        """
        rate = fps if folder_fps is None else folder_fps
        # NaN fails every comparison, hence the form.
        if not (0 < fps <= 240 and 0 < rate <= 1000 and start_s >= 0 and 8 <= max_side <= 2048):
            raise ImagineError("video: fps, folder_fps, start_s or max_side is out of range")
        if not 0 < max_duration_s * fps <= MAX_FRAMES:
            raise ImagineError(f"video: max_duration_s x fps must be at most {MAX_FRAMES} frames")
        if duration_s is not None and not 0 < duration_s <= max_duration_s:
            raise ImagineError(f"video: duration_s must be above 0 and at most {max_duration_s}")
        self._path, self._fps, self._start_s = path, fps, start_s
        self._duration_s, self._max_duration_s = duration_s, max_duration_s
        self._max_side, self._folder_fps = max_side, rate

    def imagine(
        self,
        command: str,
        *,
        seed: int = 0,
        on_progress: Callable[[float], None] | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Clip:
        """See ``Imaginer.imagine``; the seed has no effect.

        Raises:
            ImagineError: code VIDEO_UNREADABLE: not there, not a video, damaged, empty or too long.
        """
        prompt = clean_command(command)
        path = Path(prompt if self._path is None else self._path)
        if path.is_dir():
            frames = read_folder(path, self._folder_fps, self._max_side)
        elif path.is_file():
            frames = read_video(path, self._max_side)
        elif self._path is None and not path.suffix:
            raise CommandError(
                f"the video imaginer needs the path of a video as the command, not '{prompt[:80]}'"
            )
        else:
            raise _unreadable(f"there is no video '{path}'")
        report = on_progress or (lambda fraction: None)
        expected_s = self._duration_s or self._max_duration_s
        pictures: list[np.ndarray] = []
        shown: TimedFrame | None = None
        for frame in frames:
            check_canceled(is_canceled)
            if not self._show_until(pictures, shown, frame.time_s, path):
                shown = None
                break
            shown = frame
            report(min(max(frame.time_s - self._start_s, 0.0) / expected_s, 1.0))
        if shown is not None:
            self._show_until(pictures, shown, shown.time_s + shown.duration_s, path)
            if not pictures and shown.time_s >= self._start_s:
                pictures.append(shown.picture())
        if not pictures:
            raise _unreadable(f"'{path.name}' has no frames from {self._start_s} s on")
        report(1.0)
        return Clip(np.stack(pictures), self._fps, prompt, f"video:{path.name}")

    def _show_until(
        self, pictures: list[np.ndarray], shown: TimedFrame | None, end_s: float, path: Path
    ) -> bool:
        """Repeats the frame on the screen up to a moment; False when the clip is complete."""
        if shown is None:
            return True
        picture: np.ndarray | None = None
        while self._start_s + len(pictures) / self._fps < end_s - 1e-6:
            if self._duration_s is not None and len(pictures) >= self._duration_s * self._fps:
                return False
            if len(pictures) >= self._max_duration_s * self._fps:
                raise _unreadable(
                    f"'{path.name}' is longer than {self._max_duration_s:g} s; choose a part of it "
                    "with start_s and duration_s"
                )
            picture = shown.picture() if picture is None else picture
            if pictures and picture.shape != pictures[0].shape:
                raise _unreadable(f"'{path.name}' changes its frame size; use frames of one size")
            pictures.append(picture)
        return True


def _unreadable(message: str) -> ImagineError:
    return ImagineError(message, ErrorCode.VIDEO_UNREADABLE)

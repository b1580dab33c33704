"""The last seconds of a camera, ready to become a clip."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from rlzero_ros.errors import ErrorCode, ImagineError
from rlzero_ros.imagine.clip import Clip

MAX_FRAMES = 600
"""In a clip; 256 px wide the pictures kept for it take 236 MB."""
_CELLS = 2
"""Pictures kept for each frame of a clip, so that one is near to every moment."""
MAX_GAP_S = 1.0
"""Pictures that are further apart, forwards or backwards, are not of one scene."""
LEAST_S = 0.5


class FrameStream:
    """Keeps pictures as they come, as many a second as a clip needs, and forgets the old ones.

    ``add`` and ``clip`` may be called from different threads.
    """

    def __init__(
        self,
        *,
        window_s: float = 2.4,
        fps: float = 20.0,
        max_age_s: float = 1.0,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Says how much to keep.

        Args:
            window_s: length of a clip in seconds.
            fps: frames per second of a clip.
            max_age_s: a clip whose last picture came longer ago is refused.
            now_s: the clock by which pictures come, in seconds.

        Raises:
            ImagineError: a number is out of range.
        """
        # NaN fails every comparison, hence the form.
        if not (fps > 0 and window_s >= LEAST_S and window_s * fps <= MAX_FRAMES and max_age_s > 0):
            raise ImagineError(
                f"a video prompt lasts at least {LEAST_S} s and has at most {MAX_FRAMES} frames, "
                f"not {window_s} s at {fps} fps"
            )
        self._window_s, self._fps, self._max_age_s = window_s, fps, max_age_s
        self._now_s = now_s
        self._lock = threading.Lock()
        self._cells_per_s = _CELLS * fps
        # Times by the camera's clock, and pictures; one more from before the window begins.
        most = math.ceil(window_s * self._cells_per_s) + 2
        self._kept: deque[tuple[float, np.ndarray]] = deque(maxlen=most)
        self._last_s = -math.inf
        self._came_s = -math.inf
        self._fault: ImagineError | None = None

    def __len__(self) -> int:
        """How many pictures are kept."""
        return len(self._kept)

    def add(self, time_s: float, picture: Callable[[], np.ndarray]) -> None:
        """Takes the next picture.

        Args:
            time_s: when it was taken, by any clock that runs in seconds. Pictures that come late
                or twice are left out; a jump by more than ``MAX_GAP_S`` begins anew.
            picture: decodes it, (H, W, 3) uint8; only called for a picture that is kept.

        Raises:
            ImagineError: it cannot be decoded; there is no clip until a good one comes.
        """
        with self._lock:
            gap = time_s - self._last_s
            if -MAX_GAP_S < gap <= 0:
                return
            if abs(gap) >= MAX_GAP_S:
                self._kept.clear()
            due = not self._kept or self._cell(time_s) > self._cell(self._kept[-1][0])
            self._last_s, self._came_s = time_s, self._now_s()
            if due:
                self._keep(time_s, picture)

    def clip(self, prompt: str) -> Clip:
        """The last seconds at an even rate: each moment shows the picture nearest to it.

        Raises:
            ImagineError: code VIDEO_UNREADABLE: there are no pictures, too few, or none of late.
        """
        with self._lock:
            kept, age_s, fault = list(self._kept), self._now_s() - self._came_s, self._fault
        if fault is not None:
            raise _unseen(fault.message)
        if not kept:
            raise _unseen("no picture has come yet; is a camera connected to video_prompt?")
        if age_s > self._max_age_s:
            raise _unseen(f"the last picture came {age_s:.1f} s ago; is the camera running?")
        times = np.array([time_s for time_s, _ in kept])
        seen_s = times[-1] - times[0]
        if seen_s < LEAST_S:
            raise _unseen(f"only {seen_s:.1f} s were seen so far; show it for {LEAST_S} s or more")
        # Stamps are rounded, hence the thousandth of a frame.
        count = min(round(self._window_s * self._fps), int(seen_s * self._fps + 1e-3) + 1)
        moments = times[-1] - np.arange(count)[::-1] / self._fps
        shown = np.searchsorted((times[:-1] + times[1:]) / 2, moments)
        frames = np.stack([kept[row][1] for row in shown])
        return Clip(frames, self._fps, prompt, "video_prompt")

    def _cell(self, time_s: float) -> int:
        """Which cell of an even grid a moment lies in: one picture is kept of each."""
        return math.floor(time_s * self._cells_per_s + 1e-3)

    def _keep(self, time_s: float, picture: Callable[[], np.ndarray]) -> None:
        try:
            frame = picture()
        except ImagineError as error:
            self._kept.clear()
            self._fault = error
            raise
        if self._kept and self._kept[-1][1].shape != frame.shape:
            self._kept.clear()
        self._fault = None
        self._kept.append((time_s, frame))
        # The first one stays until the second has come before the window.
        while len(self._kept) > 1 and self._kept[1][0] <= time_s - self._window_s:
            self._kept.popleft()


def _unseen(reason: str) -> ImagineError:
    return ImagineError(f"nothing to do as seen: {reason}", ErrorCode.VIDEO_UNREADABLE)

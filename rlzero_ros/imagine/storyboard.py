"""The offline imaginer: the nearest captioned motion, drawn as a cartoon."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace

import numpy as np

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.base import Imaginer, check_canceled
from rlzero_ros.imagine.clip import MAX_FRAMES, Clip
from rlzero_ros.imagine.command import clean_command
from rlzero_ros.imagine.draw import draw
from rlzero_ros.imagine.figure_captions import captions_of
from rlzero_ros.imagine.motions import ARM_MOTIONS, figure_kind, perform
from rlzero_ros.imagine.motions.ways import ways_of
from rlzero_ros.imagine.sentences import SentenceEncoder
from rlzero_ros.imagine.style import random_style
from rlzero_ros.imagine.understand import THRESHOLD, SentenceMatcher, understood


class Storyboard:
    """Imagines by choosing among motions that somebody described and drew.

    The seed chooses the performance (tempo, size, manner) and the drawing style. The clip's source
    is ``storyboard:<motion>``, or ``storyboard:<motion>:<way>`` where it keeps to one way to do it.
    """

    name = "storyboard"

    def __init__(
        self,
        *,
        size: int = 64,
        fps: float = 20.0,
        duration_s: float = 2.4,
        threshold: float = THRESHOLD,
        clutter: bool = False,
        sentence_model: str | None = None,
    ) -> None:
        """Loads the sentence encoder and embeds the captions.

        Args:
            size: side of the pictures in pixels.
            fps: frames per second; 20 is every second control step of a 40 Hz robot.
            duration_s: length of a clip in seconds.
            threshold: least score of a sentence that is understood; lower accepts more.
            clutter: whether things stand about the figure.
            sentence_model: folder or hub id of another sentence encoder.

        Raises:
            ImagineError: a size is out of range or the encoder cannot be loaded.
        """
        self._frames = round(duration_s * fps) if fps > 0 else 0
        if not 16 <= size <= 1024 or not 1 <= self._frames <= MAX_FRAMES:
            raise ImagineError(
                f"storyboard makes 16 to 1024 px and 1 to {MAX_FRAMES} frames, "
                f"not {size} px and {duration_s} s at {fps} fps"
            )
        self._size, self._fps = size, fps
        self._threshold, self._clutter = threshold, clutter
        self._way: str | None = None
        self._matcher = SentenceMatcher(SentenceEncoder(sentence_model))

    def for_figure(self, kind: str) -> Storyboard:
        """The same storyboard for a robot that this kind of figure stands for.

        Raises:
            ImagineError: there is no such kind.
        """
        if kind == "human":
            return self
        other = copy(self)
        other._matcher = self._matcher.regrouped(*captions_of(kind))
        return other

    def each_way(self, command: str) -> tuple[Imaginer, ...]:
        """See ``WayImaginer.each_way``."""
        ways = ways_of(self.choose(command))
        return tuple(self._kept_to(way) for way in ways) or (self,)

    def _kept_to(self, way: str) -> Storyboard:
        other = copy(self)
        other._way = way
        return other

    def choose(self, command: str) -> str:
        """The name of the motion that a sentence asks for.

        Raises:
            CommandError: it is not a proper sentence, or asks for none of the motions.
        """
        return understood(self._matcher, clean_command(command), self._threshold).motion

    def imagine(
        self,
        command: str,
        *,
        seed: int = 0,
        on_progress: Callable[[float], None] | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Clip:
        """See ``Imaginer.imagine``."""
        motion = self.choose(command)
        frames = []
        drawn = draw_motion(
            motion, seed, self._frames, self._fps, self._size, clutter=self._clutter, way=self._way
        )
        for frame in drawn:
            check_canceled(is_canceled)
            frames.append(frame)
            if on_progress is not None:
                on_progress(len(frames) / self._frames)
        source = f"storyboard:{motion}" + (f":{self._way}" if self._way else "")
        return Clip(np.stack(frames), self._fps, clean_command(command), source)


def draw_motion(
    motion: str,
    seed: int,
    frames: int,
    fps: float,
    size: int = 64,
    *,
    split: str = "train",
    clutter: bool | None = False,
    way: str | None = None,
) -> Iterator[np.ndarray]:
    """Draws one performance of a motion, frame by frame.

    Args:
        motion: one of ``MOTIONS``.
        seed: of the performance and the style.
        frames: how many pictures.
        fps: pictures per second.
        size: side of a picture in pixels.
        split: of the drawing styles, "train" or "heldout".
        clutter: as in ``random_style``.
        way: of ``ways_of`` the motion; None for the usual one.

    Yields:
        (size, size, 3) uint8 pictures.

    Raises:
        ImagineError: the motion is unknown, or the way.
    """
    # The motion's name takes part, so that one seed does not give all motions the same look.
    name = hashlib.sha256(motion.encode()).digest()
    rng = np.random.default_rng([seed, int.from_bytes(name[:4], "little")])
    poses = perform(motion, rng, frames, fps, way)
    style = random_style(rng, split, kind=figure_kind(motion), clutter=clutter)
    if motion in ARM_MOTIONS:
        style = replace(style, arms=True)
    for pose in poses:
        yield draw(pose, style, size)

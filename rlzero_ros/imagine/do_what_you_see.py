"""One command that needs no imagination: the robot does what its camera has just seen."""

from __future__ import annotations

from collections.abc import Callable

from rlzero_ros.imagine.base import Imaginer, check_canceled, each_way, imaginer_for
from rlzero_ros.imagine.clip import Clip
from rlzero_ros.imagine.command import clean_command
from rlzero_ros.imagine.frame_stream import FrameStream

DO_WHAT_YOU_SEE = "do what you see"


class DoWhatYouSee:
    """Another imaginer, except that ``DO_WHAT_YOU_SEE`` gives the last seconds of a stream."""

    def __init__(self, stream: FrameStream, other: Imaginer) -> None:
        """Puts a stream of pictures beside an imaginer."""
        self.name = other.name
        self._stream, self._other = stream, other

    def for_figure(self, kind: str) -> DoWhatYouSee:
        """See ``FigureImaginer.for_figure``."""
        return DoWhatYouSee(self._stream, imaginer_for(self._other, kind))

    def each_way(self, command: str) -> tuple[Imaginer, ...]:
        """See ``WayImaginer.each_way``; what a camera saw is one way."""
        if _asks_to_look(command):
            return (_WhatWasSeen(self._stream, self.name),)
        return each_way(self._other, command)

    def imagine(
        self,
        command: str,
        *,
        seed: int = 0,
        on_progress: Callable[[float], None] | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Clip:
        """See ``Imaginer.imagine``; capitals make no difference to the command."""
        looks = _asks_to_look(command)
        imaginer = _WhatWasSeen(self._stream, self.name) if looks else self._other
        return imaginer.imagine(
            command, seed=seed, on_progress=on_progress, is_canceled=is_canceled
        )


class _WhatWasSeen:
    """The last seconds of a stream, whatever the seed."""

    varies = False

    def __init__(self, stream: FrameStream, name: str) -> None:
        self.name, self._stream = name, stream

    def imagine(
        self,
        command: str,
        *,
        seed: int = 0,
        on_progress: Callable[[float], None] | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Clip:
        """See ``Imaginer.imagine``."""
        check_canceled(is_canceled)
        clip = self._stream.clip(clean_command(command))
        if on_progress is not None:
            on_progress(1.0)
        return clip


def _asks_to_look(command: str) -> bool:
    return clean_command(command).casefold() == DO_WHAT_YOU_SEE

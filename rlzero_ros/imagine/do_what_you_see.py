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
        if clean_command(command).casefold() == DO_WHAT_YOU_SEE:
            return (self,)
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
        sentence = clean_command(command)
        if sentence.casefold() != DO_WHAT_YOU_SEE:
            return self._other.imagine(
                command, seed=seed, on_progress=on_progress, is_canceled=is_canceled
            )
        check_canceled(is_canceled)
        clip = self._stream.clip(sentence)
        if on_progress is not None:
            on_progress(1.0)
        return clip

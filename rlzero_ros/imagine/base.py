"""What every imaginer does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from rlzero_ros.errors import CommandError, ErrorCode
from rlzero_ros.imagine.clip import Clip


class Imaginer(Protocol):
    """Turns a sentence into a ``Clip``."""

    name: str

    def imagine(
        self,
        command: str,
        *,
        seed: int = 0,
        on_progress: Callable[[float], None] | None = None,
        is_canceled: Callable[[], bool] | None = None,
    ) -> Clip:
        """Imagines the task.

        Args:
            command: a sentence that ``clean_command`` accepts.
            seed: the same sentence and seed give the same clip.
            on_progress: called with a fraction from 0 to 1 while it works.
            is_canceled: asked between steps; True ends the work.

        Returns:
            The clip.

        Raises:
            CommandError: the sentence is not one that this imaginer understands, or (code
                CANCELED) it was told to stop.
            ImagineError: it cannot make a clip.
        """
        ...


@runtime_checkable
class FigureImaginer(Imaginer, Protocol):
    """An imaginer that draws figures, and can keep to one kind of them."""

    def for_figure(self, kind: str) -> Imaginer:
        """The same imaginer for a robot that this kind of figure stands for.

        Raises:
            ImagineError: it cannot draw such figures.
        """
        ...


def imaginer_for(imaginer: Imaginer, kind: str) -> Imaginer:
    """The imaginer, kept to figures of one kind where it draws figures."""
    return imaginer.for_figure(kind) if isinstance(imaginer, FigureImaginer) else imaginer


@runtime_checkable
class WayImaginer(Imaginer, Protocol):
    """An imaginer that knows several ways to do what a sentence asks for."""

    def each_way(self, command: str) -> tuple[Imaginer, ...]:
        """The same imaginer kept to each of the ways, the usual one first; at least one.

        Raises:
            CommandError: it does not understand the sentence.
        """
        ...


def each_way(imaginer: Imaginer, command: str) -> tuple[Imaginer, ...]:
    """Imaginers, one for each way to do a sentence; itself alone where it knows of no ways."""
    return imaginer.each_way(command) if isinstance(imaginer, WayImaginer) else (imaginer,)


def varies(imaginer: Imaginer) -> bool:
    """Whether another seed gives another clip; not of an imaginer whose ``varies`` is False.

    A camera shows what is there whatever the seed, and something later whenever it is asked again.
    """
    return bool(getattr(imaginer, "varies", True))


def check_canceled(is_canceled: Callable[[], bool] | None) -> None:
    """Raises CommandError with code CANCELED where the caller wants no more."""
    if is_canceled is not None and is_canceled():
        raise CommandError("imagining was canceled", ErrorCode.CANCELED)

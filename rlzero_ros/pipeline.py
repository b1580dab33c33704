"""The three steps in one place, without ROS: a sentence to a plan, and a plan to a latent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .bundle import Bundle
from .errors import CommandError, ErrorCode
from .imagine.base import Imaginer, each_way, imaginer_for, varies
from .imagine.clip import Clip
from .imagine.command import clean_command
from .project.agreement import change_agreement
from .project.embedder import FrameEmbedder, load_embedder, name_of
from .project.projection import WINDOW_WEIGHTS, Projection, confidence, join, project
from .project.speed_share import SpeedShare

if TYPE_CHECKING:
    from .rehearse.report import RehearsalReport

OnProgress = Callable[[str, float], None]
IsCanceled = Callable[[], bool]
_CLEARLY = 1.6
"""Another way than the usual one has to suit the robot so many times better."""
_HARDLY = 0.5
"""A drawing found with less than this share of the surest one's confidence is not imitated."""


@dataclass(frozen=True, eq=False)
class Variation:
    """One way of imagining a sentence: its clip of T frames, their embeddings (T, dim), and the
    observations that they were projected to.
    """

    clip: Clip
    embeddings: NDArray[np.float32]
    projection: Projection


@dataclass(frozen=True)
class Plan:
    """What a sentence became: the observations to imitate, and the seconds it took.

    variations: at least one, the `trusted` ones first, so that the first shows what is imitated.
    projection: those of the trusted ones, one after another; after a rehearsal some of them.
    rehearsal: what the rehearsal found; None without one.
    """

    command: str
    variations: tuple[Variation, ...]
    projection: Projection
    imagine_s: float
    project_s: float
    rehearsal: RehearsalReport | None = None

    @property
    def clip(self) -> Clip:
        """The clip that stands for the plan, one of those that are imitated."""
        return self.variations[0].clip

    @property
    def confidence(self) -> float:
        """How far all that was imagined can be trusted, see `confidence`; that what is unlike
        anything is left out does not raise it.
        """
        return confidence(join([variation.projection for variation in self.variations]))

    @property
    def source(self) -> str:
        """Which imaginer made the clip and, where it chose one, what it chose."""
        return self.clip.source


class Pipeline:
    """Imagine, project, imitate, for one robot's bundle."""

    def __init__(
        self,
        bundle: Bundle,
        imaginer: Imaginer,
        embedder: FrameEmbedder | None = None,
        window: tuple[float, float, float] = WINDOW_WEIGHTS,
        variations: int = 1,
    ) -> None:
        """embedder: None for the one that the bundle's index was made with.

        variations: clips imagined for one sentence, each with a seed of its own. Their projections
        are joined, so that the demonstration does not hang on one way of drawing it. Of a motion
        that can be done in several ways they all show one: the usual one, or one that suits this
        robot clearly better.
        window: weights of the frames before, at and after each moment, see `project`.
        Raises BundleError when the embedder is another one, and ProjectError when it is missing.
        """
        self.bundle = bundle
        self._imaginer = imaginer_for(imaginer, bundle.spec.figure)
        self._embedder = embedder or load_embedder(name_of(bundle.embedder_id))
        bundle.check_embedder(self._embedder.id)
        self._window = window
        self._variations = variations

    @property
    def embedder(self) -> FrameEmbedder:
        """What puts frames where the robot's own pictures lie."""
        return self._embedder

    def plan(
        self,
        command: str,
        *,
        seed: int = 0,
        on_progress: OnProgress | None = None,
        is_canceled: IsCanceled | None = None,
    ) -> Plan:
        """Imagine and project a sentence.

        on_progress: called with the stage, ``imagine`` or ``project``, and a fraction of it.
        is_canceled: asked between steps; True ends the work with code CANCELED.
        Raises RlzeroError only.
        """
        sentence = clean_command(command)
        report = on_progress or (lambda stage, fraction: None)
        started = time.monotonic()
        ways = self._imagine(sentence, seed, report, is_canceled)
        imagined = time.monotonic()
        if is_canceled is not None and is_canceled():
            raise CommandError(f"{sentence!r} was canceled", ErrorCode.CANCELED)
        report("project", 0.0)
        shown = self._best_way(ways)
        sure = trusted(shown)
        variations = (*sure, *(variation for variation in shown if variation not in sure))
        projection = join([variation.projection for variation in sure])
        report("project", 1.0)
        seconds = imagined - started, time.monotonic() - imagined
        return Plan(sentence, variations, projection, *seconds)

    def _imagine(
        self, sentence: str, seed: int, report: OnProgress, is_canceled: IsCanceled | None
    ) -> list[list[Clip]]:
        """The variations of each way to do it; only one where the imaginer does not vary."""
        imaginers = each_way(self._imaginer, sentence)
        ways: list[list[Clip]] = []
        for way, imaginer in enumerate(imaginers):
            clips: list[Clip] = []
            for number in range(self._variations if varies(imaginer) else 1):

                def progress(fraction: float, done: int = way * self._variations + number) -> None:
                    report("imagine", (done + fraction) / (len(imaginers) * self._variations))

                clip = imaginer.imagine(
                    sentence,
                    seed=seed if number == 0 else _derived_seed(seed, number),
                    on_progress=progress,
                    is_canceled=is_canceled,
                )
                if clips and np.array_equal(clip.frames, clips[0].frames):
                    break
                clips.append(clip)
            ways.append(clips)
        return ways

    def _best_way(self, ways: list[list[Clip]]) -> tuple[Variation, ...]:
        """All variations of the usual way, unless another is found more surely and moves more as
        it was shown.
        """
        shown = [tuple(self._vary(clip) for clip in clips) for clips in ways]
        if len(shown) == 1:
            return shown[0]
        suits = [float(np.mean([self._suits(v) for v in variations])) for variations in shown]
        best = int(np.argmax(suits))
        return shown[best if suits[best] > _CLEARLY * suits[0] else 0]

    def _suits(self, variation: Variation) -> float:
        """How well the robot can do what a variation shows, from 0 to 1."""
        found = variation.projection
        moves = change_agreement(
            variation.embeddings, variation.clip.fps, self.bundle.index(), found.indices
        )
        return confidence(found) * moves

    def project(self, clip: Clip) -> Projection:
        """The robot's own observations for the frames of a clip, as fast as it shows them."""
        return self._vary(clip).projection

    def _vary(self, clip: Clip) -> Variation:
        embeddings = self._embedder.embed(clip.frames)
        index = self.bundle.index()
        projection = project(clip, self._embedder, index, self._window, embeddings=embeddings)
        if index.speed_share is not None:
            projection = at_speed(projection, index.speed_share, self.bundle.spec.shows_travel)
        return Variation(clip, embeddings, projection)

    def latent(self, projection: Projection) -> NDArray[np.float32]:
        """The latent z (d,) that imitates a projection; imports torch, loads the model once."""
        return self.bundle.imitator().latent(projection.observations)

    def warm_up(self) -> None:
        """Project one dark clip, so that the first command does not pay for loading."""
        frames = np.zeros((4, 64, 64, 3), np.uint8)
        self.project(Clip(frames, fps=20.0, prompt="warm-up", source="warm-up"))


def trusted(variations: Sequence[Variation]) -> list[Variation]:
    """Those that were found about as surely as the surest one.

    A drawing that the robot has hardly seen is found among other poses: a quarter of a plan that
    stood while the rest lay kept a robot from lying down.
    """
    sure = [confidence(variation.projection) for variation in variations]
    return [v for v, s in zip(variations, sure, strict=True) if s >= _HARDLY * max(sure)]


def at_speed(projection: Projection, share: SpeedShare, travels: NDArray[np.bool_]) -> Projection:
    """A projection whose speeds along the ground are what the pictures showed, not what is found.

    travels: (observation_dim,), which coordinates these are.
    """
    observations = projection.observations.copy()
    observations[:, travels] /= share.of(projection.similarities)[:, None]
    return replace(projection, observations=observations)


def _derived_seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0] >> 1)

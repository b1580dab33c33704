"""The storyboard's repertoire: every motion is a function of time that gives a pose.

A motion repeats or holds for as long as it is asked for. Add one: write its function, list it
here, and caption it in ``rlzero_ros.imagine.captions``.
"""

from __future__ import annotations

import numpy as np

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.motions import (
    actions,
    four_legged,
    four_legged_rest,
    gaits,
    leaps,
    postures,
)
from rlzero_ros.imagine.motions.body import MotionFunction, random_variation
from rlzero_ros.imagine.motions.ways import WAYS

MOTIONS: dict[str, MotionFunction] = {
    "stand": postures.stand,
    "walk": gaits.walk,
    "walk_backward": gaits.walk_backward,
    "run": gaits.run,
    "jump": leaps.jump,
    "hop": leaps.hop,
    "lie": postures.lie,
    "sit": postures.sit,
    "kneel": postures.kneel,
    "crouch": postures.crouch,
    "kick": actions.kick,
    "lunge": postures.lunge,
    "headstand": postures.headstand,
    "flip": leaps.flip,
    "cartwheel": leaps.cartwheel,
    "crawl": actions.crawl,
    "dance": actions.dance,
    "punch": actions.punch,
    "hands_up": postures.hands_up,
    "one_foot": postures.one_foot,
    "four_legged_stand": four_legged.stand,
    "four_legged_walk": four_legged.walk,
    "four_legged_run": four_legged.run,
    "four_legged_jump": four_legged.jump,
    "four_legged_lie": four_legged_rest.lie,
    "two_legs": four_legged_rest.rear,
}
FOUR_LEGGED_MOTIONS = frozenset(name for name in MOTIONS if "legs" in name or "legged" in name)
ARM_MOTIONS = frozenset({"hands_up", "punch", "dance", "crawl", "cartwheel"})
"""Motions that cannot be told from others when the figure is drawn without arms."""


def figure_kind(name: str) -> str:
    """Whose motion it is, a kind of figure: human or four_legged."""
    return "four_legged" if name in FOUR_LEGGED_MOTIONS else "human"


def perform(
    name: str, rng: np.random.Generator, frames: int, fps: float, way: str | None = None
) -> list[FigurePose]:
    """Performs a motion in a variation of the generator's choosing.

    Args:
        name: one of ``MOTIONS``.
        rng: chooses tempo, amplitude, phase and manner.
        frames: how many poses.
        fps: poses per second.
        way: one of ``ways_of`` the motion; None for the usual one.

    Returns:
        One pose per frame.

    Raises:
        ImagineError: there is no such motion, or no such way to do it.
    """
    if name not in MOTIONS:
        raise ImagineError(f"motion '{name}' is unknown; known are {', '.join(MOTIONS)}")
    motion = MOTIONS[name] if way is None else WAYS.get(name, {}).get(way)
    if motion is None:
        known = ", ".join(WAYS.get(name, ())) or "the usual one only"
        raise ImagineError(f"motion '{name}' has no way '{way}'; known are {known}")
    variation = random_variation(rng)
    return [motion(frame / fps, variation) for frame in range(frames)]

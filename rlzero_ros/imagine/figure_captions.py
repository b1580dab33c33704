"""Captions for a robot that one kind of figure stands for.

A robot with four legs takes "walk" for an animal's walk, has no arms to punch with, and stands like
a human when it stands on its hind legs.
"""

from __future__ import annotations

import re

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.captions import CAPTIONS
from rlzero_ros.imagine.figure import KINDS
from rlzero_ros.imagine.impossible import IMPOSSIBLE
from rlzero_ros.imagine.motions import figure_kind

COUNTERPARTS = {
    "stand": "four_legged_stand",
    "walk": "four_legged_walk",
    "run": "four_legged_run",
    "jump": "four_legged_jump",
    "lie": "four_legged_lie",
}
"""What a human motion is to an animal."""
UPRIGHT = "two_legs"
_HUMAN = re.compile(r"\b(human|person|man|woman|people)\b")

Captions = tuple[dict[str, tuple[str, ...]], tuple[str, ...]]


def captions_of(figure: str) -> Captions:
    """Captions by motion, and sentences that ask for what cannot be done, for a kind of figure.

    Every motion is open to a human figure, as a robot with two legs may be asked to be a dog. Human
    motions that an animal has no counterpart of cannot be done by a four-legged figure.

    Raises:
        ImagineError: there is no such kind.
    """
    if figure not in KINDS:
        raise ImagineError(f"figure kind '{figure}' is unknown; use one of {sorted(KINDS)}")
    if figure == "human":
        return CAPTIONS, IMPOSSIBLE
    captions = {name: list(some) for name, some in CAPTIONS.items() if figure_kind(name) == figure}
    impossible = list(IMPOSSIBLE)
    for motion, sentences in CAPTIONS.items():
        if motion in captions:
            continue
        for sentence in sentences:
            if motion == "stand" and _HUMAN.search(sentence):
                captions[UPRIGHT].append(sentence)
            elif motion in COUNTERPARTS:
                captions[COUNTERPARTS[motion]].append(sentence)
            else:
                impossible.append(sentence)
    return {name: tuple(some) for name, some in captions.items()}, tuple(impossible)

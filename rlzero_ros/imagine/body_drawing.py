"""Which function draws a body's limbs: ``limb_drawing(body, part, seed)``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rlzero_ros.imagine import limbs
from rlzero_ros.imagine.invented_limb import InventedLimb
from rlzero_ros.imagine.limbs import Pen
from rlzero_ros.imagine.palette import Color

LimbDrawing = Callable[[Pen, float, float, float, float, float, Color], None]

_LIMBS: dict[str, LimbDrawing] = {
    "stick": limbs.stick,
    "capsule": limbs.capsule,
    "outline": limbs.capsule,
    "polygon": limbs.tapered,
    "box": limbs.box,
    "shaded": limbs.shaded_capsule,
    "silhouette": limbs.capsule,
    "dashed": limbs.dashed,
    "zebra": limbs.zebra,
    "jointed": limbs.jointed,
    "fading": limbs.fading,
    "jagged": limbs.jagged,
    "sketched": limbs.sketched,
    "woolly": limbs.woolly,
    "patched": limbs.patched,
    "bones": limbs.bone,
    "ellipse": limbs.ellipse,
    "hollow_box": limbs.hollow_box,
    "beads": limbs.beads,
}
_MIXABLE = (
    *("stick", "capsule", "polygon", "box", "shaded", "dashed", "zebra", "invented"),
    *("jointed", "fading", "jagged", "sketched", "woolly", "patched"),
)


def limb_drawing(body: str, part: str, seed: int) -> LimbDrawing:
    """What draws the limbs of one part of a body.

    Args:
        body: one of ``style.BODIES``.
        part: of the figure, "thigh" say.
        seed: decides what a body that mixes kinds or invents them makes of the part.
    """
    if body == "mixed":
        body = str(np.random.default_rng((seed, *part.encode())).choice(_MIXABLE))
    return InventedLimb.of(part, seed) if body == "invented" else _LIMBS[body]

"""The one style that the trained video model draws in: every limb told apart, nothing else."""

from __future__ import annotations

from rlzero_ros.imagine.palette import Palette
from rlzero_ros.imagine.style import FigureStyle

_GREY = (240, 240, 240)
PLAIN_STYLE = FigureStyle(
    body="capsule",
    palette=Palette(
        parts={
            "torso": (40, 70, 160),
            "head": (200, 120, 60),
            "thigh": (180, 40, 40),
            "leg": (60, 140, 50),
            "foot": (70, 50, 40),
            "arm": (200, 90, 20),
            "forearm": (220, 160, 30),
            "upper": (180, 40, 40),
            "lower": (60, 140, 50),
            "tail": (90, 60, 140),
        },
        far_shade=0.6,
        edge=(15, 15, 15),
        sky=_GREY,
        sky_low=_GREY,
        ground=(120, 120, 110),
        ground_mark=(90, 90, 90),
    ),
    head="nose",
    feet="wedge",
    floor="filled",
)
"""Far limbs are darker than near ones, so that a picture has one reading."""

"""Two motions at once: legs and trunk of one, arms of another.

A composed motion is named ``lower+gesture``, as in ``walk+hands_up``. Any of ``LOWER`` goes with
any of ``GESTURES``; its phrases are in ``rlzero_ros.imagine.composed_captions``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.figure import FigurePose, lowest_point
from rlzero_ros.imagine.motions import MOTIONS, perform
from rlzero_ros.imagine.motions.actions import DANCE_CYCLE_S, PUNCH_CYCLE_S
from rlzero_ros.imagine.motions.body import HANGING, Arm, Variation, random_variation
from rlzero_ros.imagine.motions.curves import ramp, wave

Arms = tuple[Arm, Arm]
Gesture = Callable[[float, Variation], Arms]

LOWER = (
    "stand",
    "walk",
    "walk_backward",
    "run",
    "jump",
    "hop",
    "sit",
    "kneel",
    "crouch",
    "kick",
    "lunge",
    "one_foot",
)
"""Motions whose arms can do something else."""
WAVE_CYCLE_S = 0.7


def _hands_up(t: float, v: Variation) -> Arms:
    raised = 162 + 12 * v.flavour
    return (raised, 6.0), (raised - 6 * v.amplitude, 8.0)


def _punch(t: float, v: Variation) -> Arms:
    u = (t * v.tempo / PUNCH_CYCLE_S + v.phase) % 1.0

    def arm(phase: float) -> Arm:
        thrust = ramp(phase, 0.02, 0.16) - ramp(phase, 0.26, 0.44)
        return 35 + 57 * thrust, 125 - 121 * thrust

    return arm(u), arm((u + 0.5) % 1.0)


def _wave(t: float, v: Variation) -> Arms:
    swing = wave(t * v.tempo / WAVE_CYCLE_S + v.phase)
    return (148.0, 22 + 24 * v.amplitude * swing), HANGING


def _forward(t: float, v: Variation) -> Arms:
    raised = 86 + 6 * v.flavour
    return (raised, 3.0), (raised - 5 * v.amplitude, 5.0)


def _swing(t: float, v: Variation) -> Arms:
    u = t * v.tempo / DANCE_CYCLE_S + v.phase
    return (
        (85 + 65 * wave(u + 0.3), 45 + 35 * wave(2 * u)),
        (85 - 65 * wave(u + 0.3), 45 - 35 * wave(2 * u)),
    )


def _hips(t: float, v: Variation) -> Arms:
    bent = 84 + 8 * v.flavour
    return (-42.0, bent), (-42 + 4 * v.amplitude, bent)


def _behind(t: float, v: Variation) -> Arms:
    back = -34 - 8 * v.flavour
    return (back, 8.0), (back + 4 * v.amplitude, 8.0)


def _hang(t: float, v: Variation) -> Arms:
    return HANGING, (HANGING[0] + 2 * v.amplitude, HANGING[1])


GESTURES: dict[str, Gesture] = {
    "hands_up": _hands_up,
    "punch": _punch,
    "wave": _wave,
    "forward": _forward,
    "swing": _swing,
    "hips": _hips,
    "behind": _behind,
    "hang": _hang,
}


def with_arms(pose: FigurePose, arms: Arms, mirror: bool) -> FigurePose:
    """The pose with other arms (degrees, relative to the trunk), raised where they dip too low."""
    angles = dict(pose.angles)
    sides = ("left", "right") if mirror else ("right", "left")
    for side, (shoulder, elbow) in zip(sides, arms, strict=True):
        angles[f"{side}_arm"] = angles["torso"] - math.radians(shoulder)
        angles[f"{side}_forearm"] = angles["torso"] - math.radians(shoulder + elbow)
    x, z = pose.root
    changed = FigurePose((x, z), angles, pose.kind)
    return FigurePose((x, z + max(-lowest_point(changed), 0.0)), angles, pose.kind)


def perform_any(name: str, rng: np.random.Generator, frames: int, fps: float) -> list[FigurePose]:
    """As ``perform``, of a plain or a composed motion."""
    if "+" not in name:
        return perform(name, rng, frames, fps)
    lower, _, gesture = name.partition("+")
    if lower not in LOWER or gesture not in GESTURES:
        raise ImagineError(
            f"composed motion '{name}' is unknown; it is one of {', '.join(LOWER)}, "
            f"a plus sign, and one of {', '.join(GESTURES)}"
        )
    legs, arms = random_variation(rng), random_variation(rng)
    poses = []
    for frame in range(frames):
        t = frame / fps
        poses.append(with_arms(MOTIONS[lower](t, legs), GESTURES[gesture](t, arms), arms.mirror))
    return poses

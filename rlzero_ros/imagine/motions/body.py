"""Poses from joint angles in degrees, as people and dm_control's walker name them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rlzero_ros.imagine.figure import FigurePose, mass_center, on_ground

Leg = tuple[float, float, float]
"""Hip, knee and ankle in degrees. Hip flexion is positive, knee flexion negative (0 straight),
dorsiflexion positive; dm_control's walker allows -20..100, -150..0 and -45..45."""

Arm = tuple[float, float]
"""Shoulder (positive swings forward and up) and elbow (positive bends) in degrees."""

HANGING: Arm = (-4.0, 10.0)
HIP_RANGE, KNEE_RANGE, ANKLE_RANGE = (-20.0, 100.0), (-150.0, 0.0), (-45.0, 45.0)


@dataclass(frozen=True)
class Variation:
    """How one performance of a motion differs from another.

    Attributes:
        tempo: factor on speed of execution.
        amplitude: factor on the size of the movement.
        phase: where in its cycle a repeated motion starts, 0..1.
        lean_deg: added to the torso's pitch.
        mirror: exchanges right and left.
        flavour: 0..1, chooses among ways to do the same thing (lie on the back or the front).
    """

    tempo: float = 1.0
    amplitude: float = 1.0
    phase: float = 0.0
    lean_deg: float = 0.0
    mirror: bool = False
    flavour: float = 0.0


def random_variation(rng: np.random.Generator) -> Variation:
    """Draws a variation small enough that the motion stays what it is."""
    return Variation(
        tempo=float(rng.uniform(0.88, 1.14)),
        amplitude=float(rng.uniform(0.88, 1.1)),
        phase=float(rng.random()),
        lean_deg=float(rng.normal(0, 2)),
        mirror=bool(rng.random() < 0.5),
        flavour=float(rng.random()),
    )


MotionFunction = Callable[[float, Variation], FigurePose]
"""A motion: seconds since it began, and how it is performed, to a pose."""


def _clip(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])


def human(
    torso: float,
    right: Leg,
    left: Leg,
    right_arm: Arm = HANGING,
    left_arm: Arm = HANGING,
    *,
    head: float = 0.0,
    x: float = 0.0,
    mirror: bool = False,
) -> FigurePose:
    """A human pose with its lowest point on the ground.

    Args:
        torso: pitch in degrees, positive leans forward.
        right: joints of the right leg; like ``left``, clipped to the walker's joint ranges.
        left: joints of the left leg.
        right_arm: joints of the right arm.
        left_arm: joints of the left arm.
        head: pitch relative to the torso in degrees.
        x: position of the hips along the ground in metres.
        mirror: exchanges right and left.
    """
    if mirror:
        right, left, right_arm, left_arm = left, right, left_arm, right_arm
    angles = {"torso": torso, "head": torso + head}
    for side, (hip, knee, ankle) in (("right", right), ("left", left)):
        angles[f"{side}_thigh"] = torso - _clip(hip, HIP_RANGE)
        angles[f"{side}_leg"] = angles[f"{side}_thigh"] - _clip(knee, KNEE_RANGE)
        angles[f"{side}_foot"] = angles[f"{side}_leg"] - _clip(ankle, ANKLE_RANGE)
    for side, (shoulder, elbow) in (("right", right_arm), ("left", left_arm)):
        angles[f"{side}_arm"] = torso - shoulder
        angles[f"{side}_forearm"] = torso - shoulder - elbow
    radians = {name: math.radians(angle) for name, angle in angles.items()}
    return on_ground(FigurePose((x, 0.0), radians))


PawLeg = tuple[float, float]
"""Absolute pitch in degrees of a four-legged figure's upper and lower leg."""


def four_legged(
    trunk: float,
    front: tuple[PawLeg, PawLeg],
    hind: tuple[PawLeg, PawLeg],
    *,
    head: float = 0.0,
    tail: float = 0.0,
    x: float = 0.0,
) -> FigurePose:
    """A four-legged pose with its lowest point on the ground; legs are (right, left).

    ``trunk`` is its pitch in degrees, positive with the head down; ``head`` and
    ``tail`` are relative to it; ``x`` is the middle of the trunk in metres.
    """
    angles = {"torso": trunk, "head": trunk + head, "tail": trunk + tail}
    for end, legs in (("front", front), ("hind", hind)):
        for side, (upper, lower) in zip(("right", "left"), legs, strict=True):
            angles[f"{end}_{side}_upper"] = upper
            angles[f"{end}_{side}_lower"] = lower
    radians = {name: math.radians(angle) for name, angle in angles.items()}
    return on_ground(FigurePose((x, 0.0), radians, "four_legged"))


def leap(
    pose_at: Callable[[float], FigurePose], u: float, start: float, end: float, rise_m: float
) -> FigurePose:
    """The pose at time ``u``, flying from ``start`` to ``end``.

    In flight the mass centre follows a parabola (what gravity leaves it to do) that rises
    ``rise_m`` above the straight line from take-off to landing; a body too stretched for that
    touches the ground.

    Args:
        pose_at: the motion on the ground.
        u: any monotonous measure of time.
        start: take-off, in the same measure.
        end: landing.
        rise_m: in metres.
    """
    pose = pose_at(u)
    if not start < u < end:
        return pose
    w = (u - start) / (end - start)
    takeoff, landing = mass_center(pose_at(start))[1], mass_center(pose_at(end))[1]
    height = (1 - w) * takeoff + w * landing + 4 * rise_m * w * (1 - w)
    lift = max(height - mass_center(pose)[1], 0.0)
    x, z = pose.root
    return FigurePose((x, z + lift), pose.angles, pose.kind)

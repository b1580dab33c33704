"""Postures that are held: a still body with a little sway, as in anybody who holds still."""

from __future__ import annotations

import math

from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.motions.body import Variation, human
from rlzero_ros.imagine.motions.curves import wave


def _sway(t: float, v: Variation) -> float:
    """A slow sway of at most about one degree."""
    return 0.8 * wave(0.4 * v.tempo * t + v.phase)


def stand(t: float, v: Variation) -> FigurePose:
    """Upright and still, feet together, knees nearly straight."""
    sway, bend = _sway(t, v), 3 + 5 * v.flavour
    leg = (bend, -2 * bend, bend)
    other = (bend - 4 * v.amplitude + 3, -2 * bend, bend)
    return human(0.5 * v.lean_deg + sway, leg, other, mirror=v.mirror)


def lie(t: float, v: Variation) -> FigurePose:
    """Flat on the ground, on the back or on the front, limbs stretched out."""
    breath = _sway(t, v)
    if v.flavour < 0.6:
        leg = (2 + breath, -3, -38)
        return human(-90, leg, (5, -6 * v.amplitude, -35), (4, 5), (-6, 10), mirror=v.mirror)
    leg = (-2 + breath, -14, -44)
    return human(90, leg, (-4, -15 * v.amplitude, -44), (178, 2), (0, 0), head=-2, mirror=v.mirror)


def sit(t: float, v: Variation) -> FigurePose:
    """On the floor, legs in front, knees more or less drawn up, leaning back accordingly."""
    raised = math.radians(5 + 20 * v.flavour)
    # Hips 0.07 m and ankles 0.09 m above the ground, thigh 0.45 m and leg 0.5 m long.
    lowered = math.asin((0.45 * math.sin(raised) - 0.02) / 0.5)
    torso = 2 - math.degrees(raised) + 0.3 * v.lean_deg + _sway(t, v)
    hip, knee = 90 + torso + math.degrees(raised), -math.degrees(raised + lowered)
    leg, other = (hip, knee, -8), (hip - 2 * v.amplitude, knee + 2, -12)
    return human(torso, leg, other, (12, 25), (5, 20), mirror=v.mirror)


def kneel(t: float, v: Variation) -> FigurePose:
    """On both knees, shins along the ground; upright, or sitting back on the heels to pray."""
    back = 55 * v.flavour
    torso = 2 + 0.5 * v.lean_deg + 0.2 * back + _sway(t, v)
    leg = (back + torso, -(96 + back), -44)
    other = (back + torso - 3 * v.amplitude, -(97 + back), -44)
    return human(torso, leg, other, (48, 75), (46, 78), head=10 * v.flavour, mirror=v.mirror)


def crouch(t: float, v: Variation) -> FigurePose:
    """A deep squat on flat feet, trunk forward over them."""
    torso = 34 + v.lean_deg + _sway(t, v)
    knee = 122 * v.amplitude
    thigh = knee - 30
    leg = (thigh + torso - 15, -knee, 32)
    return human(torso, leg, (leg[0] - 4, leg[1] + 5, 30), (60, 30), (55, 35), mirror=v.mirror)


def lunge(t: float, v: Variation) -> FigurePose:
    """One knee bent far in front, the other leg stretched behind with its knee near the ground."""
    torso = 4 + 0.5 * v.lean_deg + _sway(t, v)
    front = (82 * v.amplitude + torso, -84 * v.amplitude, 2)
    behind = (-18, -58 - 12 * v.flavour, -5)
    return human(torso, front, behind, (20, 40), (-15, 30), mirror=v.mirror)


def one_foot(t: float, v: Variation) -> FigurePose:
    """Balancing on one straight leg, the other knee drawn up in front."""
    sway = 1.5 * _sway(t, v)
    lifted = (82 * v.amplitude + 8, -98 + 25 * v.flavour, -5)
    arms = (70.0, 5.0) if v.flavour > 0.5 else (15.0, 20.0)
    return human(-1 + sway, (1 + sway, -3, 2), lifted, arms, arms, mirror=v.mirror)


def hands_up(t: float, v: Variation) -> FigurePose:
    """Standing with both arms stretched above the head."""
    sway = _sway(t, v)
    raise_deg = 162 + 12 * v.flavour + 2 * sway
    leg = (3.0, -6.0, 3.0)
    arm = (raise_deg, 6.0)
    return human(sway, leg, leg, arm, (raise_deg - 6 * v.amplitude, 8.0), mirror=v.mirror)


def headstand(t: float, v: Variation) -> FigurePose:
    """Upside down on the head, hands on the floor, legs together above."""
    sway = 1.5 * _sway(t, v)
    split = 10 * v.flavour * v.amplitude
    leg, other = (2 + sway + split, -4, -30), (2 + sway - split, -4, -30)
    arm = (265.0, -55.0)
    return human(180 + sway, leg, other, arm, (262.0, -50.0), mirror=v.mirror)

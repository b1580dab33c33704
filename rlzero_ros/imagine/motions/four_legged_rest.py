"""What four-legged figures hold: lying in several ways, and standing on the hind legs."""

from __future__ import annotations

from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.motions.body import PawLeg, Variation, four_legged
from rlzero_ros.imagine.motions.curves import wave


def _breath(t: float, v: Variation) -> float:
    return 0.8 * wave(0.4 * v.tempo * t + v.phase)


def lie(t: float, v: Variation) -> FigurePose:
    """Belly on the ground, front legs stretched ahead, hind legs folded."""
    breath = _breath(t, v)
    front = (-78 + breath, -84)
    hind = (-72, 88)
    drop = 25 * v.flavour
    return four_legged(0, (front, (front[0] - 3, -82)), (hind, hind), head=drop, tail=25)


def lie_folded(t: float, v: Variation) -> FigurePose:
    """Belly on the ground, all legs folded under it, as cows and camels rest."""
    breath = _breath(t, v)
    front: PawLeg = (66 + breath, -86)
    hind: PawLeg = (-68 + breath, 88)
    return four_legged(
        0,
        (front, (front[0] + 5 * v.amplitude, -83)),
        (hind, (hind[0] - 5 * v.amplitude, 85)),
        head=20 * v.flavour,
        tail=25,
    )


def lie_sprawled(t: float, v: Variation) -> FigurePose:
    """Flat on the belly, front legs stretched ahead, hind legs behind."""
    breath = _breath(t, v)
    front: PawLeg = (-74 + breath, -84)
    hind: PawLeg = (74 + breath, 84)
    return four_legged(
        0,
        (front, (front[0] - 4 * v.amplitude, -80)),
        (hind, (hind[0] + 4 * v.amplitude, 80)),
        head=15 * v.flavour,
        tail=5,
    )


def lie_turned_over(t: float, v: Variation) -> FigurePose:
    """Turned head over heels: on the back, half-bent legs in the air."""
    breath = 2 * _breath(t, v)
    front: PawLeg = (-150 - breath, -178 + 30 * v.flavour)
    hind: PawLeg = (146 - breath, 175 - 35 * v.flavour)
    spread = 14 * v.amplitude

    def pair(leg: PawLeg, turn: float) -> tuple[PawLeg, PawLeg]:
        return leg, (leg[0] + turn, leg[1] + 0.5 * turn)

    return four_legged(180.0, pair(front, spread), pair(hind, -spread), head=42, tail=-30)


def rear(t: float, v: Variation) -> FigurePose:
    """Reared up on the hind legs, front legs in the air."""
    sway = 1.5 * wave(0.6 * v.tempo * t + v.phase)
    trunk = -68 + 10 * v.flavour + sway
    hind: PawLeg = (-22 + sway, 16 + sway)
    front: PawLeg = (-45 + 8 * v.amplitude * wave(t + v.phase), -10)
    paw: PawLeg = (front[0] - 12, front[1] + 10)
    return four_legged(trunk, (front, paw), (hind, (hind[0] + 6, hind[1] + 6)), head=55, tail=35)


def rear_low(t: float, v: Variation) -> FigurePose:
    """A horse's levade: the trunk half raised over deeply bent hind legs, forelegs ahead."""
    sway = 1.5 * wave(0.6 * v.tempo * t + v.phase)
    trunk = -44 - 12 * v.flavour + sway
    hind: PawLeg = (-62 - 8 * v.flavour + sway, 4 - 26 * v.flavour)
    front: PawLeg = (-58 + 6 * v.amplitude * wave(t + v.phase), -88)
    return four_legged(
        trunk,
        (front, (front[0] + 14, front[1] + 14)),
        (hind, (hind[0] + 6, hind[1] + 6)),
        head=35,
        tail=20,
    )


def rear_tall(t: float, v: Variation) -> FigurePose:
    """Upright as a person, on straight hind legs, front legs hanging before the chest."""
    sway = 1.5 * wave(0.6 * v.tempo * t + v.phase)
    trunk = -84 - 6 * v.flavour + sway
    hind: PawLeg = (-10 + sway, 8 + sway)
    front: PawLeg = (-35 + 6 * v.amplitude * wave(t + v.phase), -70)
    return four_legged(
        trunk,
        (front, (front[0] - 8, front[1] + 12)),
        (hind, (hind[0] + 5, hind[1] + 5)),
        head=70,
        tail=40,
    )

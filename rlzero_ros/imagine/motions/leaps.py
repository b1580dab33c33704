"""Motions that leave the ground or turn over."""

from __future__ import annotations

from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.motions.body import Variation, human, leap
from rlzero_ros.imagine.motions.curves import arc, ramp, wave

JUMP_CYCLE_S = 1.25
HOP_CYCLE_S = 0.55
FLIP_CYCLE_S = 1.6
CARTWHEEL_CYCLE_S = 1.9


def _dip(u: float) -> float:
    """Knee bend 0..1 over a leap's cycle: down, explosively straight, absorbed, up again."""
    return ramp(u, 0.05, 0.24) - ramp(u, 0.26, 0.36) + ramp(u, 0.66, 0.76) - ramp(u, 0.78, 0.97)


def jump(t: float, v: Variation) -> FigurePose:
    """Straight up from both feet: crouch, leave the ground, land in a crouch."""

    def pose_at(u: float) -> FigurePose:
        dip = 0.8 * v.amplitude * max(_dip(u), 0.0)
        flight = arc(u, 0.34, 0.7)
        bend = dip + 0.35 * v.flavour * flight
        toes_down = 32 * ramp(u, 0.28, 0.36) * flight**0.2
        leg = (72 * bend + 2, -112 * bend - 4, 38 * dip - toes_down)
        arm = 140 * ramp(u, 0.24, 0.36) * (1 - ramp(u, 0.6, 0.8)) - 40 * dip
        return human(
            28 * dip + 0.5 * v.lean_deg,
            leg,
            (leg[0] - 3, leg[1], leg[2]),
            (arm, 15),
            (arm - 5, 15),
            mirror=v.mirror,
        )

    u = (t * v.tempo / JUMP_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.34, 0.7, 0.28 * v.amplitude)


def hop(t: float, v: Variation) -> FigurePose:
    """On one leg, in quick small hops, the other foot held up behind."""
    x = 0.8 * v.amplitude * v.tempo * t

    def pose_at(u: float) -> FigurePose:
        flight = arc(u, 0.45, 1.0)
        bend = v.amplitude * arc(u, -0.05, 0.45)
        swing = 15 * wave(u)
        return human(
            7 + v.lean_deg + 6 * bend,
            (10 + 22 * bend, -16 - 40 * bend, 10 + 16 * bend - 28 * flight),
            (22 + 8 * wave(u), -102, -10),
            (20 + swing, 55),
            (20 + swing, 55),
            x=x,
            mirror=v.mirror,
        )

    u = (t * v.tempo / HOP_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.45, 1.0, 0.13 * v.amplitude)


def flip(t: float, v: Variation) -> FigurePose:
    """A somersault in the air, backwards more often than forwards, again and again."""
    direction = -1 if v.flavour < 0.7 else 1
    x = 0.25 * direction * v.tempo * t

    def pose_at(u: float) -> FigurePose:
        dip = 0.85 * max(_dip(u), 0.0)
        tuck = arc(u, 0.34, 0.7)
        bend = dip + 0.9 * tuck
        leg = (88 * bend + 2, -115 * bend - 4, 32 * dip - 25 * tuck)
        arm = 150 * ramp(u, 0.2, 0.32) * (1 - ramp(u, 0.38, 0.46)) + 55 * tuck
        return human(
            26 * dip + direction * 360 * ramp(u, 0.29, 0.75),
            leg,
            (leg[0] - 3, leg[1], leg[2]),
            (arm, 15 + 40 * tuck),
            (arm, 15 + 40 * tuck),
            x=x,
            mirror=v.mirror,
        )

    u = (t * v.tempo / FLIP_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.31, 0.73, 0.52 * v.amplitude)


def cartwheel(t: float, v: Variation) -> FigurePose:
    """Over the hands and back onto the feet, legs wide apart, without leaving the ground."""
    u = (t * v.tempo / CARTWHEEL_CYCLE_S + v.phase) % 1.0
    # Slow on the feet, quick over the hands.
    torso = 360 * (u - 0.05 * wave(u))
    wide = 0.35 + 0.65 * arc(u, 0.05, 0.95)
    front = (78 * v.amplitude * wide, -6, -10)
    behind = (-20 * wide, -8, -15)
    return human(torso, front, behind, (172, 3), (160, 3), x=1.1 * v.tempo * t, mirror=v.mirror)

"""Things done with arms and legs while on the ground."""

from __future__ import annotations

from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.motions.body import Arm, Leg, Variation, human
from rlzero_ros.imagine.motions.curves import Cycle, arc, ramp, wave

KICK_CYCLE_S = 1.2
PUNCH_CYCLE_S = 0.8
DANCE_CYCLE_S = 1.1
CRAWL_CYCLE_S = 1.1

_KICK_HIP = Cycle((0, 4), (0.2, -16), (0.4, 60), (0.5, 98), (0.6, 96), (0.8, 30), (0.92, 6))
_KICK_KNEE = Cycle((0, 8), (0.2, 45), (0.38, 85), (0.5, 6), (0.6, 6), (0.78, 55), (0.92, 12))


def kick(t: float, v: Variation) -> FigurePose:
    """High kicks to the front: the leg is drawn back, thrown up straight and set down again."""
    u = t * v.tempo / KICK_CYCLE_S + v.phase
    hip = _KICK_HIP(u)
    kicking: Leg = (v.amplitude * hip, -max(_KICK_KNEE(u), 2.0), -10)
    torso = -0.16 * max(hip, 0.0) + 0.5 * v.lean_deg
    standing: Leg = (torso + 4, -9, 5)
    return human(torso, kicking, standing, (5, 70), (35, 70), mirror=v.mirror)


def punch(t: float, v: Variation) -> FigurePose:
    """Boxing: straight punches, left and right in turn, from a guard in a staggered stance."""
    u = (t * v.tempo / PUNCH_CYCLE_S + v.phase) % 1.0

    def arm(phase: float) -> Arm:
        thrust = ramp(phase, 0.02, 0.16) - ramp(phase, 0.26, 0.44)
        return 35 + 57 * thrust, 125 - 121 * thrust

    twist = arc(u % 0.5, 0.0, 0.45)
    front: Leg = (30 + 4 * twist, -24 - 4 * twist, 4)
    behind: Leg = (-8 - 5 * twist, -22, 20)
    return human(
        6 + 5 * twist + 0.5 * v.lean_deg,
        behind,
        front,
        arm(u),
        arm((u + 0.5) % 1.0),
        head=-4,
        mirror=v.mirror,
    )


def dance(t: float, v: Variation) -> FigurePose:
    """Stepping on the spot to a beat, knees bouncing, trunk swaying, arms waving in turn."""
    u = t * v.tempo / DANCE_CYCLE_S + v.phase
    beat = 0.5 + 0.5 * wave(2 * u + 0.25)

    def leg(phase: float) -> Leg:
        lift = max(wave(phase), 0.0) ** 1.5 * v.amplitude
        bounce = 12 + 12 * beat
        return bounce + 42 * lift, -2 * bounce - 62 * lift, bounce - 15 * lift

    sway = 11 * v.amplitude * wave(u + 0.1)
    right: Arm = (85 + 65 * wave(u + 0.3), 45 + 35 * wave(2 * u))
    left: Arm = (85 - 65 * wave(u + 0.3), 45 - 35 * wave(2 * u))
    return human(sway, leg(u), leg(u + 0.5), right, left, head=-0.8 * sway, mirror=v.mirror)


def crawl(t: float, v: Variation) -> FigurePose:
    """On hands and knees, an arm and the opposite leg moving together."""
    u = t * v.tempo / CRAWL_CYCLE_S + v.phase

    def leg(phase: float) -> Leg:
        stride = 15 * v.amplitude * wave(phase)
        lift = 10 * max(wave(phase + 0.25), 0.0)
        thigh = -stride
        return 83 - thigh, -(95 + lift - thigh), -40

    def arm(phase: float) -> Arm:
        lift = max(wave(phase + 0.25), 0.0)
        return 80 + 17 * v.amplitude * wave(phase), 14 + 22 * lift

    return human(
        83 + 0.5 * v.lean_deg,
        leg(u),
        leg(u + 0.5),
        arm(u + 0.5),
        arm(u),
        head=-35,
        x=0.45 * v.amplitude * v.tempo * t,
        mirror=v.mirror,
    )

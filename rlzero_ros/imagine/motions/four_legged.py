"""Motions of four-legged figures: dogs, spiders, cheetahs."""

from __future__ import annotations

from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.motions.body import PawLeg, Variation, four_legged, leap
from rlzero_ros.imagine.motions.curves import arc, ramp, wave

WALK_CYCLE_S = 0.9
RUN_CYCLE_S = 0.5
JUMP_CYCLE_S = 1.2

_FRONT: PawLeg = (10, -10)
_HIND: PawLeg = (-14, 18)


def stand(t: float, v: Variation) -> FigurePose:
    """On four straight legs, still but for the tail."""
    sway = 0.8 * wave(0.4 * v.tempo * t + v.phase)
    front = (_FRONT[0] + sway, _FRONT[1] + sway)
    hind = (_HIND[0] + sway, _HIND[1] + sway)
    tail = 15 * v.amplitude * wave(1.5 * t)
    return four_legged(0.3 * v.lean_deg, (front, front), (hind, hind), tail=tail)


def _step(rest: PawLeg, phase: float, stride: float, lift: float) -> PawLeg:
    """A leg at a phase of its step: swung by ``stride`` degrees, folded while it moves ahead."""
    swing = -stride * wave(phase)
    fold = lift * max(wave(phase + 0.25), 0.0)
    return rest[0] + swing - 0.4 * fold, rest[1] + swing + fold


def walk(t: float, v: Variation) -> FigurePose:
    """One leg after the other: hind right, front right, hind left, front left."""
    u = t * v.tempo / WALK_CYCLE_S + v.phase
    stride, lift = 20 * v.amplitude, 38 * v.amplitude
    front = (_step(_FRONT, u + 0.75, stride, lift), _step(_FRONT, u + 0.25, stride, lift))
    hind = (_step(_HIND, u, stride, lift), _step(_HIND, u + 0.5, stride, lift))
    return four_legged(
        1.5 * wave(2 * u) + 0.3 * v.lean_deg,
        front,
        hind,
        head=4 * wave(2 * u),
        tail=10 * wave(u),
        x=0.9 * v.amplitude * v.tempo * t,
    )


def run(t: float, v: Variation) -> FigurePose:
    """A gallop: hind legs together, front legs together, a flight when gathered."""
    stride, lift = 40 * v.amplitude, 55 * v.amplitude
    x = 4.0 * v.amplitude * v.tempo * t

    def pose_at(u: float) -> FigurePose:
        front = (_step(_FRONT, u + 0.5, stride, lift), _step(_FRONT, u + 0.42, stride, lift))
        hind = (_step(_HIND, u, stride, lift), _step(_HIND, u - 0.08, stride, lift))
        pitch = 9 * v.amplitude * wave(u + 0.3)
        return four_legged(pitch, front, hind, head=-8 * wave(u + 0.3), tail=-25, x=x)

    u = (t * v.tempo / RUN_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.55, 0.95, 0.07 * v.amplitude)


def jump(t: float, v: Variation) -> FigurePose:
    """From all fours into the air and back: legs fold, push off, stretch, land."""

    def pose_at(u: float) -> FigurePose:
        dip = ramp(u, 0.02, 0.22) - ramp(u, 0.24, 0.34) + ramp(u, 0.68, 0.78) - ramp(u, 0.8, 0.98)
        flight = arc(u, 0.32, 0.72)
        bend = max(dip, 0.0) + 0.5 * v.flavour * flight
        front = (_FRONT[0] + 45 * bend, _FRONT[1] - 60 * bend)
        hind = (_HIND[0] - 50 * bend, _HIND[1] + 55 * bend)
        pitch = -10 * v.amplitude * wave((u - 0.32) / 0.4) * (0.32 < u < 0.72)
        return four_legged(pitch, (front, front), (hind, hind), tail=20 * flight)

    u = (t * v.tempo / JUMP_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.32, 0.72, 0.3 * v.amplitude)


def lie(t: float, v: Variation) -> FigurePose:
    """Belly on the ground, front legs stretched ahead, hind legs folded."""
    breath = 0.8 * wave(0.4 * v.tempo * t + v.phase)
    front = (-78 + breath, -84)
    hind = (-72, 88)
    drop = 25 * v.flavour
    return four_legged(0, (front, (front[0] - 3, -82)), (hind, hind), head=drop, tail=25)


def two_legs(t: float, v: Variation) -> FigurePose:
    """Reared up on the hind legs, front legs in the air."""
    sway = 1.5 * wave(0.6 * v.tempo * t + v.phase)
    trunk = -68 + 10 * v.flavour + sway
    hind: PawLeg = (-22 + sway, 16 + sway)
    front: PawLeg = (-45 + 8 * v.amplitude * wave(t + v.phase), -10)
    paw: PawLeg = (front[0] - 12, front[1] + 10)
    return four_legged(trunk, (front, paw), (hind, (hind[0] + 6, hind[1] + 6)), head=55, tail=35)

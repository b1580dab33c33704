"""How four-legged figures move: dogs, horses, rabbits, spiders, cheetahs.

A run with the legs of a diagonal in turn, as in a trot, is not among them: 0.2 s later, which is
what an index looks ahead, its right and left legs have changed places, and a picture from the side
is the same again. What is found for it stands still.
"""

from __future__ import annotations

from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.motions.body import PawLeg, Variation, four_legged, leap
from rlzero_ros.imagine.motions.curves import arc, ramp, wave

WALK_CYCLE_S = 0.9
AMBLE_CYCLE_S = 0.85
RUN_CYCLE_S = 0.5
CANTER_CYCLE_S = 0.56
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


def amble(t: float, v: Variation) -> FigurePose:
    """A rabbit's slow walk: the front legs step ahead together, then the hind legs follow."""
    u = t * v.tempo / AMBLE_CYCLE_S + v.phase
    front = _step(_FRONT, u + 0.5, 17 * v.amplitude, 30 * v.amplitude)
    hind = _step(_HIND, u, 19 * v.amplitude, 30 * v.amplitude)
    pitch = -3 - 4 * v.amplitude * wave(u - 0.35) + 0.3 * v.lean_deg
    x = 0.8 * v.amplitude * v.tempo * t
    return four_legged(pitch, (front, front), (hind, hind), tail=8 * wave(u), x=x)


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


def bound(t: float, v: Variation) -> FigurePose:
    """A running animal's bounds: both hind legs push, both front legs catch, the trunk level."""
    stride, lift = 30 * v.amplitude, 55 * v.amplitude
    x = 3.5 * v.amplitude * v.tempo * t
    ahead: PawLeg = (12, -28)
    behind: PawLeg = (-28, 28)

    def pose_at(u: float) -> FigurePose:
        front = _step(ahead, u + 0.5, 0.8 * stride, lift)
        hind = _step(behind, u, stride, lift)
        pitch = -6 + 7 * v.amplitude * wave(u + 0.3)
        return four_legged(pitch, (front, front), (hind, hind), head=-5, tail=-15, x=x)

    u = (t * v.tempo / RUN_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.55, 0.95, 0.05 * v.amplitude)


def canter(t: float, v: Variation) -> FigurePose:
    """An easy canter: rocking, the head high, front legs reach out while the hind legs push."""
    x = 3.0 * v.amplitude * v.tempo * t
    ahead: PawLeg = (-12, -22)
    behind: PawLeg = (-12, 4)

    def pose_at(u: float) -> FigurePose:
        front = _step(ahead, u + 0.5, 16 * v.amplitude, 24 * v.amplitude)
        hind = _step(behind, u, 28 * v.amplitude, 30 * v.amplitude)
        pitch = -13 - 10 * v.amplitude * wave(u - 0.35)
        other = (front[0] + 5, front[1] + 6), (hind[0] + 5, hind[1] + 6)
        return four_legged(pitch, (front, other[0]), (hind, other[1]), head=8, tail=-5, x=x)

    u = (t * v.tempo / CANTER_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.68, 0.95, 0.03 * v.amplitude)


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


def pronk(t: float, v: Variation) -> FigurePose:
    """On the spot from all fours at once: straight up with the trunk level, legs hanging."""

    def pose_at(u: float) -> FigurePose:
        dip = ramp(u, 0.02, 0.25) - ramp(u, 0.27, 0.36) + ramp(u, 0.7, 0.8) - ramp(u, 0.82, 0.98)
        bend = 0.6 * max(dip, 0.0) + 0.15 * v.flavour * arc(u, 0.34, 0.72)
        front = (_FRONT[0] + 30 * bend, _FRONT[1] - 45 * bend)
        hind = (_HIND[0] - 35 * bend, _HIND[1] + 40 * bend)
        return four_legged(0.5 * v.lean_deg, (front, front), (hind, hind), tail=10)

    u = (t * v.tempo / JUMP_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.34, 0.72, 0.33 * v.amplitude)


def spring(t: float, v: Variation) -> FigurePose:
    """Front first: the trunk is thrown up, the hind legs push off, the front legs land first."""

    def pose_at(u: float) -> FigurePose:
        dip = ramp(u, 0.02, 0.2) - ramp(u, 0.26, 0.36) + ramp(u, 0.7, 0.8) - ramp(u, 0.82, 0.98)
        up = ramp(u, 0.12, 0.3) - ramp(u, 0.42, 0.68)
        bend = max(dip, 0.0)
        front = (_FRONT[0] + 15 * bend - 22 * up, _FRONT[1] - 30 * bend - 42 * up)
        hind = (_HIND[0] - 45 * bend - 12 * up, _HIND[1] + 40 * bend)
        return four_legged(-26 * v.amplitude * up, (front, front), (hind, hind), tail=15)

    u = (t * v.tempo / JUMP_CYCLE_S + v.phase) % 1.0
    return leap(pose_at, u, 0.34, 0.74, 0.3 * v.amplitude)

"""Walking and running: joint angles over the gait cycle.

The keys follow the usual textbook curves of human gait (phase 0: the foot meets the ground;
walking: toe-off at 0.62; running: toe-off at 0.32, then flight), fitted to the joint ranges of
dm_control's walker.
"""

from __future__ import annotations

import math

from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.motions.body import Leg, Variation, human, leap
from rlzero_ros.imagine.motions.curves import Cycle, wave

WALK_CYCLE_S = 1.0
RUN_CYCLE_S = 0.66
_TOE_OFF = 0.32

_WALK_HIP = Cycle((0, 27), (0.12, 22), (0.3, 4), (0.5, -16), (0.6, -9), (0.75, 20), (0.88, 30))
_WALK_KNEE = Cycle(
    (0, 4),
    (0.13, 17),
    (0.3, 6),
    (0.42, 5),
    (0.52, 15),
    (0.62, 42),
    (0.73, 62),
    (0.86, 30),
    (0.95, 5),
)
_WALK_ANKLE = Cycle((0, 2), (0.08, -6), (0.3, 7), (0.46, 11), (0.62, -18), (0.74, -3), (0.88, 3))

_RUN_HIP = Cycle((0, 42), (0.15, 24), (0.34, -14), (0.44, -13), (0.6, 34), (0.74, 68), (0.86, 62))
_RUN_KNEE = Cycle((0, 24), (0.14, 42), (0.32, 10), (0.46, 62), (0.6, 114), (0.74, 96), (0.9, 36))
_RUN_ANKLE = Cycle((0, 6), (0.15, 24), (0.34, -30), (0.5, -16), (0.7, 0), (0.88, 4))


def _leg(hip: float, knee: float, ankle: float, amplitude: float) -> Leg:
    return amplitude * hip, -max(amplitude * knee, 2.0), ankle


def _walk_leg(phase: float, amplitude: float) -> Leg:
    return _leg(_WALK_HIP(phase), _WALK_KNEE(phase), _WALK_ANKLE(phase), amplitude)


def _run_leg(phase: float, amplitude: float) -> Leg:
    return _leg(_RUN_HIP(phase), _RUN_KNEE(phase), _RUN_ANKLE(phase), amplitude)


def walk(t: float, v: Variation) -> FigurePose:
    """An ordinary walk, about two steps a second, one foot always on the ground."""
    phase = t * v.tempo / WALK_CYCLE_S + v.phase
    swing = 20 * v.amplitude * wave(phase + 0.25)
    return human(
        5 + v.lean_deg + 1.5 * wave(2 * phase),
        _walk_leg(phase, v.amplitude),
        _walk_leg(phase + 0.5, v.amplitude),
        (-swing, 16),
        (swing, 16),
        head=-3,
        x=1.2 * v.amplitude * v.tempo * t,
        mirror=v.mirror,
    )


def walk_backward(t: float, v: Variation) -> FigurePose:
    """Short steps backwards: the walk's cycle run the other way round, the trunk upright."""
    phase = v.phase - 0.85 * t * v.tempo / WALK_CYCLE_S
    amplitude = 0.78 * v.amplitude
    swing = 14 * v.amplitude * wave(phase + 0.25)
    return human(
        -3 + v.lean_deg,
        _walk_leg(phase, amplitude),
        _walk_leg(phase + 0.5, amplitude),
        (-swing, 14),
        (swing, 14),
        x=-0.8 * v.amplitude * v.tempo * t,
        mirror=v.mirror,
    )


def run(t: float, v: Variation) -> FigurePose:
    """A run at about three steps a second: leaning, knees high, a flight after each step."""
    phase = t * v.tempo / RUN_CYCLE_S + v.phase
    step = math.floor(2 * phase) / 2
    x = 3.6 * v.amplitude * v.tempo * t

    def pose_at(u: float) -> FigurePose:
        swing = 42 * v.amplitude * wave(u + 0.25)
        return human(
            14 + v.lean_deg,
            _run_leg(u, v.amplitude),
            _run_leg(u + 0.5, v.amplitude),
            (5 - swing, 88),
            (5 + swing, 88),
            head=-10,
            x=x,
            mirror=v.mirror,
        )

    return leap(pose_at, phase, step + _TOE_OFF, step + 0.5, 0.04 * v.amplitude)

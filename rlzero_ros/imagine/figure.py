"""Planar articulated figures: what a cartoon of a body is, before it is drawn.

The plane is the robot's sagittal plane: x forward (to the right on the screen), z up, metres.
A segment's angle is its absolute pitch in radians, a rotation about +y (REP-103): zero is the
direction the segment has when the figure stands upright, and a positive angle tips a vertical
segment's upper end towards +x. Hence, with dm_control's joint signs,
``thigh = torso - hip``, ``leg = thigh - knee`` and ``foot = leg - ankle``.

The reference sizes are those of dm_control's planar walker, with a head and arms to match.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from rlzero_ros.errors import ImagineError


@dataclass(frozen=True)
class Segment:
    """One rigid part: where it starts on its parent, where it points at angle zero, its size.

    ``attach`` is the place along the parent (0 its start, 1 its end); ``behind`` is the part of
    the segment's own length that lies behind its start (a heel, or half of a trunk).
    """

    name: str
    part: str
    parent: str | None
    attach: float
    direction: tuple[float, float]
    length: float
    radius: float
    behind: float = 0.0


def _legs(side: str) -> list[Segment]:
    return [
        Segment(f"{side}_thigh", "thigh", "torso", 0.0, (0.0, -1.0), 0.45, 0.05),
        Segment(f"{side}_leg", "leg", f"{side}_thigh", 1.0, (0.0, -1.0), 0.5, 0.04),
        Segment(f"{side}_foot", "foot", f"{side}_leg", 1.0, (1.0, 0.0), 0.2, 0.05, 0.2),
    ]


def _arms(side: str) -> list[Segment]:
    return [
        Segment(f"{side}_arm", "arm", "torso", 0.92, (0.0, -1.0), 0.3, 0.04),
        Segment(f"{side}_forearm", "forearm", f"{side}_arm", 1.0, (0.0, -1.0), 0.32, 0.035),
    ]


def _paw_legs(end: str, attach: float) -> list[Segment]:
    segments = []
    for side in ("right", "left"):
        upper = f"{end}_{side}_upper"
        segments.append(Segment(upper, "upper", "torso", attach, (0.0, -1.0), 0.3, 0.05))
        lower = f"{end}_{side}_lower"
        segments.append(Segment(lower, "lower", upper, 1.0, (0.0, -1.0), 0.3, 0.04))
    return segments


HUMAN: tuple[Segment, ...] = (
    Segment("torso", "torso", None, 0.0, (0.0, 1.0), 0.6, 0.07),
    Segment("head", "head", "torso", 1.0, (0.0, 1.0), 0.22, 0.1),
    *_legs("right"),
    *_legs("left"),
    *_arms("right"),
    *_arms("left"),
)
FOUR_LEGGED: tuple[Segment, ...] = (
    Segment("torso", "torso", None, 0.0, (1.0, 0.0), 0.9, 0.1, 0.5),
    Segment("head", "head", "torso", 1.0, (0.77, 0.64), 0.26, 0.09),
    Segment("tail", "tail", "torso", 0.0, (-0.87, 0.5), 0.35, 0.025),
    *_paw_legs("front", 0.94),
    *_paw_legs("hind", 0.06),
)
KINDS: dict[str, tuple[Segment, ...]] = {"human": HUMAN, "four_legged": FOUR_LEGGED}
SEGMENT_NAMES: dict[str, frozenset[str]] = {
    kind: frozenset(s.name for s in segments) for kind, segments in KINDS.items()
}

Line = tuple[float, float, float, float]
"""A segment in the plane: start x, start z, end x, end z (m)."""


@dataclass(frozen=True)
class FigurePose:
    """Where a figure is and how it is bent.

    Attributes:
        root: (x, z) in metres of the hips (human) or of the middle of the trunk (four-legged).
        angles: absolute pitch of each segment in radians; see the module. The torso is required;
            a segment left out is not part of the pose (a walker has no head and no arms), and a
            drawing that adds it bends it naturally.
        kind: "human" or "four_legged".
    """

    root: tuple[float, float]
    angles: Mapping[str, float] = field(default_factory=dict)
    kind: str = "human"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ImagineError(f"figure kind '{self.kind}' is unknown; use one of {sorted(KINDS)}")
        unknown = set(self.angles) - SEGMENT_NAMES[self.kind]
        if unknown or "torso" not in self.angles:
            raise ImagineError(
                f"a {self.kind} pose needs 'torso' and knows only "
                f"{sorted(SEGMENT_NAMES[self.kind])}; not {sorted(unknown)}"
            )
        if not all(map(math.isfinite, (*self.root, *self.angles.values()))):
            raise ImagineError("a pose has an angle or position that is not finite")


@dataclass(frozen=True)
class Proportions:
    """Body sizes relative to the reference: factors on length and on radius by part name."""

    length: Mapping[str, float] = field(default_factory=dict)
    radius: Mapping[str, float] = field(default_factory=dict)


REFERENCE = Proportions()


def segment_lines(pose: FigurePose, proportions: Proportions = REFERENCE) -> dict[str, Line]:
    """Places every segment that the pose names; a segment without its parent is left out."""
    lines: dict[str, Line] = {}
    for segment in KINDS[pose.kind]:
        angle = pose.angles.get(segment.name)
        if angle is None:
            continue
        if segment.parent is None:
            x, z = pose.root
        elif segment.parent in lines:
            px, pz, qx, qz = lines[segment.parent]
            x = px + segment.attach * (qx - px)
            z = pz + segment.attach * (qz - pz)
        else:
            continue
        length = segment.length * proportions.length.get(segment.part, 1.0)
        c, s = math.cos(angle), math.sin(angle)
        rx, rz = segment.direction
        dx, dz = (c * rx + s * rz) * length, (c * rz - s * rx) * length
        x, z = x - segment.behind * dx, z - segment.behind * dz
        lines[segment.name] = (x, z, x + dx, z + dz)
    return lines


def lowest_point(pose: FigurePose, proportions: Proportions = REFERENCE) -> float:
    """Height in metres of the lowest point of the body, flesh included."""
    lines = segment_lines(pose, proportions)
    return min(
        min(line[1], line[3]) - segment.radius * proportions.radius.get(segment.part, 1.0)
        for segment in KINDS[pose.kind]
        if (line := lines.get(segment.name)) is not None
    )


def on_ground(pose: FigurePose) -> FigurePose:
    """The same pose raised or lowered so that its lowest point touches the ground."""
    x, z = pose.root
    return FigurePose((x, z - lowest_point(pose)), pose.angles, pose.kind)


def mass_center(pose: FigurePose) -> tuple[float, float]:
    """(x, z) in metres of the centre of the body's volume, each segment taken as a cylinder."""
    lines = segment_lines(pose)
    total = x = z = 0.0
    for segment in KINDS[pose.kind]:
        line = lines.get(segment.name)
        if line is not None:
            mass = segment.length * segment.radius**2
            total += mass
            x += mass * (line[0] + line[2]) / 2
            z += mass * (line[1] + line[3]) / 2
    return x / total, z / total

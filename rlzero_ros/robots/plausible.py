"""Whether joint states are in radians and newton metres, by what a robot's joints can do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .spec import RobotSpec

Span = tuple[float, float]
DEGREES = 180.0 / math.pi
MILLI = 1000.0

# Beyond its range by half of it and this much (rad), a joint is not where it says.
_SLACK_RAD = 0.5
# An endless joint that turned more often than this has the wrong unit, or wants a restart.
_TURNS = 10.0
# Faster or stronger than so many times its limit, a joint is not what it says.
_TOO_FAST, _TOO_STRONG = 3.0, 5.0


@dataclass(frozen=True)
class JointsSeen:
    """Smallest and largest value of each joint by name, in what should be SI units."""

    positions: Mapping[str, Span] = field(default_factory=dict)
    velocities: Mapping[str, Span] = field(default_factory=dict)
    efforts: Mapping[str, Span] = field(default_factory=dict)

    @property
    def without_velocity(self) -> list[str]:
        """Joints with a position only."""
        return [name for name in self.positions if name not in self.velocities]


def implausible(
    spec: RobotSpec, seen: JointsSeen, ranges: Mapping[str, Span]
) -> Iterator[tuple[bool, str]]:
    """Yield (whether it forbids arming, what is wrong) for every joint that cannot be true.

    ranges: (lower, upper) in rad of the joints that have limits.
    """
    for name, limit in zip(spec.joint_names, spec.velocity_limit, strict=True):
        if name in seen.positions:
            yield from _position(name, seen.positions[name], ranges.get(name))
        fastest = _largest(seen.velocities.get(name, (0.0, 0.0)))
        if fastest > _TOO_FAST * limit:
            text = f"{name} moves at {fastest:.3g} rad/s, its limit is {limit:.3g}"
            yield True, f"{text}{_unit(fastest, limit, ('degrees', DEGREES))}"
    if spec.command.interface != "effort":
        return
    limits = zip(spec.joint_names, spec.command.lower, spec.command.upper, strict=False)
    for name, lower, upper in limits if len(spec.joint_names) == spec.action_dim else ():
        strongest, limit = _largest(seen.efforts.get(name, (0.0, 0.0))), max(-lower, upper)
        if strongest > _TOO_STRONG * limit:
            text = f"{name} reports an effort of {strongest:.3g} N·m, its limit is {limit:.3g}"
            yield False, f"{text}{_unit(strongest, limit, ('mA or mN·m', MILLI))}"


def _position(name: str, span: Span, limits: Span | None) -> Iterator[tuple[bool, str]]:
    if limits is None:
        turns = _largest(span) / (2.0 * math.pi)
        if turns > _TURNS:
            text = f"{name} has turned {turns:.0f} times; if these are degrees, convert to radians"
            yield False, text
        return
    lower, upper = limits
    slack = 0.5 * (upper - lower) + _SLACK_RAD
    if lower - slack <= span[0] and span[1] <= upper + slack:
        return
    worst = span[0] if lower - span[0] > span[1] - upper else span[1]
    text = f"{name} is at {worst:.4g} rad, its range is {lower:.3g} to {upper:.3g}"
    as_degrees = (span[0] / DEGREES, span[1] / DEGREES)
    fits = lower - _SLACK_RAD <= as_degrees[0] and as_degrees[1] <= upper + _SLACK_RAD
    advice = "these look like degrees: convert to radians" if fits else "calibrate its zero"
    yield True, f"{text}; {advice}"


def _largest(span: Span) -> float:
    return max(abs(span[0]), abs(span[1]))


def _unit(value: float, limit: float, unit: tuple[str, float]) -> str:
    name, factor = unit
    return f"; in {name}? Convert to SI units" if value / factor <= limit else "; check its driver"

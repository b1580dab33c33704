"""What a robot's command may be: bounds, slew, damping, and how old its state may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

INTERFACES = ("effort", "position", "velocity")

# A state older than this many control periods, or than MIN_STALE_S if that is longer, is stale.
STALE_PERIODS = 3.0
MIN_STALE_S = 0.1


@dataclass(frozen=True)
class CommandLimits:
    """Limits of the n numbers of a command, in the units of the command interface.

    Each is for one joint, unless `drives` says how joints are coupled to what is commanded.

    Units by interface: effort N·m, position rad (or m), velocity rad/s (or m/s).

    Attributes:
        interface: "effort", "position" or "velocity".
        lower, upper: (n,) smallest and largest command.
        rate: (n,) fastest change of the command in command units per second: for a position
            interface the joint's top speed v_max, for velocity its top acceleration, for effort
            the fastest change of torque.
        damping: (n,) kd >= 0 in N·m·s/rad, used only by effort robots when they hold.
        period_s: the control period in seconds.
        drives: (n, joints) what each joint's position or velocity contributes to that of each
            commanded drive (a tendon, a linkage); None where each joint is commanded itself.
        max_step: (n,) largest change from one command to the next, derived:
            position and velocity: rate·period·0.5. A joint is asked for at most half of what it
            can do, so that it follows the command instead of trailing behind it and then
            catching up at full speed.
            effort: rate·period. Torque has no trailing to guard against, a balancing policy has
            to reverse it within a step or two, and halving would make it fall; what the actuator
            can take is the rate that the spec states. It is applied all the same, always.

    Raises:
        ValueError: naming the field, if sizes differ, a number is not finite, lower > upper,
            a rate or the period is not positive, damping is negative, or an effort or velocity
            robot cannot be commanded zero.

    """

    interface: str
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    rate: NDArray[np.float64]
    damping: NDArray[np.float64]
    period_s: float
    drives: NDArray[np.float64] | None = None
    max_step: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        if self.interface not in INTERFACES:
            raise ValueError(f"interface must be one of {INTERFACES}, not {self.interface!r}")
        if not (np.isfinite(self.period_s) and self.period_s > 0):
            raise ValueError(f"period_s must be a positive number, not {self.period_s}")
        for name in ("lower", "upper", "rate", "damping"):
            object.__setattr__(self, name, _constant(name, getattr(self, name)))
        if len({v.size for v in (self.lower, self.upper, self.rate, self.damping)}) != 1:
            raise ValueError("lower, upper, rate and damping must name the same joints")
        if self.drives is not None:
            drives = np.array(self.drives, dtype=np.float64)
            if drives.ndim != 2 or len(drives) != self.size or not np.isfinite(drives).all():
                raise ValueError("drives must have one row of finite weights for each command")
            drives.setflags(write=False)
            object.__setattr__(self, "drives", drives)
        if np.any(self.lower > self.upper):
            raise ValueError("lower must not be above upper")
        if np.any(self.rate <= 0):
            raise ValueError("rate must be positive for every joint")
        if np.any(self.damping < 0):
            raise ValueError("damping must not be negative")
        if self.interface != "position" and (np.any(self.lower > 0) or np.any(self.upper < 0)):
            raise ValueError(f"zero must lie within the limits of an {self.interface} interface")
        share = 1.0 if self.interface == "effort" else 0.5
        object.__setattr__(self, "max_step", _constant("rate", self.rate * self.period_s * share))

    @property
    def size(self) -> int:
        """Numbers in a command, n."""
        return int(self.lower.size)

    @property
    def joints(self) -> int:
        """The number of joints whose state is measured."""
        return self.size if self.drives is None else int(self.drives.shape[1])

    def driven(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions or velocities (joints,) as those (n,) of what is commanded."""
        with np.errstate(over="ignore", invalid="ignore"):
            return values if self.drives is None else self.drives @ values

    @property
    def stale_after_s(self) -> float:
        """The age in seconds beyond which the robot's state stops the robot."""
        return max(STALE_PERIODS * self.period_s, MIN_STALE_S)


def _constant(name: str, values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a read-only (n,) float64 copy."""
    vector = np.array(values, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0:
        raise ValueError(f"{name} must be a list with one number for each joint")
    if not np.all(np.isfinite(vector)):
        raise ValueError(f"{name} must be finite for every joint")
    vector.setflags(write=False)
    return vector

"""What a rehearsal found, gained and cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RehearsalReport:
    """One number or text for each of K candidates; the first is what is done unrehearsed.

    names: how each was made. distances: m, between what it did and what was to be done, see
    `mass_motion.mismatch`. speeds: m/s, how fast it went, see `speeds_along`. vetoes: why a
    candidate must not be done; empty: it may. chosen: row of the one that was sent. pose: whether
    the pictures show a pose. asked: m/s, how fast it should go. seconds: what the rehearsal took.
    simulated_s: for how long each candidate was tried.
    """

    names: tuple[str, ...]
    distances: tuple[float, ...]
    speeds: tuple[float, ...]
    vetoes: tuple[str, ...]
    chosen: int
    pose: bool
    asked: float
    seconds: float
    simulated_s: float

    @property
    def gain(self) -> float:
        """By how much nearer (m) the chosen candidate came than the unrehearsed one."""
        return self.distances[0] - self.distances[self.chosen]

    @property
    def suits_here(self) -> bool:
        """Whether from another start another way might have been better: for every pose, and for a
        motion that was not done as usual.
        """
        return self.pose or self.chosen != 0

    def summary(self) -> str:
        """One line for people."""
        vetoed = sum(1 for veto in self.vetoes if veto)
        return (
            f"rehearsed {len(self.names)} ways in {self.seconds:.1f} s: {self.names[self.chosen]}"
            f" comes nearer by {self.gain:.2f} m" + (f", {vetoed} vetoed" if vetoed else "")
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        rows = zip(self.names, self.distances, self.speeds, self.vetoes, strict=True)
        return {
            "chosen": self.names[self.chosen],
            "gain": self.gain,
            "pose": self.pose,
            "asked": self.asked,
            "seconds": self.seconds,
            "simulated_s": self.simulated_s,
            "candidates": [
                dict(zip(("name", "distance", "speed", "veto"), row, strict=True)) for row in rows
            ],
        }

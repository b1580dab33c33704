"""What a rehearsal found, gained and cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RehearsalReport:
    """One number or text for each of K candidates; the first is what is done unrehearsed.

    names: how each was made. looks, moves: see `Likeness`. scores: what was compared, in standard
    deviations over the candidates. vetoes: why a candidate must not be done; empty: it may.
    chosen: row of the one that was sent. seconds: what the rehearsal took. simulated_s: for how
    long each candidate was tried.
    """

    names: tuple[str, ...]
    looks: tuple[float, ...]
    moves: tuple[float, ...]
    scores: tuple[float, ...]
    vetoes: tuple[str, ...]
    chosen: int
    seconds: float
    simulated_s: float

    @property
    def gain(self) -> float:
        """Score of the chosen candidate above that of the unrehearsed one; 0 if that is it."""
        return self.scores[self.chosen] - self.scores[0]

    def summary(self) -> str:
        """One line for people."""
        vetoed = sum(1 for veto in self.vetoes if veto)
        return (
            f"rehearsed {len(self.names)} ways in {self.seconds:.1f} s: {self.names[self.chosen]}"
            f" is better by {self.gain:.1f}" + (f", {vetoed} vetoed" if vetoed else "")
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        rows = zip(self.names, self.looks, self.moves, self.scores, self.vetoes, strict=True)
        keys = ("name", "looks", "moves", "score", "veto")
        return {
            "chosen": self.names[self.chosen],
            "gain": self.gain,
            "seconds": self.seconds,
            "simulated_s": self.simulated_s,
            "candidates": [dict(zip(keys, row, strict=True)) for row in rows],
        }

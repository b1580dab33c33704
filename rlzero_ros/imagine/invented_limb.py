"""A way to draw limbs that is made up anew for every style.

Whoever learns from twenty kinds of bodies learns those twenty kinds. A limb of this kind has a
random outline, bands, marks and strokes, each part of a body its own, from one seed. Its ends are
never much thinner than its middle, it is filled, and it is in one piece.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rlzero_ros.imagine.limbs import Pen, disc
from rlzero_ros.imagine.palette import Color, shaded


@dataclass(frozen=True)
class InventedLimb:
    """How the limbs of one part look.

    widths: half widths from start to end, as fractions of the limb's radius. bow: how far its
    middle lies beside its line, as a fraction of its length. bands: shades of equal pieces of it,
    from start to end; edge: shade of a line around it, or none. joints: shade and size of a disc at
    its start, or none. speckles: places along and across it of small dots, and their shade.
    """

    widths: tuple[float, ...]
    bow: float
    bands: tuple[float, ...]
    edge: float | None
    joints: tuple[float, float] | None
    speckles: tuple[tuple[float, float, float], ...]
    round_ends: bool

    @classmethod
    def of(cls, part: str, seed: int) -> InventedLimb:
        """The same for the same part and seed."""
        rng = np.random.default_rng((seed, *part.encode()))
        middle = rng.uniform(0.55, 1.25, int(rng.integers(0, 4)))
        ends = rng.uniform(max(0.6, 0.75 * middle.max(initial=0.0)), 1.4, 2)
        bands = int(rng.choice((1, 1, 2, 3, 5)))
        speckles = int(rng.choice((0, 0, 4, 9)))
        return cls(
            widths=(float(ends[0]), *(float(width) for width in middle), float(ends[1])),
            bow=float(rng.uniform(-0.12, 0.12)) if rng.random() < 0.4 else 0.0,
            bands=tuple(float(s) for s in rng.uniform(0.55, 1.6, bands)) if bands > 1 else (1.0,),
            edge=float(rng.choice((0.4, 1.7))) if rng.random() < 0.3 else None,
            joints=(float(rng.choice((0.5, 1.0, 1.6))), float(rng.uniform(0.5, 1.3)))
            if rng.random() < 0.4
            else None,
            speckles=tuple(
                (float(along), float(across), float(rng.choice((0.5, 1.6))))
                for along, across in rng.uniform((0.05, -0.7), (0.95, 0.7), (speckles, 2))
            ),
            round_ends=bool(rng.random() < 0.5),
        )

    def __call__(
        self, pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color
    ) -> None:
        """Draws one, as the functions of ``limbs`` do."""
        dx, dy = x1 - x0, y1 - y0
        norm = math.hypot(dx, dy) or 1.0
        nx, ny = -dy / norm, dx / norm

        def at(u: float, v: float) -> tuple[float, float]:
            """So far along, and so many half widths beside it."""
            aside = v * r * self._width(u) + 4.0 * self.bow * u * (1.0 - u) * norm
            return x0 + u * dx + aside * nx, y0 + u * dy + aside * ny

        pieces = len(self.bands)
        for number, shade in enumerate(self.bands):
            along = np.linspace(number / pieces, (number + 1) / pieces, 5)
            outline = [at(u, 1.0) for u in along] + [at(u, -1.0) for u in along[::-1]]
            pen.polygon(outline, fill=shaded(c, shade))
        if self.round_ends:
            disc(pen, x0, y0, r * self.widths[0], shaded(c, self.bands[0]))
            disc(pen, x1, y1, r * self.widths[-1], shaded(c, self.bands[-1]))
        if self.edge is not None:
            for v in (-1.0, 1.0):
                points = [at(u, v) for u in np.linspace(0.0, 1.0, 9)]
                pen.line(points, fill=shaded(c, self.edge), width=2)
        for along_, across, shade in self.speckles:
            disc(pen, *at(along_, across), max(0.25 * r, 1.0), shaded(c, shade))
        if self.joints is not None:
            shade, size = self.joints
            disc(pen, x0, y0, size * r, shaded(c, shade))

    def _width(self, u: float) -> float:
        return float(np.interp(u, np.linspace(0.0, 1.0, len(self.widths)), self.widths))

"""The many ways to draw one limb, each a function of its line in pixels."""

from __future__ import annotations

import math

from PIL import ImageDraw

from rlzero_ros.imagine.palette import Color, shaded

Pen = ImageDraw.ImageDraw
_CIRCLE = [(math.cos(2 * math.pi * k / 12), math.sin(2 * math.pi * k / 12)) for k in range(12)]


def disc(pen: Pen, x: float, y: float, r: float, color: Color) -> None:
    """A filled circle of radius ``r`` pixels."""
    pen.ellipse((x - r, y - r, x + r, y + r), fill=color)


def quad(x0: float, y0: float, x1: float, y1: float, r0: float, r1: float) -> list[float]:
    """Corners of a trapezium along the line, ``r0`` and ``r1`` its half widths."""
    dx, dy = x1 - x0, y1 - y0
    norm = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / norm, dx / norm
    return [
        *(x0 + nx * r0, y0 + ny * r0, x1 + nx * r1, y1 + ny * r1),
        *(x1 - nx * r1, y1 - ny * r1, x0 - nx * r0, y0 - ny * r0),
    ]


def capsule(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A limb with round ends."""
    pen.polygon(quad(x0, y0, x1, y1, r, r), fill=c)
    disc(pen, x0, y0, r, c)
    disc(pen, x1, y1, r, c)


def stick(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A plain line."""
    pen.line((x0, y0, x1, y1), fill=c, width=max(round(2 * r), 2))


def tapered(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A limb that thins out, with a joint at its start."""
    pen.polygon(quad(x0, y0, x1, y1, 1.3 * r, 0.75 * r), fill=c)
    disc(pen, x0, y0, 1.2 * r, c)


def box(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A rectangle."""
    pen.polygon(quad(x0, y0, x1, y1, r, r), fill=c)


def shaded_capsule(
    pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color
) -> None:
    """A dark capsule with a highlight along its upper left side."""
    capsule(pen, x0, y0, x1, y1, r, shaded(c, 0.7))
    o = -0.3 * r
    capsule(pen, x0 + o, y0 + o, x1 + o, y1 + o, 0.55 * r, shaded(c, 1.25))


def bone(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A thin line between two joints."""
    pen.line((x0, y0, x1, y1), fill=c, width=max(round(0.7 * r), 2))
    disc(pen, x0, y0, r, c)
    disc(pen, x1, y1, 0.8 * r, c)


def ellipse(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A spindle."""
    mx, my = (x0 + x1) / 2, (y0 + y1) / 2
    ax, ay = 1.1 * (x1 - mx), 1.1 * (y1 - my)
    norm = math.hypot(ax, ay) or 1.0
    bx, by = -ay / norm * 1.3 * r, ax / norm * 1.3 * r
    pen.polygon([(mx + u * ax + v * bx, my + u * ay + v * by) for u, v in _CIRCLE], fill=c)


def hollow_box(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """The outline of a rectangle."""
    pen.polygon(quad(x0, y0, x1, y1, 1.2 * r, 1.2 * r), outline=c, width=2)


def beads(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A row of discs."""
    count = max(round(math.hypot(x1 - x0, y1 - y0) / (2.2 * r)), 1)
    for k in range(count + 1):
        u = k / count
        disc(pen, x0 + u * (x1 - x0), y0 + u * (y1 - y0), r, c)


def dashed(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A broken line."""
    for k in range(4):
        u, v = k / 4 + 0.02, k / 4 + 0.19
        ends = (x0 + u * (x1 - x0), y0 + u * (y1 - y0), x0 + v * (x1 - x0), y0 + v * (y1 - y0))
        stick(pen, *ends, 0.8 * r, c)


def zebra(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A capsule with pale stripes across."""
    capsule(pen, x0, y0, x1, y1, r, c)
    pale = shaded(c, 1.6)
    for k in range(4):
        u, v = k / 4 + 0.03, k / 4 + 0.12
        ends = (x0 + u * (x1 - x0), y0 + u * (y1 - y0), x0 + v * (x1 - x0), y0 + v * (y1 - y0))
        box(pen, *ends, r, pale)


def jointed(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A capsule whose joints are marked in another shade."""
    capsule(pen, x0, y0, x1, y1, r, c)
    for x, y in ((x0, y0), (x1, y1)):
        disc(pen, x, y, 0.7 * r, shaded(c, 0.4 if sum(c) > 380 else 1.7))


def fading(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A capsule that grows pale towards its end."""
    for k in range(4):
        u = k / 4
        x, y = x0 + u * (x1 - x0), y0 + u * (y1 - y0)
        capsule(pen, x, y, x1, y1, r, shaded(c, 0.6 + 0.35 * k))


def jagged(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A limb with an edge like torn paper."""
    dx, dy = x1 - x0, y1 - y0
    norm = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / norm * r, dx / norm * r
    right = [(k / 6, 1.4 if k % 2 else 0.7) for k in range(7)]
    left = [(k / 6, -0.7 if k % 2 else -1.4) for k in reversed(range(7))]
    pen.polygon([(x0 + u * dx + v * nx, y0 + u * dy + v * ny) for u, v in right + left], fill=c)


def sketched(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A few quick strokes that hardly meet."""
    dx, dy = x1 - x0, y1 - y0
    norm = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / norm * r, dx / norm * r
    for start, end, begin, stop in (
        (-0.7, 0.5, 0.0, 0.95),
        (0.6, -0.3, 0.05, 1.0),
        (0.1, 0.9, 0, 1),
    ):
        ends = (x0 + begin * dx + start * nx, y0 + begin * dy + start * ny)
        pen.line((*ends, x0 + stop * dx + end * nx, y0 + stop * dy + end * ny), fill=c, width=2)


def woolly(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A limb with hairs on both sides."""
    stick(pen, x0, y0, x1, y1, 0.7 * r, c)
    dx, dy = x1 - x0, y1 - y0
    norm = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / norm * 1.6 * r, dx / norm * 1.6 * r
    for k in range(9):
        x, y, side = x0 + k / 8 * dx, y0 + k / 8 * dy, 1 if k % 2 else -1
        pen.line((x, y, x + side * nx + 0.05 * dx, y + side * ny + 0.05 * dy), fill=c, width=2)


def patched(pen: Pen, x0: float, y0: float, x1: float, y1: float, r: float, c: Color) -> None:
    """A capsule of which a part has another colour."""
    capsule(pen, x0, y0, x1, y1, r, c)
    u, v = (0.15, 0.5) if (c[0] + c[1]) % 2 else (0.45, 0.9)
    ends = (x0 + u * (x1 - x0), y0 + u * (y1 - y0), x0 + v * (x1 - x0), y0 + v * (y1 - y0))
    box(pen, *ends, r, (c[1], c[2], c[0]))

"""What surrounds a drawn figure: sky, clutter and floor."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from rlzero_ros.imagine.limbs import capsule, disc
from rlzero_ros.imagine.palette import Color, shaded
from rlzero_ros.imagine.style import ClutterShape, FigureStyle


def backdrop(style: FigureStyle, side: int) -> Image.Image:
    """A fresh (side, side) picture of the style's sky and clutter."""
    palette = style.palette
    return _backdrop(
        style.background, palette.sky, palette.sky_low, style.clutter, style.seed, side
    ).copy()


@lru_cache(maxsize=128)
def _backdrop(
    background: str,
    sky: Color,
    sky_low: Color,
    clutter: tuple[ClutterShape, ...],
    seed: int,
    side: int,
) -> Image.Image:
    picture = _sky(background, sky, sky_low, seed, side)
    pen = ImageDraw.Draw(picture)
    for shape in clutter:
        _draw_clutter(pen, shape, side)
    return picture


def _sky(background: str, sky: Color, sky_low: Color, seed: int, side: int) -> Image.Image:
    picture = Image.new("RGB", (side, side), sky)
    if background == "gradient":
        column = Image.new("RGB", (1, 2), sky)
        column.putpixel((0, 1), sky_low)
        return column.resize((side, side), Image.Resampling.BILINEAR)
    if background == "noise":
        rng = np.random.default_rng(seed)
        cells = int(rng.integers(4, 25))
        noise = rng.normal(0, rng.uniform(4, 16), (cells, cells, 1)) + np.asarray(sky)
        small = Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))
        return small.resize((side, side), Image.Resampling.BILINEAR)
    if background in _SKIES:
        return _SKIES[background](picture, sky_low, np.random.default_rng(seed))
    if background == "glow":
        mask = Image.radial_gradient("L").resize((side, side))
        return Image.composite(Image.new("RGB", (side, side), sky_low), picture, mask)
    if background == "bands":
        pen = ImageDraw.Draw(picture)
        step = side // (4 + seed % 5)
        for top in range(seed % step, side, 2 * step):
            pen.rectangle((0, top, side, top + step), fill=sky_low)
    return picture


def _clouds(picture: Image.Image, low: Color, rng: np.random.Generator) -> Image.Image:
    """Patches of every size between both colours."""
    side = picture.width
    weight = np.zeros((side, side), np.float32)
    for cells in (3, 6, 12, 24):
        noise = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
        weight += np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC)) / cells
    spread = max(float(np.ptp(weight)), 1e-6)
    mask = Image.fromarray((255 * (weight - weight.min()) / spread).astype(np.uint8))
    return Image.composite(Image.new("RGB", picture.size, low), picture, mask)


def _hills(picture: Image.Image, low: Color, rng: np.random.Generator) -> Image.Image:
    """One or two ridges in the other colour."""
    side, pen = picture.width, ImageDraw.Draw(picture)
    for ridge in range(int(rng.integers(1, 3))):
        heights = side * rng.uniform(0.3 + 0.2 * ridge, 0.75, int(rng.integers(4, 10)))
        along = np.linspace(0, side, len(heights))
        points = [(float(x), float(y)) for x, y in zip(along, heights, strict=True)]
        pen.polygon([(0, side), *points, (side, side)], fill=shaded(low, 1.0 - 0.15 * ridge))
    return picture


def _blocks(picture: Image.Image, low: Color, rng: np.random.Generator) -> Image.Image:
    """Houses, or what else has corners, in shades of the other colour."""
    side, pen = picture.width, ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(4, 12))):
        x, y = side * rng.random(), side * rng.uniform(0.1, 0.8)
        box = (x, y, x + side * rng.uniform(0.05, 0.3), side * rng.uniform(0.8, 1.0))
        pen.rectangle(box, fill=shaded(low, rng.uniform(0.8, 1.2)))
    return picture


def _slant(picture: Image.Image, low: Color, rng: np.random.Generator) -> Image.Image:
    """Both colours, with an edge at any angle between them."""
    side, angle = picture.width, rng.uniform(0, 2 * math.pi)
    axis = np.arange(side) - side * rng.uniform(0.3, 0.7)
    beyond = axis[:, None] * math.sin(angle) + axis[None] * math.cos(angle) > 0
    mask = Image.fromarray((255 * beyond).astype(np.uint8))
    return Image.composite(Image.new("RGB", picture.size, low), picture, mask)


_SKIES = {"clouds": _clouds, "hills": _hills, "blocks": _blocks, "slant": _slant}


def _draw_clutter(pen: ImageDraw.ImageDraw, shape: ClutterShape, side: int) -> None:
    x, y = shape.center[0] * side, shape.center[1] * side
    w, h = shape.size[0] * side / 2, shape.size[1] * side / 2
    box = (x - w, y - h, x + w, y + h)
    thick = max(side // 42, 1)
    if shape.shape == "rectangle":
        pen.rectangle(box, fill=shape.color)
    elif shape.shape == "ellipse":
        pen.ellipse(box, fill=shape.color)
    elif shape.shape == "line":
        pen.line((x - 2 * w, y - h, x + 2 * w, y + h), fill=shape.color, width=thick)
    elif shape.shape == "triangle":
        pen.polygon((x - w, y + h, x, y - h, x + w, y + h), fill=shape.color)
    elif shape.shape == "ring":
        pen.ellipse(box, outline=shape.color, width=thick)
    elif shape.shape in _TURNED:
        _draw_turned(pen, shape, side, thick)
    else:
        zigzag = (x - 2 * w, y + h, x - w, y - h, x, y + h, x + w, y - h, x + 2 * w, y + h)
        pen.line(zigzag, fill=shape.color, width=thick)


_TURNED = ("pill", "arc", "cross", "quad", "curve", "dots", "elbow", "blob", "star", "grass")


def _draw_turned(pen: ImageDraw.ImageDraw, shape: ClutterShape, side: int, thick: int) -> None:
    """Clutter at any angle, much of it as thick and long as limbs are."""
    c, s = math.cos(shape.turn), math.sin(shape.turn)

    def at(u: float, v: float) -> tuple[float, float]:
        """The point (u, v) of the shape's own frame, in half sizes."""
        a, b = u * shape.size[0] / 2, v * shape.size[1] / 2
        return (shape.center[0] + a * c - b * s) * side, (shape.center[1] + a * s + b * c) * side

    color, kind = shape.color, shape.shape
    wide = max(int(0.15 * shape.size[1] * side), thick)
    if kind == "pill":
        capsule(pen, *at(-1.5, 0), *at(1.5, 0), 0.5 * wide, color)
    elif kind == "cross":
        pen.line((*at(-1, 0), *at(1, 0)), fill=color, width=thick)
        pen.line((*at(0, -1), *at(0, 1)), fill=color, width=thick)
    elif kind == "quad":
        pen.polygon([at(-1, -1), at(0.8, -0.7), at(1, 1), at(-0.6, 0.8)], fill=color)
    elif kind == "dots":
        for k in range(5):
            x, y = at(-1.5 + 0.75 * k, 0)
            disc(pen, x, y, 0.6 * wide, color)
    elif kind == "elbow":  # two limbs of nobody
        capsule(pen, *at(-1.5, 0), *at(0, 0), 0.4 * wide, color)
        capsule(pen, *at(0, 0), *at(math.cos(5 * shape.turn), 1.5), 0.4 * wide, color)
    elif kind in ("blob", "star"):
        corners = 5 + int(10 * shape.size[0]) if kind == "blob" else 10
        radii = (0.8, 1.1, 0.9) if kind == "blob" else (1.1, 0.5)
        angles = [2 * math.pi * k / corners for k in range(corners)]
        pen.polygon(
            [
                at(radii[k % len(radii)] * math.cos(a), radii[k % len(radii)] * math.sin(a))
                for k, a in enumerate(angles)
            ],
            fill=color,
        )
    elif kind == "grass":
        for u in (-1.0, -0.5, 0.0, 0.5, 1.0):
            pen.line((*at(u, 1), *at(1.3 * u, -1)), fill=color, width=thick)
    else:
        bend = 2.0 if kind == "arc" else 1.0
        points = [
            at(u, bend * math.sin(2 * u) if kind == "curve" else bend * u * u - 1)
            for u in np.linspace(-1.5, 1.5, 9)
        ]
        pen.line(points, fill=color, width=max(wide // 2, thick))


def draw_floor(pen: ImageDraw.ImageDraw, style: FigureStyle, side: int, left_edge_m: float) -> None:
    """Draws the floor; its marks stay in place in the world while the camera moves.

    Args:
        pen: of the (side, side) picture.
        style: the kind of floor, its colours and sizes.
        side: of the picture in pixels.
        left_edge_m: world x of the picture's left edge in metres.
    """
    if style.floor == "none":
        return
    ground, mark = style.palette.ground, style.palette.ground_mark
    scale = side / style.world_size_m
    line = style.ground_line * side
    top = line - style.floor_depth_m * scale
    thick = max(side // 64, 1)
    cell = style.floor_cell_m * scale
    start = -((left_edge_m * scale) % (2 * cell))
    columns = [start + k * cell for k in range(int(2 * side / cell) + 3) if start + k * cell < side]
    if style.floor in _FLOORS:
        if style.floor != "ticks":
            pen.rectangle((0, top, side, side), fill=ground)
        _FLOORS[style.floor](pen, columns, cell, (top, line, float(side)), mark)
    elif style.floor == "line":
        pen.line((0, line, side, line), fill=mark, width=thick)
    elif style.floor == "double_line":
        pen.line((0, line, side, line), fill=mark, width=2 * thick)
        pen.line((0, line + 4 * thick, side, line + 4 * thick), fill=mark, width=thick)
    elif style.floor == "dashes":
        for x in columns[::2]:
            pen.line((x, line, x + cell, line), fill=mark, width=2 * thick)
    else:
        pen.rectangle((0, top, side, side), fill=ground)
        if style.floor == "checker":
            row_height = max((side - top) / 3, 1)
            for row in range(3):
                low = top + row * row_height
                for x in columns[row % 2 :: 2]:
                    pen.rectangle((x, low, x + cell, low + row_height), fill=mark)
        elif style.floor == "grid":
            for x in columns:
                pen.line((x, top, x, side), fill=mark, width=thick)
            pen.line((0, line, side, line), fill=mark, width=thick)
        elif style.floor == "stripes":
            for x in columns:
                pen.line((x, side, x + cell / 2, top), fill=mark, width=2 * thick)


_Heights = tuple[float, float, float]
"""Of the floor's far edge, of the figure's feet and of the picture's lower edge, in pixels."""


def _dots(
    pen: ImageDraw.ImageDraw, columns: list[float], cell: float, heights: _Heights, mark: Color
) -> None:
    for x in columns:
        disc(pen, x, heights[1] + 0.3 * cell, 0.12 * cell, mark)


def _ticks(
    pen: ImageDraw.ImageDraw, columns: list[float], cell: float, heights: _Heights, mark: Color
) -> None:
    pen.line((0, heights[1], heights[2], heights[1]), fill=mark, width=2)
    for x in columns[::2]:
        pen.line((x, heights[1], x, heights[1] + 0.4 * cell), fill=mark, width=3)


def _pebbles(
    pen: ImageDraw.ImageDraw, columns: list[float], cell: float, heights: _Heights, mark: Color
) -> None:
    deep = heights[2] - heights[0]
    for k, x in enumerate(columns):
        for u, v, r in ((0.1, 0.2, 0.06), (0.45, 0.75, 0.1), (0.8, 0.45, 0.07)):
            lower = 0.3 if k % 2 else 0.0  # the columns come in pairs, which the camera keeps
            disc(pen, x + u * cell, heights[0] + ((v + lower) % 1.0) * deep, r * cell, mark)


def _shade(
    pen: ImageDraw.ImageDraw, columns: list[float], cell: float, heights: _Heights, mark: Color
) -> None:
    for k in range(4):
        down = heights[0] + k / 4 * (heights[2] - heights[0])
        pen.rectangle((0, down, heights[2], heights[2]), fill=shaded(mark, 0.7 + 0.1 * k))
    for x in columns[::2]:
        pen.line((x, heights[1], x + 0.6 * cell, heights[1] + 0.2 * cell), fill=mark, width=2)


_FLOORS = {"dots": _dots, "ticks": _ticks, "pebbles": _pebbles, "shade": _shade}

"""Draws a posed figure in a style: ``draw(pose, style)`` gives a small RGB picture."""

from __future__ import annotations

import math

import numpy as np
from PIL import ImageDraw

from rlzero_ros.imagine.body_drawing import limb_drawing
from rlzero_ros.imagine.figure import KINDS, FigurePose, Line, lowest_point, segment_lines
from rlzero_ros.imagine.limbs import Pen, capsule, disc, quad, stick
from rlzero_ros.imagine.palette import Color, shaded
from rlzero_ros.imagine.scenery import backdrop, draw_floor
from rlzero_ros.imagine.style import FigureStyle

SUPERSAMPLING = 3
_ARM_PARTS = ("arm", "forearm")
_DEPTH = {
    kind: sorted(
        segments,
        # Far (left) limbs first, then the trunk, then near limbs; arms in front of legs.
        key=lambda s: (
            0 if "left" in s.name else 2 if "right" in s.name else 1,
            s.part in _ARM_PARTS,
        ),
    )
    for kind, segments in KINDS.items()
}


def draw(pose: FigurePose, style: FigureStyle, size: int = 64) -> np.ndarray:
    """Draws the figure from the side, the camera following it along x.

    The body keeps the pose's clearance from the ground whatever the style's proportions are: the
    picture of a longer-legged figure stands on the floor as the reference figure would.

    Args:
        pose: where the figure is, metres and radians.
        style: how it is drawn.
        size: side of the picture in pixels.

    Returns:
        (size, size, 3) uint8 RGB.
    """
    side = size * SUPERSAMPLING
    lines, lift = _placed(pose, style)
    camera = sum(line[0] + line[2] for line in lines.values()) / (2 * len(lines)) - style.shift_m
    left_edge = camera - style.world_size_m / 2
    scale = side / style.world_size_m
    ground = style.ground_line * side
    picture = backdrop(style, side)
    pen = ImageDraw.Draw(picture)
    draw_floor(pen, style, side, left_edge)
    pixels = {
        name: (
            (x0 - left_edge) * scale,
            ground - (z0 + lift) * scale,
            (x1 - left_edge) * scale,
            ground - (z1 + lift) * scale,
        )
        for name, (x0, z0, x1, z1) in lines.items()
    }
    _draw_body(pen, pose, style, pixels, scale)
    return np.asarray(picture.reduce(SUPERSAMPLING))


def _placed(pose: FigurePose, style: FigureStyle) -> tuple[dict[str, Line], float]:
    """Lines of the figure with the style's parts and sizes, and the lift that keeps clearance."""
    angles = dict(pose.angles)
    torso = angles["torso"]
    hanging: tuple[str, ...] = ()
    if style.head == "none":
        angles.pop("head", None)
    else:
        angles.setdefault("head", torso)
    if pose.kind == "four_legged":
        angles.setdefault("tail", torso)
    else:
        arms = [f"{side}_{part}" for side in ("right", "left") for part in _ARM_PARTS]
        if not style.arms:
            for name in arms:
                angles.pop(name, None)
        elif "right_arm" not in angles:
            right, left = style.arm_swing
            angles.update(
                zip(
                    arms,
                    (torso - right, torso - right - 0.3, torso - left, torso - left - 0.3),
                    strict=True,
                )
            )
            hanging = tuple(arms)
    drawn = FigurePose(pose.root, angles, pose.kind)
    lines = segment_lines(drawn, style.proportions)
    bearing = {name: angle for name, angle in angles.items() if name not in hanging}
    lowest = lowest_point(FigurePose(pose.root, bearing, pose.kind), style.proportions)
    return lines, lowest_point(pose) - lowest


def _draw_body(
    pen: Pen, pose: FigurePose, style: FigureStyle, pixels: dict[str, Line], scale: float
) -> None:
    palette = style.palette
    edge = max(round(0.025 * scale), 1)
    for segment in _DEPTH[pose.kind]:
        line = pixels.get(segment.name)
        if line is None:
            continue
        color = palette.parts[segment.part]
        if style.body == "silhouette":
            color = palette.parts["torso"]
        elif "left" in segment.name and palette.far_shade != 1.0:
            color = shaded(color, palette.far_shade)
        radius = segment.radius * style.proportions.radius.get(segment.part, 1.0) * scale
        if segment.part == "head":
            _draw_head(pen, style, line, radius, color, -1.0 if pose.kind == "human" else 0.0)
            continue
        if segment.part == "foot" and style.feet != "capsule":
            _draw_foot(pen, style.feet, line, radius, color)
            continue
        if style.body == "outline":
            capsule(pen, *line, radius + edge, palette.edge)
        limb_drawing(style.body, segment.part, style.seed)(pen, *line, radius, color)
        if segment.part == "forearm" and style.hands:
            disc(pen, line[2], line[3], 1.6 * radius, color)


def _draw_foot(pen: Pen, feet: str, line: Line, radius: float, color: Color) -> None:
    if feet == "line":
        stick(pen, *line, 0.5 * radius, color)
    else:
        pen.polygon(quad(*line, 1.3 * radius, 0.4 * radius), fill=color)


def _draw_head(
    pen: Pen, style: FigureStyle, line: Line, radius: float, color: Color, front: float
) -> None:
    """``front`` says to which side of the head's axis the face looks (0: along the axis)."""
    x0, y0, x1, y1 = line
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    dx, dy = x1 - x0, y1 - y0
    norm = math.hypot(dx, dy) or 1.0
    ux, uy = dx / norm, dy / norm
    nx, ny = (front * uy, -front * ux) if front else (ux, uy)
    stick(pen, x0, y0, x, y, 0.4 * radius, color)
    if style.head == "square":
        pen.polygon(
            quad(
                x - ux * radius, y - uy * radius, x + ux * radius, y + uy * radius, radius, radius
            ),
            fill=color,
        )
        return
    if style.head == "oval":
        capsule(pen, x - 0.3 * dx, y - 0.3 * dy, x + 0.3 * dx, y + 0.3 * dy, 0.75 * radius, color)
        return
    if style.body == "outline":
        disc(pen, x, y, radius + 2, style.palette.edge)
    disc(pen, x, y, radius, color)
    if style.head == "nose":
        tip = 1.7 * radius
        pen.polygon(quad(x, y, x + nx * tip, y + ny * tip, 0.6 * radius, 0.1 * radius), fill=color)
    elif style.head == "hat":
        bx, by = x + ux * 0.5 * radius, y + uy * 0.5 * radius
        pen.polygon(
            quad(
                bx - uy * 1.7 * radius,
                by + ux * 1.7 * radius,
                bx + uy * 1.7 * radius,
                by - ux * 1.7 * radius,
                0.25 * radius,
                0.25 * radius,
            ),
            fill=style.palette.edge,
        )

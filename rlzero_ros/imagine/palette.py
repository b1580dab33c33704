"""Colour schemes for drawn figures: always legible, never twice the same."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

Color = tuple[int, int, int]

HELDOUT_HUES = (0.42, 0.58)
"""Hues (0..1, greens to blues) that training figures never have and held-out ones prefer."""


@dataclass(frozen=True)
class Palette:
    """The colours of one drawing; ``parts`` maps a part's name to its colour."""

    parts: dict[str, Color]
    far_shade: float
    edge: Color
    sky: Color
    sky_low: Color
    ground: Color
    ground_mark: Color


def rgb(hue: float, saturation: float, value: float) -> Color:
    """An RGB colour from hue, saturation and value in 0..1; out of range is clipped."""
    r, g, b = colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0), 1), min(max(value, 0), 1))
    return round(255 * r), round(255 * g), round(255 * b)


def shaded(color: Color, factor: float) -> Color:
    """The colour multiplied by a factor and clipped; above 1 it moves towards white."""
    if factor <= 1:
        return round(color[0] * factor), round(color[1] * factor), round(color[2] * factor)
    k = min(factor - 1, 1.0)
    return tuple(round(c + (255 - c) * k) for c in color)  # type: ignore[return-value]


def figure_hue(rng: np.random.Generator, split: str) -> float:
    """A hue of the split's own region."""
    low, high = HELDOUT_HUES
    if split == "heldout":
        return rng.uniform(low, high)
    return (high + rng.uniform(0, 1 - (high - low))) % 1.0


def random_palette(rng: np.random.Generator, parts: tuple[str, ...], split: str) -> Palette:
    """Draws a dark-on-light or light-on-dark scheme: one colour, one per limb kind, or all."""
    dark_figure = rng.random() < 0.55
    figure_value = (0.05, 0.5) if dark_figure else (0.8, 1.0)
    sky_value = rng.uniform(0.8, 1.0) if dark_figure else rng.uniform(0.05, 0.4)
    sky_saturation = rng.uniform(0, 0.45) if dark_figure else rng.uniform(0, 0.9)

    def body_color() -> Color:
        saturation = rng.uniform(0.3, 1.0) if dark_figure else rng.uniform(0.0, 0.8)
        return rgb(figure_hue(rng, split), saturation, rng.uniform(*figure_value))

    scheme = rng.choice(3, p=(0.45, 0.35, 0.2))
    base, limb, trim = body_color(), body_color(), body_color()
    if scheme == 0:
        colors = dict.fromkeys(parts, base)
    elif scheme == 1:
        groups = {"torso": base, "head": trim, "arm": trim, "forearm": trim, "tail": trim}
        colors = {part: groups.get(part, limb) for part in parts}
    else:
        colors = {part: body_color() for part in parts}
    sky_hue, ground_hue = rng.random(), rng.random()
    ground_value = sky_value * rng.uniform(0.7, 0.95) if dark_figure else rng.uniform(0.1, 0.5)
    return Palette(
        parts=colors,
        # A farther limb is often darker on light grounds and dimmer on dark ones, or no different.
        far_shade=1.0
        if rng.random() < 0.35
        else rng.uniform(1.2, 1.55)
        if dark_figure
        else rng.uniform(0.5, 0.8),
        edge=(15, 15, 15) if dark_figure or rng.random() < 0.3 else (250, 250, 250),
        sky=rgb(sky_hue, sky_saturation, sky_value),
        sky_low=rgb(sky_hue + rng.uniform(-0.1, 0.1), sky_saturation * 0.6, sky_value * 0.9 + 0.05),
        ground=rgb(ground_hue, rng.uniform(0, 0.5), ground_value),
        ground_mark=rgb(
            ground_hue, rng.uniform(0, 0.4), ground_value + (-0.2 if dark_figure else 0.15)
        ),
    )

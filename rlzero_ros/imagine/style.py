"""Drawing styles: everything about a picture that is not the pose.

``random_style(rng)`` draws a style; ``split="heldout"`` draws from kinds of drawing, colours,
proportions, viewpoints and scenery that the other splits never produce, so that a measurement on
held-out drawings says something about drawings nobody trained on. ``split="varied"`` is "train"
with more kinds of bodies and clutter, for training what has to see through them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.figure import KINDS, Proportions
from rlzero_ros.imagine.palette import Color, Palette, random_palette

SPLITS = ("train", "varied", "heldout")
_PLAIN_BODIES = ("stick", "capsule", "outline", "polygon", "box", "shaded", "silhouette")
_PLAIN_HEADS = ("none", "circle", "oval", "nose")
_PLAIN_FLOORS = ("line", "filled", "checker", "grid", "none")
_PLAIN_BACKGROUNDS = ("plain", "plain", "gradient", "noise")
_PLAIN_CLUTTER = ("rectangle", "ellipse", "line")
BODIES = {
    "train": _PLAIN_BODIES,
    "varied": (
        *(*_PLAIN_BODIES, "mixed", "mixed", "mixed"),
        *("dashed", "zebra", "jointed", "fading", "jagged", "sketched", "woolly", "patched"),
        *("invented",) * 6,
    ),
    "heldout": ("bones", "ellipse", "hollow_box", "beads"),
}
HEADS = {"train": _PLAIN_HEADS, "varied": _PLAIN_HEADS, "heldout": ("none", "square", "hat")}
FLOORS = {
    "train": _PLAIN_FLOORS,
    "varied": (*_PLAIN_FLOORS, "dots", "ticks", "pebbles", "shade"),
    "heldout": ("dashes", "double_line", "stripes"),
}
BACKGROUNDS = {
    "train": _PLAIN_BACKGROUNDS,
    "varied": (*_PLAIN_BACKGROUNDS, "clouds", "hills", "blocks", "slant"),
    "heldout": ("plain", "glow", "bands"),
}
CLUTTER = {
    "train": _PLAIN_CLUTTER,
    "varied": (
        *(*_PLAIN_CLUTTER, "pill", "pill", "arc", "cross", "quad", "curve", "dots"),
        *("elbow", "elbow", "blob", "star", "grass"),
    ),
    "heldout": ("triangle", "ring", "zigzag"),
}
_KNEE = (-0.15, 0.15)
"""By this share of half a limb its knee or elbow lies lower or higher in the split "varied"; the
limb as a whole is about as long as in the split "train"."""
PARTS = {kind: tuple(dict.fromkeys(s.part for s in segments)) for kind, segments in KINDS.items()}


@dataclass(frozen=True)
class ClutterShape:
    """A thing that stands about in the picture; positions and sizes in fractions of its side.

    ``turn`` (rad) matters to the shapes of the split "varied" only.
    """

    shape: str
    center: tuple[float, float]
    size: tuple[float, float]
    color: Color
    turn: float = 0.0


@dataclass(frozen=True)
class FigureStyle:
    """How a figure and its surroundings are drawn.

    Attributes:
        body: kind of limb drawing, one of ``BODIES``.
        palette: colours of the body parts and of the scene.
        proportions: factors on the reference body's lengths and radii.
        head, arms, hands, feet: what the figure has; feet "capsule", "wedge", "line".
        floor, background, clutter: the scene.
        world_size_m: height and width of the picture in metres.
        ground_line: height of the ground in the picture, as a fraction from the top.
        floor_depth_m: how far the floor reaches up the picture behind the figure's feet.
        floor_cell_m: size of a floor's tiles, dashes or stripes.
        shift_m: the figure's offset from the middle of the picture.
        arm_swing: pitch (rad) of arms relative to the torso in poses that have no arms.
        seed: of the background's noise, and of bodies that are made up.
    """

    body: str
    palette: Palette
    proportions: Proportions = field(default_factory=Proportions)
    head: str = "circle"
    arms: bool = True
    hands: bool = False
    feet: str = "capsule"
    floor: str = "line"
    background: str = "plain"
    clutter: tuple[ClutterShape, ...] = ()
    world_size_m: float = 3.0
    ground_line: float = 0.8
    floor_depth_m: float = 0.0
    floor_cell_m: float = 0.5
    shift_m: float = 0.0
    arm_swing: tuple[float, float] = (0.0, 0.0)
    seed: int = 0


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _outside(
    rng: np.random.Generator, inner: tuple[float, float], outer: tuple[float, float], split: str
) -> float:
    """Uniform in ``inner`` for training, in ``outer`` without ``inner`` for held-out styles."""
    if split != "heldout":
        return float(rng.uniform(*inner))
    below, above = inner[0] - outer[0], outer[1] - inner[1]
    u = rng.uniform(0, below + above)
    return float(outer[0] + u if u < below else inner[1] + u - below)


def _proportions(rng: np.random.Generator, body: str, split: str, kind: str) -> Proportions:
    legs = _outside(rng, (0.88, 1.12), (0.8, 1.2), split)
    width = {
        "stick": rng.uniform(0.3, 0.7),
        "bones": rng.uniform(0.7, 1.0),
        "outline": rng.uniform(0.9, 1.5),
    }.get(body, rng.uniform(0.75, 1.6))
    torso_width = 1.0 if body == "stick" else float(rng.uniform(0.9, 1.8))
    length: dict[str, float] = {}
    radius: dict[str, float] = {}
    for part in PARTS[kind]:
        length[part] = float(rng.uniform(0.92, 1.08))
        radius[part] = width * float(rng.uniform(0.85, 1.15))
    for part in ("thigh", "leg", "upper", "lower"):
        if part in length:
            length[part] *= legs
    length["torso"] *= 2 - legs if kind == "human" else 1.0
    radius["torso"] *= torso_width
    size = float(rng.uniform(0.75, 1.25))
    length["head"] *= size
    radius["head"] = size * float(rng.uniform(0.85, 1.1))
    if split == "varied":
        for near, far in (("thigh", "leg"), ("upper", "lower")):
            if near in length and far in length:
                bend = float(rng.uniform(*_KNEE))
                length[near] *= 1.0 + bend
                length[far] *= 1.0 - bend
    return Proportions(length, radius)


def _clutter(rng: np.random.Generator, split: str) -> tuple[ClutterShape, ...]:
    shapes = []
    for _ in range(int(rng.integers(2, 7))):
        color = tuple(int(c) for c in rng.integers(30, 226, 3))
        shapes.append(
            ClutterShape(
                shape=_pick(rng, CLUTTER[split]),
                center=(float(rng.random()), float(rng.random())),
                size=(float(rng.uniform(0.04, 0.3)), float(rng.uniform(0.04, 0.3))),
                color=color,  # type: ignore[arg-type]
                turn=float(rng.uniform(0, 2 * np.pi)) if split == "varied" else 0.0,
            )
        )
    return tuple(shapes)


def random_style(
    rng: np.random.Generator,
    split: str = "train",
    *,
    kind: str = "human",
    clutter: bool | None = None,
) -> FigureStyle:
    """Draws a style.

    Args:
        rng: the only source of randomness; the same state gives the same style.
        split: "train", "varied" or "heldout".
        kind: the kind of figure that will be drawn, "human" or "four_legged".
        clutter: True puts things about the figure, False none, None a quarter of the time.

    Raises:
        ImagineError: the split or the kind is unknown.
    """
    if split not in SPLITS or kind not in KINDS:
        raise ImagineError(
            f"no style for split '{split}' and figure '{kind}'; "
            f"splits are {SPLITS}, figures {tuple(KINDS)}"
        )
    body = _pick(rng, BODIES[split])
    cluttered = rng.random() < 0.25 if clutter is None else clutter
    return FigureStyle(
        body=body,
        palette=random_palette(rng, PARTS[kind], split),
        proportions=_proportions(rng, body, split, kind),
        head=_pick(rng, HEADS[split]),
        arms=bool(rng.random() < 0.65),
        hands=bool(rng.random() < 0.4),
        feet=_pick(rng, ("capsule", "wedge", "line")),
        floor=_pick(rng, FLOORS[split]),
        background=_pick(rng, BACKGROUNDS[split]),
        clutter=_clutter(rng, split) if cluttered else (),
        world_size_m=3.0 * _outside(rng, (0.88, 1.15), (0.82, 1.25), split),
        ground_line=float(rng.uniform(0.76, 0.84)),
        floor_depth_m=float(rng.uniform(0.05, 0.5)) if rng.random() < 0.5 else 0.0,
        floor_cell_m=float(rng.uniform(0.25, 0.9)),
        shift_m=_outside(rng, (-0.2, 0.2), (-0.3, 0.3), split),
        arm_swing=(float(rng.uniform(-0.5, 0.5)), float(rng.uniform(-0.5, 0.5))),
        seed=int(rng.integers(2**31)),
    )

"""Drawings: always a figure on the ground, whatever the style; held-out styles stay apart."""

import dataclasses

import numpy as np
import pytest

from rlzero_ros.errors import ImagineError
from rlzero_ros.imagine.draw import draw
from rlzero_ros.imagine.figure import FigurePose
from rlzero_ros.imagine.invented_limb import InventedLimb
from rlzero_ros.imagine.motions import MOTIONS, figure_kind, perform
from rlzero_ros.imagine.palette import HELDOUT_HUES, figure_hue
from rlzero_ros.imagine.style import BACKGROUNDS, BODIES, CLUTTER, FLOORS, SPLITS, random_style

STANDING = FigurePose(
    (0.0, 1.0),
    dict.fromkeys(
        [
            *("torso", "right_thigh", "right_leg", "right_foot"),
            *("left_thigh", "left_leg", "left_foot"),
        ],
        0.0,
    ),
)


def figure_mask(pose, style, size=64):
    """Pixels that the figure changes: the picture against the same one with it far above."""
    bare = dataclasses.replace(style, floor="none", background="plain", clutter=())
    away = FigurePose((pose.root[0], pose.root[1] + 50), pose.angles, pose.kind)
    return np.any(draw(pose, bare, size) != draw(away, bare, size), axis=-1)


def test_seed_decides():
    def picture(seed):
        return draw(STANDING, random_style(np.random.default_rng(seed)))

    assert np.array_equal(picture(5), picture(5))
    assert not np.array_equal(picture(5), picture(6))


@pytest.mark.parametrize("split", ["train", "heldout"])
def test_every_style_shows_the_figure_standing_on_the_ground(split):
    for seed in range(60):
        style = random_style(np.random.default_rng(seed), split)
        mask = figure_mask(STANDING, style)
        assert 25 < mask.sum() < 1200, seed
        rows = np.flatnonzero(mask.any(axis=1))
        ground = style.ground_line * 64
        assert abs(rows[-1] + 0.5 - ground) < 2.5, seed
        columns = np.flatnonzero(mask.any(axis=0))
        middle = 32 + style.shift_m / style.world_size_m * 64
        assert columns[0] - 4 < middle < columns[-1] + 4


def test_clearance_is_kept_in_every_body():
    raised = FigurePose((0.0, 1.5), STANDING.angles)
    for seed in range(20):
        style = random_style(np.random.default_rng(seed))
        low, high = (
            np.flatnonzero(figure_mask(pose, style).any(axis=1))[-1] for pose in (STANDING, raised)
        )
        assert low - high == pytest.approx(0.5 / style.world_size_m * 64, abs=1.5)


def test_contrast():
    """The figure differs visibly from what is behind it, in all styles."""
    faint = 0
    for seed in range(200):
        style = random_style(np.random.default_rng(seed), clutter=False)
        style = dataclasses.replace(style, floor="none", background="plain")
        picture = draw(STANDING, style).astype(float)
        away = draw(FigurePose((0.0, 50.0), STANDING.angles), style).astype(float)
        faint += np.abs(picture - away).max(axis=-1).max() < 60
    assert faint <= 2


MARKED = sorted({*FLOORS["varied"], *FLOORS["heldout"]} - {"none", "line", "filled", "double_line"})


@pytest.mark.parametrize("floor", MARKED)
def test_what_marks_the_floor_stays_where_it_is_in_the_world(floor):
    """Two cells further it looks the same, a part of a cell further it does not."""
    style = random_style(np.random.default_rng(4), "varied", clutter=False)
    style = dataclasses.replace(
        style, floor=floor, background="plain", floor_cell_m=0.375, world_size_m=3.0
    )
    away = [FigurePose((x, 50.0), STANDING.angles) for x in (0.0, 0.75, 0.2)]
    start, same, other = (draw(pose, style).astype(int) for pose in away)
    plain = draw(away[0], dataclasses.replace(style, floor="none")).astype(int)
    assert np.abs(start - same).max() <= 1
    assert np.abs(start - other).max() > 10
    assert np.abs(start - plain).max() > 10


@pytest.mark.parametrize("kind", sorted({*BACKGROUNDS["varied"], *BACKGROUNDS["heldout"]}))
def test_every_background_is_one_of_its_own(kind):
    style = random_style(np.random.default_rng(7), "varied", clutter=False)
    style = dataclasses.replace(
        style,
        floor="none",
        palette=dataclasses.replace(style.palette, sky=(40, 60, 90), sky_low=(200, 180, 120)),
    )
    away = FigurePose((0.0, 50.0), STANDING.angles)
    drawn = draw(away, dataclasses.replace(style, background=kind))
    assert np.array_equal(drawn, draw(away, dataclasses.replace(style, background=kind)))
    assert (len(np.unique(drawn.reshape(-1, 3), axis=0)) == 1) == (kind == "plain")


@pytest.mark.parametrize("body", sorted({*BODIES["varied"], *BODIES["heldout"]}))
def test_every_body_stands_on_the_ground(body):
    style = random_style(np.random.default_rng(7), "varied", clutter=False)
    mask = figure_mask(STANDING, dataclasses.replace(style, body=body))
    assert 25 < mask.sum() < 1200
    assert abs(np.flatnonzero(mask.any(axis=1))[-1] + 0.5 - style.ground_line * 64) < 3.0


@pytest.mark.parametrize("body", ["invented", "mixed"])
def test_a_body_that_is_made_up_is_another_one_for_every_seed(body):
    style = random_style(np.random.default_rng(7), "varied", clutter=False)
    style = dataclasses.replace(style, body=body, background="plain", floor="none")

    def picture(seed):
        return draw(STANDING, dataclasses.replace(style, seed=seed))

    assert np.array_equal(picture(3), picture(3))
    looks = {picture(seed).tobytes() for seed in range(20)}
    assert len(looks) == 20


def test_invented_limbs_are_not_spindles():
    """Bodies that are thick in the middle and pointed at the ends are held out."""
    for seed in range(200):
        widths = InventedLimb.of("thigh", seed).widths
        assert min(widths[0], widths[-1]) >= 0.75 * max(widths[1:-1], default=0.0)


def test_all_motions_can_be_drawn_in_all_splits():
    for name in MOTIONS:
        for split in SPLITS:
            rng = np.random.default_rng(1)
            style = random_style(rng, split, kind=figure_kind(name))
            for pose in perform(name, rng, 4, 5.0):
                picture = draw(pose, style, 48)
                assert picture.shape == (48, 48, 3)
                assert picture.dtype == np.uint8


def test_heldout_styles_share_nothing_with_training():
    for table in (BODIES, FLOORS, CLUTTER):
        assert not (set(table["train"]) | set(table["varied"])) & set(table["heldout"])
    assert set(BACKGROUNDS["train"]) & set(BACKGROUNDS["heldout"]) == {"plain"}
    rng = np.random.default_rng(0)
    low, high = HELDOUT_HUES
    assert all(not low < figure_hue(rng, "train") < high for _ in range(300))
    assert all(low <= figure_hue(rng, "heldout") <= high for _ in range(300))
    sizes = [random_style(np.random.default_rng(k)).world_size_m for k in range(100)]
    held = [random_style(np.random.default_rng(k), "heldout").world_size_m for k in range(100)]
    sizes += [random_style(np.random.default_rng(k), "varied").world_size_m for k in range(100)]
    assert not any(min(sizes) <= size <= max(sizes) for size in held)


def test_mistakes_are_named():
    with pytest.raises(ImagineError, match="split 'test'"):
        random_style(np.random.default_rng(0), "test")
    with pytest.raises(ImagineError, match="right_wing"):
        FigurePose((0, 1), {"torso": 0.0, "right_wing": 0.0})
    with pytest.raises(ImagineError, match="not finite"):
        FigurePose((0, float("nan")), {"torso": 0.0})
    with pytest.raises(ImagineError, match="kind 'bird'"):
        FigurePose((0, 0), {"torso": 0.0}, "bird")

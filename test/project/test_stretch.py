"""Stretched pictures: pixels and poses move alike, and what is outside is like the edge."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from rlzero_ros.imagine.figure import FigurePose, segment_lines
from rlzero_ros.pretrain.poses import ARMS, FOUR_LEGGED, HUMAN, PoseLayout
from rlzero_ros.pretrain.shown_pose import ShownPoses, distances
from rlzero_ros.pretrain.stretch import enlarging, random_stretch, stretched

RNG = np.random.default_rng(0)


def random_poses(layout: PoseLayout, n: int) -> ShownPoses:
    angles = torch.from_numpy(RNG.uniform(-4, 4, (n, len(layout.segments))).astype(np.float32))
    arms = torch.from_numpy(RNG.uniform(-4, 4, (n, 4)).astype(np.float32))
    arms[::2] = torch.nan
    return ShownPoses(angles, torch.rand(n), arms, torch.randn(n))


@pytest.mark.parametrize("layout", [HUMAN, FOUR_LEGGED], ids=["human", "four_legged"])
def test_limbs_point_where_their_stretched_ends_are(layout: PoseLayout) -> None:
    shown, stretch = random_poses(layout, 20), random_stretch(20, 0.8, RNG)
    other = stretched(shown, stretch)
    for row, (wide, tall) in enumerate(stretch.tolist()):
        names = (*layout.segments, *(ARMS if layout is HUMAN and row % 2 else ()))
        before, after = (
            segment_lines(
                FigurePose(
                    (0.0, 1.0),
                    dict(zip(names, map(float, (*s.angles[row], *s.arms[row])), strict=False)),
                    layout.kind,
                )
            )
            for s in (shown, other)
        )
        for name in names:
            x, z, to_x, to_z = before[name]
            along = complex((to_x - x) * wide, (to_z - z) * tall)
            x, z, to_x, to_z = after[name]
            points = complex(to_x - x, to_z - z)
            assert abs(along / abs(along) - points / abs(points)) < 1e-3
    assert other.arms[::2].isnan().all()
    torch.testing.assert_close(other.height, shown.height)
    torch.testing.assert_close(other.speed, shown.speed)


def test_where_nothing_is_stretched_poses_stay_what_they_are() -> None:
    shown = random_poses(HUMAN, 20)
    apart = distances(shown, stretched(shown, random_stretch(20, 0.0, RNG)), torch.zeros(20))
    assert apart.diagonal().max() < 1e-5


def test_factors_keep_the_area_and_their_ratio_is_bounded() -> None:
    stretch = random_stretch(1000, 0.4, RNG)
    torch.testing.assert_close(stretch.prod(1), torch.ones(1000))
    ratio = (stretch[:, 0] / stretch[:, 1]).log()
    assert 0.35 < ratio.abs().max() <= 0.4
    assert abs(ratio.mean()) < 0.03


def test_rows_are_enlarged_as_the_embedder_does() -> None:
    every = torch.eye(64)[None, None]
    wanted = functional.interpolate(every, (96, 64), mode="bicubic", antialias=True)[0, 0]
    torch.testing.assert_close(enlarging(64, 96), wanted, atol=1e-5, rtol=0)


def test_a_stretched_row_of_pixels_is_wider_about_its_middle() -> None:
    row = torch.zeros(64)
    row[20:40] = 1.0
    for factor in (0.8, 1.0, 1.25):
        wide = (enlarging(64, 96, torch.tensor([factor]))[0] @ row).clamp(0.0, 1.0)
        assert float(wide.sum()) == pytest.approx(20 * 1.5 * factor, abs=1.0)
        middle = float((wide * (torch.arange(96) + 0.5)).sum() / wide.sum())
        assert middle == pytest.approx(48 + (30 - 32) * 1.5 * factor, abs=0.3)
    edges = enlarging(64, 96, torch.tensor([0.7]))[0] @ torch.linspace(0.0, 1.0, 64)
    assert edges[:5].abs().max() < 0.1, "what is outside is like the edge"
    assert edges[-5:].min() > 0.9

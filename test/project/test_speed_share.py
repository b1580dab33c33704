"""How much of a speed is found for pictures, and plans that go as fast as they were drawn."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rlzero_ros import cli
from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import BundleError, ProjectError
from rlzero_ros.imagine.registry import load_imaginer
from rlzero_ros.pipeline import Pipeline, at_speed
from rlzero_ros.pretrain import calibrate_index
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.projection import project
from rlzero_ros.project.speed_share import SpeedShare, fit_speed_share

RNG = np.random.default_rng(12)


def test_a_known_share_is_found_again() -> None:
    similarities = RNG.uniform(0.5, 0.95, 4000)
    true = RNG.normal(scale=2.0, size=4000)
    found = (0.1 + 0.8 * similarities) * true + RNG.normal(scale=0.3, size=4000)
    share = fit_speed_share(similarities, true, found)
    assert share is not None
    assert share.slope == pytest.approx(0.8, abs=0.05)
    assert share.offset == pytest.approx(0.1, abs=0.05)
    np.testing.assert_allclose(share.of(np.float32([0.6, 0.9])), [0.58, 0.82], atol=0.02)


def test_a_plan_is_never_slowed_nor_more_than_doubled() -> None:
    share = SpeedShare(2.0, -1.0)
    np.testing.assert_allclose(share.of(np.array([0.1, 0.8, 1.0, 1.5])), [0.5, 0.6, 1.0, 1.0])


def test_nothing_is_concluded_from_what_hardly_moves() -> None:
    similarities = RNG.uniform(size=200)
    still = RNG.normal(scale=0.05, size=200)
    assert fit_speed_share(similarities, still, still) is None
    with pytest.raises(ProjectError, match="finite"):
        fit_speed_share(similarities, np.full(200, np.nan), still)


def test_an_index_keeps_its_share(
    make_index: Callable[..., ObservationIndex], tmp_path: Path
) -> None:
    index = make_index(RNG.normal(size=(30, 3, 16)).astype(np.float32))
    index.save(tmp_path)
    assert ObservationIndex.load(tmp_path).speed_share is None
    index.speed_share = SpeedShare(1.25, -0.5)
    index.save(tmp_path)
    assert ObservationIndex.load(tmp_path).speed_share == index.speed_share
    index.speed_share = SpeedShare(float("inf"), 0.0)
    index.save(tmp_path)
    with pytest.raises(BundleError, match="no share of speed"):
        ObservationIndex.load(tmp_path)


def test_the_walkers_plan_goes_faster_than_what_was_found_for_it() -> None:
    """Regression: "dash forward" was drawn at a run, found at 2.8 m/s and run at 3.6 m/s."""
    walker = Bundle.load("walker")
    pipeline = Pipeline(walker, load_imaginer("storyboard"))
    plan = pipeline.plan("dash forward", seed=51)
    index, travels = walker.index(), walker.spec.shows_travel
    one = plan.variations[0]
    raw = project(one.clip, pipeline.embedder, index, embeddings=one.embeddings)
    found, shown = raw.observations, plan.projection.observations
    np.testing.assert_array_equal(found[:, ~travels], shown[:, ~travels])
    assert shown[:, travels].mean() > 1.15 * found[:, travels].mean() > 1.5
    share = index.speed_share
    assert share is not None
    again = at_speed(raw, share, travels)
    np.testing.assert_array_equal(again.observations, shown)
    # What looks exactly like the robot needs no correction.
    alike = dataclasses.replace(raw, similarities=np.ones_like(raw.similarities))
    np.testing.assert_array_equal(at_speed(alike, share, travels).observations, found)


def test_a_bundle_gets_a_share_from_data_and_is_otherwise_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "data", tmp_path / "walker"
    collecting = ["collect", "--robot", "walker", "--model", "walker", "--out", str(data)]
    assert cli.main([*collecting, "--steps", "20000", "--seed", "3"]) == 0
    # Of fewer drawings the line may fall.
    told = ["--data", str(data), "--bundle", "walker", "--states", "800"]
    assert calibrate_index.main([*told, "--out", str(out)]) == 0
    assert "share of speed" in capsys.readouterr().out
    shipped, made = Bundle.load("walker"), Bundle.load(out)
    share = made.index().speed_share
    assert share is not None
    assert share != shipped.index().speed_share
    assert 0.5 <= float(share.of(np.float32(0.8))) <= 1.0
    assert share.of(np.float32(0.95)) >= share.of(np.float32(0.6))
    assert made.index().calibration == shipped.index().calibration
    np.testing.assert_array_equal(made.index().observations, shipped.index().observations)
    for told_too, words in (
        (["--data", str(tmp_path / "nowhere"), "--bundle", "walker"], "nowhere"),
        (["--data", str(data), "--bundle", "cheetah"], "cheetah"),
    ):
        assert calibrate_index.main([*told_too, "--out", str(tmp_path / "other")]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "other").exists()

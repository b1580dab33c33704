"""Confidence: a probability that can be checked against what was right."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rlzero_ros.errors import BundleError, ProjectError
from rlzero_ros.project.calibration import Calibration, fit_calibration
from rlzero_ros.project.index import ObservationIndex
from rlzero_ros.project.projection import Projection, confidence, join

RNG = np.random.default_rng(0)


def projection(similarities: list[float], calibration: Calibration | None) -> Projection:
    n = len(similarities)
    return Projection(
        np.zeros((n, 2), np.float32),
        np.array(similarities, np.float32),
        np.arange(n),
        0.6,
        calibration,
    )


def test_the_curve_that_made_the_data_is_found_again() -> None:
    true = Calibration(20.0, -14.0)
    similarities = RNG.uniform(0.4, 1.0, 20_000)
    right = RNG.random(20_000) < true.probability(similarities)
    found = fit_calibration(similarities, right)
    grid = np.linspace(0.4, 1.0, 20)
    np.testing.assert_allclose(found.probability(grid), true.probability(grid), atol=0.03)


def test_all_right_or_all_wrong_stays_finite() -> None:
    similarities = RNG.uniform(0.4, 1.0, 50)
    for right in (np.ones(50, bool), np.zeros(50, bool)):
        p = fit_calibration(similarities, right).probability(similarities)
        assert np.isfinite(p).all()
        assert abs(p.mean() - right.mean()) < 0.05


def test_similarity_that_misleads_is_no_confidence() -> None:
    similarities = RNG.uniform(0.4, 1.0, 500)
    with pytest.raises(ProjectError, match="says nothing"):
        fit_calibration(similarities, similarities < 0.7)


def test_confidence_is_the_expected_share_of_right_poses() -> None:
    curve = Calibration(20.0, -14.0)
    low, high = projection([0.5, 0.6], curve), projection([0.9, 0.95], curve)
    wanted = curve.probability(np.float32([0.5, 0.6, 0.9, 0.95])).mean()
    assert confidence(join([low, high])) == pytest.approx(wanted)
    assert confidence(low) < 0.15 < 0.9 < confidence(high)
    assert confidence(projection([0.8], None)) == pytest.approx(0.5)


def test_an_index_keeps_its_calibration(
    make_index: Callable[..., ObservationIndex], tmp_path: Path
) -> None:
    windows = RNG.normal(size=(30, 3, 16)).astype(np.float32)
    index = make_index(windows)
    index.save(tmp_path)
    assert ObservationIndex.load(tmp_path).calibration is None
    index.calibration = Calibration(12.5, -3.25)
    index.save(tmp_path)
    assert ObservationIndex.load(tmp_path).calibration == index.calibration
    index.calibration = Calibration(float("nan"), 0.0)
    index.save(tmp_path)
    with pytest.raises(BundleError, match="no calibration"):
        ObservationIndex.load(tmp_path)

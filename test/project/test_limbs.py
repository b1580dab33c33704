"""Limbs: when one pose is right where another is shown."""

import numpy as np
import pytest

from rlzero_ros.errors import ProjectError
from rlzero_ros.pretrain.poses import HUMAN, pose_error
from rlzero_ros.project.limbs import Limbs

RNG = np.random.default_rng(0)
WAYS = np.asarray(HUMAN.exchanges, np.int8)


def limbs_of(angles: np.ndarray, speeds: np.ndarray | None = None) -> Limbs:
    speeds = np.zeros(len(angles)) if speeds is None else speeds
    return Limbs(angles.astype(np.float16), speeds.astype(np.float16), WAYS)


def test_a_pose_is_right_within_the_tolerance_of_what_is_measured() -> None:
    """Half at 15 degrees of the error that `rlzero eval retrieval` takes, sides exchangeable."""
    shown = RNG.uniform(-4.0, 4.0, (1, 7))
    others = shown + RNG.normal(size=(300, 7)) * RNG.uniform(0.0, 0.8, (300, 1))
    others[::2] = others[::2][:, [0, 4, 5, 6, 1, 2, 3]]
    limbs = limbs_of(np.concatenate([shown, others]))
    right = limbs.right(np.arange(301)[None])[0]
    error = np.rad2deg(pose_error(limbs.angles.astype(np.float32), shown[0].astype(np.float16)))
    np.testing.assert_allclose(right[0], 1.0 / (1.0 + np.exp((error - 15.0) / 3.0)), atol=5e-3)
    np.testing.assert_allclose(right, right.T, atol=1e-6)
    assert (right[0][error < 14.0] > 0.5).all()
    assert (right[0][error > 16.0] < 0.5).all()
    assert (error < 14.0).sum() > 50 < (error > 16.0).sum()


def test_another_speed_is_less_right() -> None:
    limbs = limbs_of(np.zeros((4, 7)), np.array([0.0, 0.5, 1.5, -4.0]))
    right = limbs.right(np.array([[0, 1, 2, 3], [3, 3, 1, 0]]))
    first = right[0, 0] / right[0, 0, 0]
    np.testing.assert_allclose(first, np.exp(-0.5 * (np.array([0, 0.5, 1.5, 4]) / 1.5) ** 2), 1e-3)
    np.testing.assert_allclose(right[1], right[0][np.ix_([3, 3, 1, 0], [3, 3, 1, 0])])


def test_what_does_not_fit_together_is_refused() -> None:
    angles, speeds = np.zeros((5, 7), np.float16), np.zeros(5, np.float16)
    nowhere = np.full((5, 7), np.nan, np.float16)
    for broken in (
        (angles, speeds[:4], WAYS),
        (angles[:, :6], speeds, WAYS),
        (angles, speeds, WAYS[:0]),
        (angles, speeds, np.zeros((1, 7), np.int8)),
        (angles[0], speeds, WAYS),
        (nowhere, speeds, WAYS),
    ):
        with pytest.raises(ProjectError, match="limbs"):
            Limbs(*broken)

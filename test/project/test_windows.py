"""Choosing states: held-out episodes stay out, falls are rare, everything is covered."""

from pathlib import Path

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.pretrain.choose_states import choose_windows, even_rows
from rlzero_ros.pretrain.dataset import DatasetInfo, create_dataset, write_shard
from rlzero_ros.pretrain.heldout import split_episodes
from rlzero_ros.pretrain.windows import read_windows, steady_steps, window_steps

EPISODES, STEPS = 32, 60
WINDOW_STEPS, STEADY_STEPS = window_steps(0.025), steady_steps(0.025)
HEIGHT, FORWARD, JOINT = 0, 10, 12
"""Columns of physics: height, forward speed, first joint's speed."""


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Episode e, step t: forward speed 10 e + t / 100, so that every state tells where it is from.

    The first episode flails, the second falls after step 30.
    """
    create_dataset(tmp_path, DatasetInfo("walker", 4, 2, 18, 0.025))
    physics = np.zeros((EPISODES, STEPS + 1, 18), np.float32)
    episode, step = np.mgrid[:EPISODES, : STEPS + 1]
    physics[..., FORWARD] = episode / 10 + step / 1000
    physics[0, :, JOINT] = 100.0
    physics[1, 31:, HEIGHT] = -1.0
    observations = np.repeat(physics[..., FORWARD : FORWARD + 1], 4, axis=-1)
    actions = np.zeros((EPISODES, STEPS, 2), np.float32)
    write_shard(tmp_path, "test-00000", observations, actions, physics)
    return tmp_path


def origin(physics: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Episode and step of states (..., 18)."""
    thousandths = np.round(physics[..., FORWARD] * 1000).astype(int)
    return thousandths // 100, thousandths % 100


def test_windows_are_whole_and_calm(dataset: Path) -> None:
    windows = read_windows(dataset, heldout=False, most=10_000, seed=0)
    episodes, steps = origin(windows.physics)
    assert (episodes == episodes[:, :1]).all()
    np.testing.assert_array_equal(
        steps - steps[:, 1:2], [[-WINDOW_STEPS, 0, WINDOW_STEPS]] * len(windows)
    )
    np.testing.assert_array_equal(windows.observations[:, 0], windows.middle[:, FORWARD])
    assert 0 not in episodes  # it flails
    training, heldout = split_episodes(EPISODES)
    assert set(np.unique(episodes)) == set(training) - {0}
    others = read_windows(dataset, heldout=True, most=10_000, seed=0)
    assert set(np.unique(origin(others.middle)[0])) == set(heldout)


def test_a_fall_is_not_steady(dataset: Path) -> None:
    windows = read_windows(dataset, heldout=False, most=10_000, seed=0)
    episodes, steps = origin(windows.middle)
    falling = (episodes == 1) & (np.abs(steps - 30.5) < STEADY_STEPS)
    assert falling.any()
    assert not windows.steady[falling].any()
    standing = (episodes == 2) & (steps >= STEADY_STEPS) & (steps <= STEPS - STEADY_STEPS)
    assert windows.steady[standing].all()


def test_the_choice_is_repeatable_and_as_large_as_asked(dataset: Path) -> None:
    one, two = choose_windows(dataset, 100, 3), choose_windows(dataset, 100, 3)
    np.testing.assert_array_equal(one.physics, two.physics)
    assert len(one) == 100
    assert len(np.unique(one.observations, axis=0)) == 100
    assert one.steady.mean() > 0.7


def test_every_group_gives_as_many() -> None:
    group = np.repeat([0, 1, 2, 3], [1000, 3, 50, 500])
    rows = even_rows(group, 60, np.random.default_rng(0))
    counts = np.bincount(group[rows])
    assert counts[1] == 3
    assert len(np.unique(rows)) == 60
    assert counts[[0, 2, 3]].max() - counts[[0, 2, 3]].min() <= 1
    assert len(even_rows(group, 10_000, np.random.default_rng(0))) == len(group)


def test_no_data_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no dataset"):
        choose_windows(tmp_path, 10, 0)

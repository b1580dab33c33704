"""Small datasets of worlds that are understood."""

import numpy as np
import pytest

from rlzero_ros.pretrain.dataset import DatasetInfo, create_dataset, write_shard


@pytest.fixture(scope="session")
def plane(tmp_path_factory):
    """A point on a square, [−1, 1]², that moves by a tenth of its action; it wanders about."""
    folder = tmp_path_factory.mktemp("data") / "plane"
    create_dataset(folder, DatasetInfo("plane", 2, 2, 2, 0.025))
    rng = np.random.default_rng(0)
    for number in range(4):
        a = np.repeat(rng.uniform(-1, 1, (8, 20, 2)), 5, axis=1)
        o = np.empty((8, 101, 2))
        o[:, 0] = rng.uniform(-1, 1, (8, 2))
        for t in range(100):
            o[:, t + 1] = move(o[:, t], a[:, t])
        write_shard(folder, f"plane-{number:05d}", o, a, o)
    return folder


def move(state, action):
    """Where points (n, 2) come to."""
    return np.clip(state + 0.1 * action, -1, 1)

"""Batches from data that fits into memory and from data that does not."""

import numpy as np
import pytest
import torch

from rlzero_ros.errors import DataError
from rlzero_ros.pretrain.dataset import DatasetInfo, create_dataset, open_dataset, write_shard
from rlzero_ros.pretrain.prompt_latents import squared_distances
from rlzero_ros.pretrain.transitions import Transitions

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Seven shards of different lengths whose states say where they come from.

    A state is (shard, episode, step), an action (shard, episode + step / 100).
    """
    folder = tmp_path_factory.mktemp("numbered")
    create_dataset(folder, DatasetInfo("toy", 3, 2, 1, 0.1))
    for number in range(7):
        episodes, steps = 2 + number % 3, 5 + 2 * (number % 2)
        grid = np.meshgrid([number], np.arange(episodes), np.arange(steps + 1), indexing="ij")
        states = np.stack([g[0] for g in grid], -1)
        actions = np.stack([states[..., 0], states[..., 1] + states[..., 2] / 100], -1)
        write_shard(folder, f"a-{number:05d}", states, actions[:, :-1], states[..., :1])
    return open_dataset(folder)[1]


def bytes_of(shard):
    return shard.observations.nbytes + shard.actions.nbytes


@pytest.fixture(params=["all", "three shards at a time"])
def transitions(request, shards):
    most = max(map(bytes_of, shards))
    memory = 1.0 if request.param == "all" else 3.5 * most / 1e9
    data = Transitions(shards, CPU, memory)
    assert data.all_loaded == (request.param == "all")
    return data


def test_every_transition_is_one_of_the_data(transitions, shards):
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for update in range(200):
        transitions.advance(update * 16)
        batch = transitions.sample(16, generator)
        torch.testing.assert_close(batch.next_s - batch.s, torch.tensor([[0.0, 0, 1]] * 16))
        torch.testing.assert_close(batch.a[:, 0], batch.s[:, 0])
        torch.testing.assert_close(batch.a[:, 1], batch.s[:, 1] + batch.s[:, 2] / 100)
        seen |= {tuple(row) for row in batch.s.int().tolist()}
    assert len(seen) == sum(s.transitions for s in shards) == len(transitions)


def test_windows_and_futures_stay_in_their_episode(transitions):
    generator = torch.Generator().manual_seed(0)
    batch = transitions.sample(100, generator)
    windows = transitions.windows_after(batch.rows, 4, 3)
    torch.testing.assert_close(windows[:, 0], batch.next_s)
    assert torch.all(windows[:, :, :2] == windows[:, :1, :2])
    assert torch.all(windows[:, -1, 2] - windows[:, 0, 2] <= 3)
    assert torch.all(windows[:, 0, 2] >= 1)
    batch, future = transitions.sample_with_future(2000, 0.5, generator)
    ahead = future - batch.s
    assert torch.all(ahead[:, :2] == 0)
    assert torch.all(ahead[:, 2] >= 1)
    # Half of those that could go on stay at s'.
    first = batch.s[:, 2] == 0
    assert 0.4 < (ahead[first, 2] == 1).float().mean() < 0.6


@pytest.mark.parametrize("slots", [1, 3])
def test_every_transition_counts_as_often_however_little_memory(shards, slots):
    most = max(map(bytes_of, shards))
    data = Transitions(shards, CPU, (slots + 0.5) * most / 1e9)
    generator = torch.Generator().manual_seed(0)
    counts = np.zeros(7)
    for update in range(4000):
        data.advance(update * 8)
        counts += np.bincount(data.sample(8, generator).s[:, 0].int(), minlength=7)
    sizes = np.array([s.transitions for s in shards])
    np.testing.assert_allclose(counts / counts.sum(), sizes / sizes.sum(), atol=0.015)


def test_what_is_loaded_follows_from_the_samples_drawn_alone(shards):
    memory = 3.5 * max(map(bytes_of, shards)) / 1e9
    walked, jumped = (Transitions(shards, CPU, memory, seed=3) for _ in range(2))
    for update in range(50):
        walked.advance(update * 16)
    jumped.advance(49 * 16)
    a, b = (d.sample(64, torch.Generator().manual_seed(1)) for d in (walked, jumped))
    torch.testing.assert_close(a.s, b.s)
    torch.testing.assert_close(a.a, b.a)


def test_statistics_are_those_of_what_is_loaded(transitions, shards):
    mean, std = transitions.statistics()
    if transitions.all_loaded:
        states = np.concatenate([s.observations.reshape(-1, 3) for s in shards])
        np.testing.assert_allclose(mean, states.mean(0), rtol=1e-5)
        np.testing.assert_allclose(std, states.std(0), rtol=1e-5)
    assert torch.all(std[1:] > 0)


def test_memory_for_less_than_one_shard_is_said(shards):
    with pytest.raises(DataError, match="memory-gb"):
        Transitions(shards, CPU, 1e-9)


def test_squared_distances_are_those_of_cdist():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(5, 6, 24, generator=generator), torch.randn(40, 24, generator=generator)
    torch.testing.assert_close(
        squared_distances(x, y), torch.cdist(x, y).square(), atol=1e-4, rtol=1e-4
    )

"""HILP: the loss is the published one, distances become temporal, policies follow rewards."""

import numpy as np
import pytest
import torch

from rlzero_ros.imitate.latent import reward_latent
from rlzero_ros.pretrain.dataset import open_dataset
from rlzero_ros.pretrain.hilp_loss import metric_loss
from rlzero_ros.pretrain.train_hilp import HilpConfig, HilpTrainer
from rlzero_ros.pretrain.transitions import Transitions


def test_the_loss_is_expectile_regression_on_the_temporal_difference():
    torch.manual_seed(0)
    phi_s, phi_g, target_s, target_next, target_g = torch.randn(5, 6, 3).unbind(0)
    gamma, expectile = 0.9, 0.7
    total = 0.0
    for i in range(6):
        target = -1.0 - gamma * (target_next[i] - target_g[i]).norm()
        advantage = target + (target_s[i] - target_g[i]).norm()
        weight = expectile if advantage > 0 else 1 - expectile
        total += weight * (target + (phi_s[i] - phi_g[i]).norm()) ** 2 / 6
    ours = metric_loss(phi_s, phi_g, target_s, target_next, target_g, gamma, expectile)
    torch.testing.assert_close(ours, total)


@pytest.fixture(scope="module")
def trained(plane):
    config = HilpConfig(
        latent_dim=8,
        hidden=64,
        metric_hidden=64,
        batch=256,
        updates=200,
        learning_rate=1e-3,
        discount=0.9,
        metric_discount=0.95,
        average=0.98,
    )
    _, shards = open_dataset(plane)
    trainer = HilpTrainer(Transitions(shards, torch.device("cpu")), 2, config)
    for _ in range(config.updates):
        trainer.update()
    trainer.state_dict()
    return trainer.averaged


def test_distances_of_the_representation_tell_how_far_apart_states_are(trained):
    s = np.random.default_rng(1).uniform(-1, 1, (60, 2)).astype(np.float32)
    with torch.no_grad():
        phi = trained.metric_map(torch.from_numpy(s))
    learned = torch.cdist(phi, phi).numpy().ravel()
    steps = np.abs(s[:, None] - s[None]).max(-1).ravel() / 0.1
    assert np.corrcoef(learned, steps)[0, 1] > 0.6


@pytest.mark.parametrize("direction", [[1, 0], [-1, 0], [0, 1], [0, -1]])
def test_the_policy_goes_where_the_reward_is(plane, trained, direction):
    _, shards = open_dataset(plane)
    states = np.concatenate([shard.observations.reshape(-1, 2) for shard in shards])
    z = reward_latent(trained, states, states @ np.array(direction))
    s = np.random.default_rng(1).uniform(-1, 1, (30, 2)).astype(np.float32)
    latents = torch.from_numpy(np.tile(z, (30, 1)))
    for _ in range(40):
        with torch.no_grad():
            action = trained.act(torch.from_numpy(s), latents).numpy()
        s = np.clip(s + 0.1 * action, -1, 1)
    assert (s @ np.array(direction)).mean() > 0.8

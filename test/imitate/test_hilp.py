"""HILP behind the interface that forward-backward has."""

import numpy as np
import pytest
import torch

from rlzero_ros.imitate import latent
from rlzero_ros.imitate.hilp import Hilp
from rlzero_ros.imitate.registry import load_bfm, save_bfm

D = 6


@pytest.fixture(scope="module")
def observations():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(2000, 5)) * [1, 3, 0.1, 1, 2]).astype(np.float32)


@pytest.fixture(scope="module")
def bfm(observations):
    torch.manual_seed(0)
    model = Hilp(5, 2, D, hidden=32, metric_hidden=32).eval()
    with torch.no_grad():
        model.fit_features(model.metric_map(torch.from_numpy(observations)))
    return model


def test_the_reward_latent_is_the_least_squares_solution(bfm, observations):
    rewards = np.random.default_rng(1).uniform(size=2000) + observations[:, 1]
    with torch.no_grad():
        features = bfm.features(bfm.metric_map(torch.from_numpy(observations))).numpy()
    solution = np.linalg.lstsq(features, rewards - rewards.mean(), rcond=None)[0]
    z = latent.reward_latent(bfm, observations, rewards)
    assert z @ solution / (np.linalg.norm(z) * np.linalg.norm(solution)) > 0.999
    assert np.linalg.norm(z) == pytest.approx(np.sqrt(D), rel=1e-5)


def test_features_of_the_data_are_centred_and_of_norm_root_d(bfm, observations):
    with torch.no_grad():
        features = bfm.features(bfm.metric_map(torch.from_numpy(observations)))
    torch.testing.assert_close(features.mean(0), torch.zeros(D), atol=1e-4, rtol=0)
    assert features.square().sum(1).mean().item() == pytest.approx(D, rel=1e-3)


def test_a_goal_is_a_direction_from_where_the_robot_is(bfm, observations):
    goal, here = observations[3], observations[8]
    with torch.no_grad():
        phi = bfm.metric_map(torch.from_numpy(observations[[3, 8]])).numpy()
    z = latent.goal_latent(bfm, goal, here)
    np.testing.assert_allclose(z, latent.project_to_sphere(phi[0] - phi[1]), atol=1e-5)
    away = latent.goal_latent(bfm, here, goal)
    np.testing.assert_allclose(z, -away, atol=1e-5)


def test_weights_survive_the_disk(bfm, observations, tmp_path):
    save_bfm(tmp_path / "bfm.safetensors", bfm)
    back = load_bfm(tmp_path / "bfm.safetensors", "hilp", bfm.hyperparameters)
    s, z = torch.from_numpy(observations[:40]), torch.ones(40, D)
    with torch.no_grad():
        torch.testing.assert_close(back.act(s, z), bfm.act(s, z))
        torch.testing.assert_close(back.backward_map(s), bfm.backward_map(s))
        torch.testing.assert_close(back.goal_map(s), bfm.goal_map(s))

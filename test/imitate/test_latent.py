"""Closed-form inference, on a real model with random weights."""

import numpy as np
import pytest
import torch

from rlzero_ros.errors import BundleError, DataError
from rlzero_ros.imitate import latent
from rlzero_ros.imitate.forward_backward import ForwardBackward
from rlzero_ros.imitate.networks import Tanh
from rlzero_ros.imitate.registry import build_bfm, load_bfm, save_bfm
from rlzero_ros.imitate.runtime import PolicyRuntime

D = 16


@pytest.fixture(scope="module")
def bfm():
    torch.manual_seed(0)
    return ForwardBackward(5, 2, D, hidden=32, backward_hidden=32).eval()


@pytest.fixture(scope="module")
def observations():
    return np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)


def test_latents_lie_on_the_sphere(bfm, observations):
    rewards = np.random.default_rng(1).uniform(size=40)
    for z in (
        latent.imitation_latent(bfm, observations),
        latent.reward_latent(bfm, observations, rewards),
        latent.reward_latent(bfm, observations, rewards, temperature=10.0),
        latent.goal_latent(bfm, observations[0]),
        *latent.tracking_latents(bfm, observations),
    ):
        assert z.shape == (D,)
        assert np.linalg.norm(z) == pytest.approx(np.sqrt(D), rel=1e-5)


def test_imitation_is_the_reward_of_being_among_the_demonstrated(bfm, observations):
    """RLZero: E_data[r·B] with r = ρ_E/ρ_data is the mean of B over the demonstration."""
    chosen = np.zeros(40)
    chosen[[3, 7, 9]] = 1.0
    by_reward = latent.reward_latent(bfm, observations, chosen)
    by_imitation = latent.imitation_latent(bfm, observations[[3, 7, 9]])
    np.testing.assert_allclose(by_reward, by_imitation, atol=1e-5)
    weighted = latent.imitation_latent(bfm, observations, weights=chosen)
    np.testing.assert_allclose(weighted, by_imitation, atol=1e-5)


def test_tracking_looks_ahead_by_its_horizon(bfm, observations):
    z = latent.tracking_latents(bfm, observations, horizon=3)
    np.testing.assert_allclose(z[4], latent.imitation_latent(bfm, observations[4:7]), atol=1e-5)
    np.testing.assert_allclose(z[-1], latent.goal_latent(bfm, observations[-1]), atol=1e-5)


def test_a_high_temperature_picks_the_best_state(bfm, observations):
    rewards = np.linspace(0, 1, 40)
    z = latent.reward_latent(bfm, observations, rewards, temperature=1e4)
    np.testing.assert_allclose(z, latent.goal_latent(bfm, observations[-1]), atol=1e-4)


@pytest.mark.parametrize(
    "bad", [np.zeros((0, 5)), np.zeros((3, 4)), np.zeros(5), np.full((3, 5), np.nan)]
)
def test_bad_observations_are_refused(bfm, bad):
    with pytest.raises(DataError):
        latent.imitation_latent(bfm, bad)


def test_bad_weights_and_rewards_are_refused(bfm, observations):
    with pytest.raises(DataError, match="weights"):
        latent.imitation_latent(bfm, observations, weights=np.zeros(40))
    with pytest.raises(DataError, match="weights"):
        latent.imitation_latent(bfm, observations, weights=-np.ones(40))
    with pytest.raises(DataError, match="rewards"):
        latent.reward_latent(bfm, observations, np.full(40, np.inf))
    with pytest.raises(DataError, match="points nowhere"):
        latent.project_to_sphere(np.zeros(D))


def test_weights_survive_the_disk(bfm, observations, tmp_path):
    save_bfm(tmp_path / "bfm.safetensors", bfm)
    back = load_bfm(tmp_path / "bfm.safetensors", bfm.kind, bfm.hyperparameters)
    s, z = torch.from_numpy(observations), torch.ones(40, D)
    torch.testing.assert_close(back.act(s, z), bfm.act(s, z))
    torch.testing.assert_close(back.backward_map(s), bfm.backward_map(s))
    a = torch.zeros(40, 2)
    torch.testing.assert_close(back.forward_map(s, z, a), bfm.forward_map(s, z, a))


def test_a_file_that_does_not_fit_is_refused(bfm, tmp_path):
    path = tmp_path / "bfm.safetensors"
    save_bfm(path, bfm)
    with pytest.raises(BundleError, match="does not fit"):
        load_bfm(path, bfm.kind, {**bfm.hyperparameters, "hidden": 64})
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BundleError, match="does not fit"):
        load_bfm(path, bfm.kind, bfm.hyperparameters)
    with pytest.raises(BundleError, match="known: forward_backward"):
        build_bfm("oracle", {})
    with pytest.raises(BundleError, match="hyperparameters"):
        build_bfm("forward_backward", {"legs": 7})


def test_the_runtime_acts_as_the_model_does(bfm, observations):
    runtime = PolicyRuntime(bfm)
    z = latent.goal_latent(bfm, observations[1])
    with torch.no_grad():
        expected = bfm.act(torch.from_numpy(observations[:1]), torch.from_numpy(z)[None])[0]
    np.testing.assert_allclose(runtime.act(observations[0], z), expected.numpy(), atol=1e-6)


def test_the_fast_tanh_is_tanh_with_its_gradient():
    x = torch.linspace(-12, 12, 4001, requires_grad=True)
    ours, expected = Tanh()(x), torch.tanh(x)
    torch.testing.assert_close(ours, expected, atol=3e-7, rtol=0)
    gradients = (torch.autograd.grad(y.sum(), x)[0] for y in (ours, expected))
    torch.testing.assert_close(*gradients, atol=1e-6, rtol=0)
    half = torch.linspace(-3, 3, 101, dtype=torch.bfloat16)
    torch.testing.assert_close(Tanh()(half), torch.tanh(half))

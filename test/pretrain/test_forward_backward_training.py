"""The trainer: the cheap loss is the published one, and a resume changes nothing."""

import numpy as np
import pytest
import torch

from rlzero_ros.errors import DataError
from rlzero_ros.pretrain.dataset import DatasetInfo, create_dataset, write_shard
from rlzero_ros.pretrain.forward_backward_loss import orthonormality_loss, successor_loss
from rlzero_ros.pretrain.train_bfm import load_run, train_bfm
from rlzero_ros.pretrain.train_forward_backward import ForwardBackwardConfig

SMALL = ForwardBackwardConfig(latent_dim=8, hidden=32, backward_hidden=32, batch=64, updates=40)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "toy"
    create_dataset(folder, DatasetInfo("walker", 4, 2, 4, 0.025))
    rng = np.random.default_rng(0)
    for number in range(2):
        a = rng.uniform(-1, 1, (3, 50, 2))
        o = np.cumsum(np.pad(np.repeat(a, 2, 2), ((0, 0), (1, 0), (0, 0))) * 0.1, axis=1)
        write_shard(folder, f"toy-{number:05d}", o, a, o)
    return folder


def test_losses_equal_the_published_sums_over_all_pairs():
    torch.manual_seed(0)
    n, d, gamma = 12, 5, 0.9
    f, b = torch.randn(2, n, d, requires_grad=True), torch.randn(n, d, requires_grad=True)
    ft, bt = torch.randn(n, d), torch.randn(n, d)
    off = ~torch.eye(n, dtype=torch.bool)
    expected = torch.zeros(())
    for head in f:
        difference = head @ b.T - gamma * ft @ bt.T
        expected = expected + 0.5 * difference[off].square().mean() - (head @ b.T).diag().mean()
    ours = successor_loss(f, b, ft, bt, gamma)
    torch.testing.assert_close(ours, expected)
    for x, y in zip(
        torch.autograd.grad(ours, (f, b)), torch.autograd.grad(expected, (f, b)), strict=True
    ):
        torch.testing.assert_close(x, y)
    gram = b @ b.T
    expected = 0.5 * gram[off].square().mean() - gram.diag().mean()
    torch.testing.assert_close(orthonormality_loss(b), expected)


def test_training_reduces_the_loss_and_gives_a_usable_model(data, tmp_path):
    config = ForwardBackwardConfig(**{**vars(SMALL), "updates": 300})
    train_bfm(data, tmp_path, config, log_every=20)
    rows = np.genfromtxt(tmp_path / "metrics.csv", delimiter=",", names=True)
    assert rows["successor_loss"][-3:].mean() < rows["successor_loss"][0]
    assert (tmp_path / "curves.png").stat().st_size > 1000
    robot, bfm = load_run(tmp_path)
    assert robot == "walker"
    action = bfm.act(torch.zeros(1, 4), torch.ones(1, 8))
    assert torch.all(action.abs() <= 1)


def test_no_checkpoint_says_what_to_run(tmp_path):
    with pytest.raises(DataError, match="rlzero pretrain"):
        load_run(tmp_path)

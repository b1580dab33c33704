"""What holds for every trainer: exact resume, clear refusals, usable models."""

import numpy as np
import pytest
import torch

from rlzero_ros.errors import DataError, ErrorCode
from rlzero_ros.pretrain.dataset import DatasetInfo, create_dataset, open_dataset, write_shard
from rlzero_ros.pretrain.train_bfm import load_run, train_bfm
from rlzero_ros.pretrain.train_forward_backward import (
    ForwardBackwardConfig,
    ForwardBackwardTrainer,
)
from rlzero_ros.pretrain.train_hilp import HilpConfig, HilpTrainer

SIZES = {"latent_dim": 8, "hidden": 32, "batch": 64, "updates": 30}
KINDS = [
    pytest.param(ForwardBackwardConfig(**SIZES, backward_hidden=32), ForwardBackwardTrainer),
    pytest.param(HilpConfig(**SIZES, metric_hidden=32), HilpTrainer),
]


@pytest.mark.parametrize(("config", "trainer"), KINDS)
@pytest.mark.parametrize("memory_gb", [12.0, 3e-5], ids=["in memory", "shard by shard"])
def test_a_resumed_run_ends_exactly_where_an_uninterrupted_one_does(
    plane, tmp_path, monkeypatch, config, trainer, memory_gb
):
    straight, interrupted = tmp_path / "straight", tmp_path / "interrupted"
    train_bfm(plane, straight, config, memory_gb=memory_gb, log_every=1)
    update = trainer.update

    def interrupting(self):
        if self.updates == 17:
            raise KeyboardInterrupt
        return update(self)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "update", interrupting)
        with pytest.raises(KeyboardInterrupt):
            train_bfm(plane, interrupted, config, memory_gb=memory_gb, log_every=1)
    train_bfm(plane, interrupted, config, memory_gb=memory_gb, log_every=1)
    assert (straight / "metrics.csv").read_text() == (interrupted / "metrics.csv").read_text()
    expected, resumed = (
        torch.load(run / "checkpoint.pt", weights_only=True)["trainer"]
        for run in (straight, interrupted)
    )
    assert resumed["updates"] == expected["updates"] == 30
    for part in ("model", "target", "averaged"):
        for name, tensor in expected[part].items():
            torch.testing.assert_close(resumed[part][name], tensor, rtol=0, atol=0)


@pytest.mark.parametrize(("config", "trainer"), KINDS)
def test_the_run_gives_a_usable_model_and_curves(plane, tmp_path, config, trainer):
    train_bfm(plane, tmp_path, config, log_every=5)
    assert (tmp_path / "curves.png").stat().st_size > 1000
    robot, bfm = load_run(tmp_path)
    assert robot == "plane"
    action = bfm.act(torch.zeros(1, 2), torch.ones(1, 8))
    assert torch.all(action.abs() <= 1)
    assert torch.isfinite(bfm.backward_map(torch.zeros(1, 2))).all()


@pytest.mark.parametrize(("config", "trainer"), KINDS)
def test_divergence_stops_with_advice(plane, tmp_path, config, trainer):
    wild = type(config)(**{**vars(config), "learning_rate": 1e4, "updates": 2000})
    with pytest.raises(DataError, match="diverged") as caught:
        train_bfm(plane, tmp_path, wild, log_every=5)
    assert caught.value.code == ErrorCode.DIVERGED


def test_a_run_of_something_else_is_refused(plane, tmp_path):
    config = ForwardBackwardConfig(**SIZES, backward_hidden=32)
    train_bfm(plane, tmp_path / "run", config)
    other = tmp_path / "other"
    create_dataset(other, DatasetInfo("cheetah", 2, 2, 2, 0.01))
    write_shard(other, "x-00000", np.zeros((1, 9, 2)), np.zeros((1, 8, 2)), np.zeros((1, 9, 2)))
    with pytest.raises(DataError, match="trains plane, the data is of cheetah"):
        train_bfm(other, tmp_path / "run", config)
    with pytest.raises(DataError, match="kind forward_backward, not hilp"):
        train_bfm(plane, tmp_path / "run", HilpConfig(**SIZES))
    with pytest.raises(DataError, match="hidden 32, this command asks for 64"):
        train_bfm(plane, tmp_path / "run", ForwardBackwardConfig(**{**SIZES, "hidden": 64}))


def test_nan_in_the_data_is_refused_with_the_shards_name(tmp_path):
    create_dataset(tmp_path / "data", DatasetInfo("plane", 2, 2, 2, 0.025))
    states = np.zeros((1, 9, 2), np.float32)
    write_shard(tmp_path / "data", "x-00000", states, states[:, 1:], states)
    # A damaged disk rather than a bad writer: `write_shard` refuses NaN.
    states[0, 3] = np.nan
    np.save(tmp_path / "data/shards/x-00000/observations.npy", states)
    with pytest.raises(DataError, match="shard x-00000 holds NaN"):
        train_bfm(tmp_path / "data", tmp_path / "run", HilpConfig(**SIZES))


def test_a_full_disk_keeps_the_last_checkpoint(plane, tmp_path):
    """A file-size limit stands for the full disk: the write fails inside torch the same way."""
    import resource
    import signal

    config = HilpConfig(**SIZES, metric_hidden=32)
    train_bfm(plane, tmp_path, HilpConfig(**{**SIZES, "updates": 5}, metric_hidden=32))
    before = (tmp_path / "checkpoint.pt").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    action = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
        with pytest.raises(DataError, match="the last one is kept"):
            train_bfm(plane, tmp_path, config)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, action)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert not list(tmp_path.glob(".checkpoint*"))
    assert train_bfm(plane, tmp_path, config) == 30
    assert open_dataset(plane)[0].robot == "plane"


@pytest.fixture(scope="module")
def goes_right(tmp_path_factory):
    """Points that only ever go right."""
    folder = tmp_path_factory.mktemp("data") / "right"
    create_dataset(folder, DatasetInfo("plane", 2, 2, 2, 0.025))
    a = np.tile(np.array([0.8, 0.0]), (8, 50, 1))
    o = np.cumsum(np.pad(0.02 * a, ((0, 0), (1, 0), (0, 0))), axis=1)
    o[:, :, 1] = np.linspace(-1, 1, 8)[:, None]
    write_shard(folder, "right-00000", o, a, o)
    return folder


@pytest.mark.parametrize(("config", "trainer"), KINDS)
def test_the_actor_leans_towards_what_the_data_did_as_far_as_it_is_told(
    goes_right, tmp_path, config, trainer
):
    final = {}
    for weight in (0.0, 3.0):
        run = tmp_path / str(weight)
        changes = {"updates": 80, "learning_rate": 1e-3, "behavior_weight": weight}
        train_bfm(goes_right, run, type(config)(**{**vars(config), **changes}), log_every=5)
        rows = np.genfromtxt(run / "metrics.csv", delimiter=",", names=True)
        final[weight] = rows["behavior_loss"][-4:].mean() / rows["behavior_loss"][0]
    assert final[3.0] < 0.3
    assert final[3.0] < final[0.0]


def test_no_windows_is_no_lean(plane, tmp_path):
    config = ForwardBackwardConfig(**SIZES, backward_hidden=32, window_share=0.0)
    train_bfm(plane, tmp_path, config, log_every=5)
    rows = np.genfromtxt(tmp_path / "metrics.csv", delimiter=",", names=True)
    assert np.isfinite(rows["actor_loss"]).all()
    assert "behavior_loss" not in rows.dtype.names


def test_a_table_of_an_older_version_goes_on_with_more_columns(plane, tmp_path):
    (tmp_path / "metrics.csv").write_text("update,successor_loss,actor_loss\n5,1.5,-2.0\n")
    train_bfm(plane, tmp_path, HilpConfig(**SIZES, metric_hidden=32), log_every=10)
    rows = np.genfromtxt(tmp_path / "metrics.csv", delimiter=",", names=True)
    np.testing.assert_array_equal(rows["update"], [5, 10, 20, 30])
    assert rows["successor_loss"][0] == 1.5
    assert np.isnan(rows["behavior_loss"][0])
    assert np.isfinite(rows["behavior_loss"][1:]).all()

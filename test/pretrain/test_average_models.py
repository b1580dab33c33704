"""A model between two, one of which began with the other."""

import copy

import pytest
import torch

from rlzero_ros import cli
from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import DataError
from rlzero_ros.imitate.forward_backward import ForwardBackward
from rlzero_ros.imitate.hilp import Hilp
from rlzero_ros.paths import find_bundle
from rlzero_ros.pretrain.average_models import between
from rlzero_ros.pretrain.collect import CollectConfig, Collector
from rlzero_ros.pretrain.trained import load_trained
from rlzero_ros.robots.registry import load_robot


def model(seed, **sizes):
    torch.manual_seed(seed)
    return ForwardBackward(6, 2, 4, **{"hidden": 8, "backward_hidden": 8, **sizes})


def moved(first):
    """The same with other weights, as training leaves it."""
    second = copy.deepcopy(first)
    with torch.no_grad():
        for tensor in second.parameters():
            tensor.add_(torch.randn_like(tensor))
    return second


def test_weights_lie_between_and_neither_model_changes():
    first = model(0)
    second = moved(first)
    before = copy.deepcopy(first.state_dict()), copy.deepcopy(second.state_dict())
    mixed = between(first, second, 0.25)
    for name, tensor in mixed.state_dict().items():
        expected = 0.75 * before[0][name] + 0.25 * before[1][name]
        torch.testing.assert_close(tensor, expected)
    for one, was in zip((first, second), before, strict=True):
        for name, tensor in one.state_dict().items():
            torch.testing.assert_close(tensor, was[name], rtol=0, atol=0)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_of_one_is_that_one(share):
    first = model(0)
    second = moved(first)
    for ours, one in zip(
        between(first, second, share).parameters(),
        (second if share else first).parameters(),
        strict=True,
    ):
        torch.testing.assert_close(ours, one)


def test_what_cannot_be_averaged_is_refused():
    first = model(0)
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(DataError, match="a share is between 0 and 1"):
            between(first, first, share)
    with pytest.raises(DataError, match="other sizes"):
        between(first, model(0, hidden=16), 0.5)
    with pytest.raises(DataError, match="only forward-backward models"):
        between(first, Hilp(6, 2, 4, hidden=8, metric_hidden=8), 0.5)
    stranger = model(1)
    stranger.normalizer.fit(torch.ones(6), torch.full((6,), 2.0))
    with pytest.raises(DataError, match="one that began with it"):
        between(first, stranger, 0.5)


def test_a_bundle_is_packed_of_a_run_and_what_it_began_with(tmp_path, capsys):
    """The four commands' way to it; another robot's model is refused and nothing is written."""
    data, run, out = tmp_path / "data", tmp_path / "run", tmp_path / "walker"
    config = CollectConfig("own", 400, environments=4, episode_s=2.5, random_steps=400)
    Collector(load_robot("walker"), data, config).run()
    bundle = find_bundle("walker")
    training = ["--data", str(data), "--run", str(run), "--batch", "32", "--updates", "20"]
    training += ["--learning-rate", "1e-3", "--average", "0.5"]
    assert cli.main(["pretrain", *training, "--init", str(bundle)]) == 0
    pack = ["pack", "--run", str(run), "--index", str(bundle), "--out", str(out)]
    pack += ["--hold", "damping"]
    assert cli.main([*pack, "--average-with", "cheetah"])
    assert "is of cheetah, not walker" in capsys.readouterr().err
    assert cli.main([*pack, "--share", "0.5"])
    assert "Give --average-with" in capsys.readouterr().err
    assert not out.exists()
    assert cli.main([*pack, "--average-with", "walker", "--share", "0.5"]) == 0
    packed = Bundle.load(out).bfm().state_dict()
    begun, ended = Bundle.load("walker").bfm().state_dict(), load_trained(run)[1].state_dict()
    changed = 0
    for name, tensor in packed.items():
        torch.testing.assert_close(tensor, (begun[name] + ended[name]) / 2)
        changed += not torch.equal(begun[name], ended[name])
    assert changed > 10
    shipped, origin = Bundle.load("walker"), Bundle.load(out).manifest["origin"]
    assert origin["averaged_with"]["bundle"] == shipped.id
    assert origin["averaged_with"]["origin"] == shipped.manifest["origin"]
    assert origin["averaged_with"]["share"] == 0.5
    assert origin["updates"] > 0

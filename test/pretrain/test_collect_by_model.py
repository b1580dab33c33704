"""A trained model collects what its own policies do, from the command line on."""

import numpy as np
import pytest
import torch
import yaml

from rlzero_ros import cli
from rlzero_ros.bundle import Bundle
from rlzero_ros.paths import find_bundle
from rlzero_ros.pretrain.choose_skills import make_skills
from rlzero_ros.pretrain.dataset import open_dataset
from rlzero_ros.pretrain.trained import load_trained
from rlzero_ros.robots.registry import load_robot

SMALL = ["--updates", "3", "--batch", "32", "--hidden", "32"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A dataset of the walker and a run on it."""
    folder = tmp_path_factory.mktemp("walker")
    data, run = folder / "data", folder / "run"
    assert cli.main(["collect", "--out", str(data), "--steps", "1", "--environments", "2"]) == 0
    assert cli.main(["pretrain", "--data", str(data), "--run", str(run), *SMALL]) == 0
    return data, run


def by_model(data, run, *options):
    command = ["collect", "--out", str(data), "--model", str(run), "--source", "own"]
    return cli.main([*command, "--environments", "2", *options])


def test_a_model_adds_to_the_data_and_resumes_without_repeating_itself(trained):
    data, run = trained
    assert by_model(data, run, "--steps", "1000") == 0
    assert by_model(data, run, "--steps", "2000") == 0
    _, shards = open_dataset(data)
    own = [shard for shard in shards if shard.name.startswith("own-")]
    assert [shard.transitions for shard in own] == [1000, 1000]
    actions = np.concatenate([shard.actions for shard in own])
    assert np.abs(actions).max() <= 1
    # Four episodes, from four states, of one policy on changing latents.
    starts = np.concatenate([shard.observations[:, 0] for shard in own])
    assert len(np.unique(starts.round(5), axis=0)) == 4
    assert actions.std(axis=(1, 2)).min() > 0


def test_a_model_of_another_robot_is_refused(trained, tmp_path, capsys):
    _, run = trained
    assert cli.main(["collect", "--robot", "cheetah", "--out", str(tmp_path), "--model", str(run)])
    assert "is of walker, not of cheetah" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_model_needs_data_to_draw_from(trained, tmp_path, capsys):
    _, run = trained
    assert by_model(tmp_path, run, "--steps", "1000")
    assert str(tmp_path) in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_only_agents_have_is_refused(trained, capsys):
    data, run = trained
    assert by_model(data, run, "--steps", "1000", "--skills", "move=1", "--decision-s", "0.1")
    assert "--skills, --decision-s: only of agents" in capsys.readouterr().err


@pytest.fixture(scope="module")
def by_bundle(tmp_path_factory):
    """What the model of the shipped bundle did, asked for what is in the bundle; no data before."""
    data = tmp_path_factory.mktemp("own") / "data"
    # 32 episodes: of 8, none happened to stand in one of four.
    command = ["collect", "--out", str(data), "--model", "walker", "--source", "own"]
    assert cli.main([*command, "--steps", "16000", "--environments", "16"]) == 0
    return data


def test_a_bundle_collects_many_behaviours_without_any_data(by_bundle):
    _, shards = open_dataset(by_bundle)
    assert sum(shard.transitions for shard in shards) == 16000
    ended = np.concatenate([shard.observations[:, -100:] for shard in shards])
    walker = load_robot("walker")
    rows = ended.reshape(-1, walker.spec.observation_dim)
    heights, _ = make_skills(walker, 0).height_and_speed(rows)
    assert heights.max() > 1.1
    assert heights.min() < 0.6


def test_a_run_begins_with_a_bundle_and_remembers_it(by_bundle, tmp_path, capsys):
    bundle, run = find_bundle("walker"), tmp_path / "run"
    still = ["--learning-rate", "1e-12", "--final-learning-rate", "1e-12", "--batch", "32"]
    command = ["pretrain", "--data", str(by_bundle), "--run", str(run), *still]
    assert cli.main([*command, "--init", str(bundle), "--updates", "2"]) == 0
    assert cli.main([*command, "--updates", "4"]) == 0
    assert cli.main([*command, "--init", str(bundle), "--updates", "4"]) == 0
    assert cli.main([*command, "--init", str(run), "--updates", "4"])
    assert f"began with {bundle}, not with {run}" in capsys.readouterr().err
    name, trained_on = load_trained(run)
    shipped = Bundle.load("walker").bfm()
    assert name == "walker"
    for key, tensor in shipped.state_dict().items():
        torch.testing.assert_close(trained_on.state_dict()[key], tensor, rtol=0, atol=1e-5)
    assert yaml.safe_load((run / "config.yaml").read_text())["init"] == str(bundle)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--init", "bundles/walker", "--hidden", "32"], "hidden 256, this command asks for 32"),
        (["--init", "bundles/cheetah"], "is of cheetah, not of walker"),
        (["--init", "bundles/walker", "--bfm", "hilp"], "kind forward_backward, not hilp"),
        (["--init", "nowhere"], "no checkpoint in nowhere"),
    ],
)
def test_a_model_that_does_not_fit_is_not_begun_with(by_bundle, tmp_path, capsys, options, reason):
    option, folder, *others = options
    if folder.startswith("bundles/"):
        folder = str(find_bundle(folder.removeprefix("bundles/")))
    run = tmp_path / "run"
    command = ["pretrain", "--data", str(by_bundle), "--run", str(run), "--updates", "1"]
    assert cli.main([*command, option, folder, *others])
    assert reason in capsys.readouterr().err
    assert not (run / "checkpoint.pt").exists()

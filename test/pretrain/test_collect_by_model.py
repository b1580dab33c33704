"""A trained model collects what its own policies do, from the command line on."""

import numpy as np
import pytest

from rlzero_ros import cli
from rlzero_ros.pretrain.dataset import open_dataset

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
    assert "trains walker, not cheetah" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_model_needs_data_to_draw_from(trained, tmp_path, capsys):
    _, run = trained
    assert by_model(tmp_path, run, "--steps", "1000")
    assert "no complete shard" in capsys.readouterr().err

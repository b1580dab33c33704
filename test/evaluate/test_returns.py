"""Returns of zero-shot policies: the right physics, rewards and prompts."""

import json

import numpy as np
import pytest
import torch

from rlzero_ros import cli
from rlzero_ros.bundle import Bundle
from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.episodes import task_rewards
from rlzero_ros.evaluate.published import PUBLISHED, asked_by_collection
from rlzero_ros.evaluate.returns import evaluate_task, roll_out
from rlzero_ros.evaluate.returns_table import result_of, summary, task_row
from rlzero_ros.evaluate.reward_function import with_rewards
from rlzero_ros.imitate.forward_backward import ForwardBackward
from rlzero_ros.robots.registry import load_robot, robot_names


@pytest.fixture(scope="module")
def robot():
    return load_robot("walker")


@pytest.fixture(scope="module")
def bfm():
    torch.manual_seed(0)
    return ForwardBackward(24, 6, 8, hidden=16, backward_hidden=16).eval()


def test_a_rollout_repeats_with_its_seed(robot, bfm):
    z = np.ones(8, np.float32)
    first, again, other = (roll_out(bfm, robot, z, 2, 30, seed) for seed in (1, 1, 2))
    assert first.observations.shape == (2, 30, 24)
    np.testing.assert_array_equal(first.physics, again.physics)
    assert not np.allclose(first.physics, other.physics)


def test_rewards_of_rollouts_are_those_of_their_states(robot, bfm):
    rollout = roll_out(bfm, robot, np.ones(8, np.float32), 2, 20, 0)
    rewards = task_rewards(robot, "stand", rollout.physics)
    assert rewards.shape == (2, 20)
    # The observation's height and uprightness are what standing is judged by.
    height, up = rollout.observations[..., 14], (1 + rollout.observations[..., 0]) / 2
    tall = np.where(height >= 1.2, 1.0, np.exp(np.log(0.1) * ((1.2 - height) / 0.6) ** 2))
    np.testing.assert_allclose(rewards, (3 * tall + up) / 4, atol=1e-4)


def test_every_prompt_is_judged(robot, bfm):
    rollout = roll_out(bfm, robot, np.ones(8, np.float32), 4, 50, 3)
    states = rollout.observations.reshape(-1, 24), rollout.physics.reshape(-1, 18)
    results = evaluate_task(bfm, robot, "stand", states, episodes=2, steps=120)
    assert set(results) == {
        *("plain", "softmax", "rehearsed", "mean of B", "imitation", "imitation rehearsed")
    }
    assert all(0 <= mean <= 120 for mean, _ in results.values())


def test_demonstrations_are_imitated_by_the_imitator_that_is_given(robot):
    """The defect: a bundle was judged over its reference alone; a robot imitates over all of it."""
    bundle = Bundle.load("walker")
    index, bfm = bundle.index(), bundle.bfm()
    assert index.reference_size < len(index)
    states = index.observations[:2000], index.physics[:2000]
    short = {"episodes": 1, "steps": 100}
    over_states, over_all = (
        evaluate_task(bfm, robot, "walk", states, **short, imitator=imitator)
        for imitator in (None, bundle.imitator())
    )
    assert over_all["softmax"] == over_states["softmax"]
    assert over_all["imitation"] != over_states["imitation"]


def test_the_shipped_walker_stands_better_than_chance(tmp_path, capsys):
    """As on a fresh clone, without a dataset: the bundle's own states carry the prompt."""
    report, plot = tmp_path / "returns.json", tmp_path / "plots" / "returns.png"
    arguments = ["eval", "returns", "--tasks", "stand", "--episodes", "2", "--steps", "400"]
    arguments += ["--data", "walker"]
    assert cli.main([*arguments, "--json", str(report), "--plot", str(plot)]) == 0
    states = Bundle.load("walker").index().reference_size
    assert f"reward prompts use {states} states of the bundle" in capsys.readouterr().out
    result = json.loads(report.read_text())
    assert result["robot"] == "walker"
    assert result["updates"] > 0
    row = result["tasks"]["stand"]
    assert row["normalized"] == pytest.approx(row["mean"] / 400)
    assert row["normalized"] > 0.5
    assert row["stderr"] >= 0
    assert result["mean"] == row["mean"]
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_unknown_tasks_are_named(capsys):
    assert cli.main(["eval", "returns", "--tasks", "fly"]) == 2
    assert "fly" in capsys.readouterr().err


def scores(softmax):
    return {"softmax": (softmax, 5.0), "plain": (1.0, 1.0), "mean of B": (2.0, 1.0)} | {
        "imitation": (softmax / 2, None),
        "imitation rehearsed": (softmax * 0.9, 5.0),
        "rehearsed": (softmax + 1.0, 5.0),
    }


def test_the_result_keeps_known_and_unknown_tasks_apart_and_stands_beside_the_published():
    returns = {"stand": 900.0, "walk": 800.0, "run": 300.0, "spin": 200.0, "lunge": 400.0}
    rows = {t: task_row("walker", t, scores(value), 1000) for t, value in returns.items()}
    assert rows["walk"]["known"] == "move"
    assert rows["lunge"]["known"] is None
    assert rows["run"]["imitation_share"] == pytest.approx(0.5)
    assert rows["run"]["imitation_rehearsed_share"] == pytest.approx(0.9)
    result = result_of("walker", 7, rows)
    assert set(result) >= {"robot", "updates", "tasks", "mean"}
    assert result["mean"] == pytest.approx(520)
    assert result["mean_known"] == pytest.approx(550)
    assert result["mean_unknown"] == pytest.approx(400)
    assert result["mean_published_tasks"] == pytest.approx(550)
    assert result["rehearsed_mean_published_tasks"] == pytest.approx(551)
    assert result["imitation_mean_published_tasks"] == pytest.approx(275)
    assert result["imitation_rehearsed_mean_published_tasks"] == pytest.approx(495)
    assert any("imitation rehearsed 495" in line for line in summary(result))
    assert any("published" in line and "811" in line for line in summary(result))
    json.dumps(result, allow_nan=False)
    del rows["spin"]
    assert result_of("walker", None, rows)["mean_published_tasks"] is None


def test_the_tables_name_tasks_that_exist():
    for name in robot_names():
        tasks = load_robot(name).tasks
        if name in PUBLISHED:
            assert set(PUBLISHED[name].tasks) <= set(tasks)
            assert set(PUBLISHED[name].by_task) <= set(tasks)
        assert any(asked_by_collection(name, task) for task in tasks)


def test_a_single_episode_has_no_standard_error(robot, bfm):
    rollout = roll_out(bfm, robot, np.ones(8, np.float32), 2, 30, 3)
    states = rollout.observations.reshape(-1, 24), rollout.physics.reshape(-1, 18)
    results = evaluate_task(bfm, robot, "stand", states, episodes=1, steps=100)
    assert all(error is None for _, error in results.values())


REWARDS = """
import numpy as np

def low(features):
    return (features["torso_height"] < 0.5).astype(float)

def by_physics(features):
    return -np.abs(features["physics"][:, 0])

def wrong_size(features):
    return np.zeros(3)

def wrong_name(features):
    return features["wings"]
"""


def test_rewards_written_in_python_are_tasks_as_well(robot, bfm, tmp_path, monkeypatch):
    (tmp_path / "rewards_for_test.py").write_text(REWARDS)
    monkeypatch.chdir(tmp_path)
    names = [f"rewards_for_test:{n}" for n in ("low", "by_physics", "wrong_size", "wrong_name")]
    more = with_rewards(robot, names)
    physics = roll_out(bfm, robot, np.ones(8, np.float32), 2, 20, 0).physics
    low = task_rewards(more, names[0], physics)
    assert set(np.unique(low)) <= {0.0, 1.0}
    np.testing.assert_allclose(task_rewards(more, names[1], physics), -np.abs(physics[..., 0]))
    np.testing.assert_array_equal(
        task_rewards(more, "stand", physics), task_rewards(robot, "stand", physics)
    )
    with pytest.raises(DataError, match="one finite number for each"):
        task_rewards(more, names[2], physics)
    with pytest.raises(DataError, match=r"wings.*torso_height"):
        task_rewards(more, names[3], physics)
    for name, words in (("low", "module:function"), ("no_such:f", "imported"), ("os:f", "import")):
        with pytest.raises(DataError, match=words):
            with_rewards(robot, [name])

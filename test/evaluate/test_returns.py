"""Returns of zero-shot policies: the right physics, rewards and prompts."""

import json

import numpy as np
import pytest
import torch

from rlzero_ros import cli
from rlzero_ros.evaluate.returns import evaluate_task, roll_out, task_rewards
from rlzero_ros.imitate.forward_backward import ForwardBackward
from rlzero_ros.robots.registry import load_robot


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
    assert set(results) == {"plain", "softmax", "mean of B", "imitation"}
    assert all(0 <= mean <= 120 for mean, _ in results.values())


def test_the_shipped_walker_stands_better_than_chance(tmp_path):
    """On a fresh clone, without a dataset: the bundle's own states carry the prompt."""
    report = tmp_path / "returns.json"
    arguments = ["eval", "returns", "--tasks", "stand", "--episodes", "3", "--steps", "400"]
    assert cli.main([*arguments, "--json", str(report)]) == 0
    result = json.loads(report.read_text())
    assert result["robot"] == "walker"
    assert result["tasks"]["stand"]["normalized"] > 0.5


def test_unknown_tasks_are_named(capsys):
    assert cli.main(["eval", "returns", "--tasks", "fly"]) == 2
    assert "fly" in capsys.readouterr().err

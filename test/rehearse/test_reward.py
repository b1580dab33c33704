"""Of several weightings of a reward the one that earns most in simulation is taken."""

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.episodes import starts, task_rewards
from rlzero_ros.evaluate.returns import roll_out
from rlzero_ros.imitate.prompts import PromptInference, Reward
from rlzero_ros.rehearse.reward import RewardTrials, rehearse_reward, weightings
from rlzero_ros.rehearse.twin import Twin
from rlzero_ros.robots.registry import load_robot


@pytest.fixture(scope="module")
def robot():
    return load_robot("walker")


@pytest.fixture(scope="module")
def tried(walker, robot):
    """The reward of running, tried from two poses for half a second."""

    def run(task="run", begin=None, **options):
        index = walker.index()
        return rehearse_reward(
            walker.bfm(),
            Twin(robot.spec, robot.model_xml, threads=1),
            index.observations,
            task_rewards(robot, task, index.physics),
            lambda physics: task_rewards(robot, task, physics),
            starts(robot, 2, 5) if begin is None else begin,
            **{"seconds": 0.5, **options},
        )

    return run


def test_what_is_earned_is_what_the_robot_earns_once_it_has_settled(tried, walker, robot):
    trials = tried()
    for latent, earned in zip(trials.latents, trials.earned, strict=True):
        done = roll_out(walker.bfm(), robot, latent, 2, 20, 5).physics[:, 6:]
        assert earned == pytest.approx(task_rewards(robot, "run", done).mean(1), rel=0.05)
    assert trials.prompt is trials.prompts[trials.chosen]
    assert len({tuple(row) for row in trials.earned}) > 1


def test_every_weighting_is_a_prompt_of_its_own(tried, walker, robot):
    """What the twin tried is what a robot does that is sent the prompt."""
    trials, index = tried(seconds=0.1), walker.index()
    assert trials.names[0] == "temperature 10"
    assert len(set(trials.names)) == len(trials.names) == len(trials.prompts) > 20
    np.testing.assert_array_equal(
        trials.prompts[0].rewards, task_rewards(robot, "run", index.physics).astype(np.float32)
    )
    infer = PromptInference(walker.bfm(), walker.imitator(), index.observations)
    for prompt, latent in zip(trials.prompts, trials.latents, strict=True):
        np.testing.assert_allclose(infer.latents(prompt), latent, atol=2e-5)


def test_weightings_look_at_all_states_at_few_and_at_parts(walker, robot):
    index = walker.index()
    rewards = task_rewards(robot, "run", index.physics)
    found = weightings(index.observations, rewards, seed=3)
    assert list(found)[:6] == [
        *("temperature 10", "plain", "temperature 1", "temperature 3"),
        *("temperature 30", "temperature 100"),
    ]
    best = found["the best 16"].rewards
    assert sorted(best)[-16:] == [1.0] * 16
    assert best.sum() == 16
    assert rewards[best > 0].min() >= rewards[best == 0].max()
    for name, prompt in found.items():
        if name.startswith("near "):
            row = int(name.split()[1].rstrip(","))
            assert rewards[row] > 0
            # Of what earns as much, nothing counts more than the state itself.
            assert prompt.rewards[row] == prompt.rewards[rewards <= rewards[row]].max()
        if name.startswith("part "):
            assert 0.1 < (prompt.rewards > 0).mean() / (rewards > 0).mean() < 0.15
    again, other = (weightings(index.observations, rewards, seed) for seed in (3, 4))
    assert list(again) == list(found) != list(other)


def test_of_penalties_no_state_is_one_to_stay_near(walker):
    observations = walker.index().observations
    found = weightings(observations, -np.abs(observations[:, 0]), seed=0)
    assert not [name for name in found if name.startswith(("near", "part", "state"))]
    assert "the best 1" in found


@pytest.mark.parametrize("size", [1.0, 1e-3])
def test_a_reward_of_two_states_is_rehearsed_whatever_its_size(walker, robot, size):
    """None of them may be in a part of the states, and every weight may be next to nothing."""
    index = walker.index()
    rewards = np.zeros(len(index))
    rewards[[7, 4000]] = size, 0.9 * size
    trials = rehearse_reward(
        walker.bfm(),
        Twin(robot.spec, robot.model_xml, threads=1),
        index.observations,
        rewards,
        lambda physics: np.ones(physics.shape[:-1]),
        starts(robot, 1, 0),
        seconds=0.1,
    )
    assert np.linalg.norm(trials.latents, axis=1) == pytest.approx(walker.bfm().latent_dim ** 0.5)
    assert trials.chosen == 0


def test_from_each_start_what_earns_most_there_is_taken():
    earned = np.array([[0.5, 0.5], [0.9, 0.1], [0.4, 0.6]])
    nothing = Reward(np.zeros(1, np.float32))
    trials = RewardTrials(("a", "b", "c"), (nothing,) * 3, np.eye(3, dtype=np.float32), earned)
    assert list(trials.chosen_from_each) == [1, 2]


@pytest.mark.parametrize(
    ("earned", "chosen"),
    [
        ([[0.5, 0.5, 0.5], [0.9, 0.1, 0.6], [0.4, 0.4, 0.4]], 0),  # more on the whole, by luck
        ([[0.5, 0.1, 0.3], [0.6, 0.2, 0.4], [0.9, 0.0, 0.3]], 1),  # a little more each time
        ([[0.5, 0.1, 0.3], [0.6, 0.2, 0.4], [0.8, 0.5, 0.6]], 2),  # the most of what is clear
        ([[0.5], [0.6], [0.55]], 1),  # one start: there is nothing to be unsure by
    ],
)
def test_what_is_usual_is_left_only_for_what_is_clearly_better(earned, chosen):
    """The stickman's rewards: of 16 uncertain episodes the best temperature lost 15 a task."""
    k = len(earned)
    prompts = tuple(Reward(np.full(1, row, np.float32)) for row in range(k))
    latents = np.zeros((k, 2), np.float32)
    trials = RewardTrials(tuple("abc"[:k]), prompts, latents, np.array(earned))
    assert trials.chosen == chosen


def test_the_better_half_of_trials_is_better_elsewhere_too(tried, walker, robot):
    trials = tried(begin=starts(robot, 4, 11), seconds=5.0)
    elsewhere = np.array(
        [
            roll_out(walker.bfm(), robot, z, 4, 200, 12).returns(robot, "run").mean()
            for z in trials.latents
        ]
    )
    order = trials.earned.mean(1).argsort()
    half = len(order) // 2
    assert elsewhere[order[half:]].mean() > 1.2 * elsewhere[order[:half]].mean()
    from_each = trials.latents[trials.chosen_from_each]
    chosen, usual = (
        roll_out(walker.bfm(), robot, z, 4, 400, 11).returns(robot, "run")
        for z in (from_each, trials.latents[0])
    )
    assert chosen.mean() > usual.mean()


def test_a_reward_that_points_nowhere_is_refused(walker, robot):
    index = walker.index()
    with pytest.raises(DataError):
        rehearse_reward(
            walker.bfm(),
            Twin(robot.spec, robot.model_xml, threads=1),
            index.observations,
            np.zeros(len(index)),
            lambda physics: np.zeros(physics.shape[:-1]),
            starts(robot, 1, 0),
        )

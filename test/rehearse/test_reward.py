"""Of several weightings of a reward the one that earns most in simulation is taken."""

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.episodes import starts, task_rewards
from rlzero_ros.evaluate.returns import roll_out
from rlzero_ros.imitate.latent import reward_latent
from rlzero_ros.rehearse.reward import TEMPERATURES, RewardTrials, rehearse_reward
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


def test_what_is_earned_is_what_the_robot_earns(tried, walker, robot):
    trials = tried()
    index = walker.index()
    rewards = task_rewards(robot, "run", index.physics)
    for temperature, latent, earned in zip(
        trials.temperatures, trials.latents, trials.earned, strict=True
    ):
        np.testing.assert_array_equal(
            latent, reward_latent(walker.bfm(), index.observations, rewards, temperature)
        )
        done = roll_out(walker.bfm(), robot, latent, 2, 20, 5)
        assert earned == pytest.approx(done.returns(robot, "run") / 20, rel=0.05)
    assert trials.temperature == trials.temperatures[trials.chosen]
    np.testing.assert_array_equal(trials.latent, trials.latents[trials.chosen])
    assert len({tuple(row) for row in trials.earned}) > 1


def test_a_temperature_can_be_left_out_and_the_first_of_equals_is_taken(tried):
    trials = tried(temperatures=(10.0, 10.0))
    np.testing.assert_array_equal(trials.earned[0], trials.earned[1])
    assert (trials.chosen, trials.temperature) == (0, 10.0)


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
    trials = RewardTrials(TEMPERATURES[:k], np.zeros((k, 2), np.float32), np.array(earned))
    assert trials.chosen == chosen


def test_a_longer_trial_of_a_clear_reward_chooses_well(tried, walker, robot):
    """Where plain and sharp weightings differ much, the trial sees it."""
    begin = starts(robot, 4, 11)
    trials = tried(begin=begin, seconds=5.0, temperatures=(None, 100.0))
    elsewhere = [
        roll_out(walker.bfm(), robot, z, 4, 200, 12).returns(robot, "run").mean()
        for z in trials.latents
    ]
    assert abs(elsewhere[0] - elsewhere[1]) > 0.1 * max(elsewhere)
    assert elsewhere[trials.chosen] == max(elsewhere)


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

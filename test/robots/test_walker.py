"""The walker observes and is judged exactly as dm_control's own environment does."""

import numpy as np
import pytest
from dm_control import suite

from rlzero_ros.errors import RobotError
from rlzero_ros.robots.observation import ObservationAssembler
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation


@pytest.fixture(scope="module")
def robot():
    return load_robot("walker")


@pytest.mark.parametrize("task", ["stand", "walk", "run"])
def test_observation_and_reward_agree_with_dm_control(robot, task):
    environment = suite.load("walker", task, task_kwargs={"random": 3})
    step = environment.reset()
    simulation = Simulation(robot.spec, robot.model_xml)
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    rng = np.random.default_rng(0)
    for _ in range(40):
        step = environment.step(rng.uniform(-1, 1, 6))
        data = environment.physics.data
        physics = np.concatenate([data.qpos, data.qvel])
        simulation.set_physics(physics)
        theirs = np.concatenate([np.atleast_1d(v) for v in step.observation.values()])
        np.testing.assert_allclose(assembler.observe(simulation.state()), theirs, atol=1e-5)
        features = robot.features(simulation.model, physics[None])
        assert robot.tasks[task](features)[0] == pytest.approx(step.reward, abs=1e-5)


def test_one_period_moves_like_dm_control(robot):
    environment = suite.load("walker", "walk", task_kwargs={"random": 5})
    environment.reset()
    simulation = Simulation(robot.spec, robot.model_xml)
    rng = np.random.default_rng(1)
    for _ in range(30):
        data = environment.physics.data
        simulation.set_physics(np.concatenate([data.qpos, data.qvel]))
        action = rng.uniform(-1, 1, 6)
        environment.step(action)
        simulation.step(robot.spec.scale_action(action))
        np.testing.assert_allclose(simulation.data.qpos, data.qpos, atol=2e-3)


def test_rewards_of_poses_stand_for_what_they_say(robot):
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    standing = simulation.physics()
    lying = standing.copy()
    lying[0], lying[2] = -1.23, np.pi / 2
    features = robot.features(simulation.model, np.stack([standing, lying]))
    stand, lie = robot.tasks["stand"](features), robot.tasks["lying_down"](features)
    assert stand[0] > 0.99 > 0.5 > stand[1]
    assert lie[1] > 0.9 > 0.5 > lie[0]


def test_tasks_stay_within_zero_and_one(robot):
    simulation = Simulation(robot.spec, robot.model_xml, seed=2)
    rows = []
    for _ in range(200):
        simulation.reset()
        rows.append(simulation.physics() + np.random.default_rng(len(rows)).normal(0, 5, 18))
    features = robot.features(simulation.model, np.stack(rows))
    for name, task in robot.tasks.items():
        rewards = task(features)
        assert rewards.shape == (200,), name
        assert np.all((rewards >= 0) & (rewards <= 1 + 1e-9)), name


def test_unknown_robot_names_the_known_ones():
    with pytest.raises(RobotError, match="walker"):
        load_robot("nobody")

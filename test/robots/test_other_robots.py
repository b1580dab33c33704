"""The other robots: observations, rewards, and poses that stand for their tasks."""

import numpy as np
import pytest
from dm_control import suite

from rlzero_ros.robots.observation import ObservationAssembler
from rlzero_ros.robots.registry import load_robot, robot_names
from rlzero_ros.robots.simulation import Simulation

SIZES = {"walker": (24, 6), "cheetah": (17, 6), "quadruped": (42, 12), "stickman": (44, 10)}


@pytest.mark.parametrize("name", robot_names())
def test_sizes_and_finite_observations(name):
    robot = load_robot(name)
    assert (robot.spec.observation_dim, robot.spec.action_dim) == SIZES[name]
    simulation = Simulation(robot.spec, robot.model_xml, seed=1)
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(50):
        simulation.step(robot.spec.scale_action(rng.uniform(-1, 1, robot.spec.action_dim)))
        assert np.all(np.isfinite(assembler.observe(simulation.state())))
        rows.append(simulation.physics())
    features = robot.features(simulation.model, np.stack(rows))
    for task, reward in robot.tasks.items():
        values = reward(features)
        assert values.shape == (50,), task
        assert np.all((values >= 0) & (values <= 1 + 1e-9)), task


def test_the_cheetah_observes_and_runs_as_dm_controls_does():
    robot = load_robot("cheetah")
    environment = suite.load("cheetah", "run", task_kwargs={"random": 0})
    environment.reset()
    simulation = Simulation(robot.spec, robot.model_xml)
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    rng = np.random.default_rng(0)
    for _ in range(60):
        step = environment.step(rng.uniform(-1, 1, 6))
        data = environment.physics.data
        physics = np.concatenate([data.qpos, data.qvel])
        simulation.set_physics(physics)
        theirs = np.concatenate([step.observation["position"], step.observation["velocity"]])
        # Ours lists the velocities of the base as vertical, forward; the suite's the other way.
        theirs[[8, 9]] = theirs[[9, 8]]
        ours = assembler.observe(simulation.state())
        ours[1] += 2 * np.pi * np.round((theirs[1] - ours[1]) / (2 * np.pi))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        features = robot.features(simulation.model, physics[None])
        assert robot.tasks["run"](features)[0] == pytest.approx(step.reward, abs=1e-5)


def test_stickman_poses_earn_what_they_show():
    robot = load_robot("stickman")
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    standing = simulation.physics()
    lying, hands_up, headstand = standing.copy(), standing.copy(), standing.copy()
    lying[0], lying[2] = -1.19, -np.pi / 2
    for joint in ("left_shoulder", "right_shoulder"):
        hands_up[simulation.model.joint(joint).qposadr[0]] = np.pi
    headstand[0], headstand[2] = -0.75, np.pi
    features = robot.features(simulation.model, np.stack([standing, lying, hands_up, headstand]))
    reward = {task: robot.tasks[task](features) for task in robot.tasks}
    assert reward["stand"][0] > 0.99 > 0.4 > reward["stand"][1]
    assert reward["lying_down"].argmax() == 1
    assert reward["lying_down"][1] > 0.9
    assert reward["hands_up"].argmax() == 2
    assert reward["hands_up"][2] > 0.9
    assert reward["headstand"].argmax() == 3


def test_a_punch_is_a_fast_hand():
    robot = load_robot("stickman")
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    still, punch = simulation.physics(), simulation.physics()
    punch[simulation.model.nq + simulation.model.joint("left_shoulder").dofadr[0]] = 12.0
    features = robot.features(simulation.model, np.stack([still, punch]))
    boxing = robot.tasks["boxing"](features)
    assert boxing[0] < 0.01
    assert boxing[1] > 0.9


def test_the_cheetah_begins_upright_and_the_walker_anyhow():
    """As in dm_control. Pins a defect: half of the cheetah's episodes began on its back."""
    pitches = {"cheetah": [], "walker": []}
    for name, found in pitches.items():
        robot = load_robot(name)
        simulation = Simulation(robot.spec, robot.model_xml, seed=0)
        for _ in range(50):
            simulation.reset()
            found.append(simulation.data.qpos[2])
        assert np.ptp(simulation.data.qpos[3:]) > 0.1
    assert np.all(np.array(pitches["cheetah"]) == 0.0)
    assert np.max(np.abs(pitches["walker"])) > 2.5

"""The quadruped: a free base, twelve commands for sixteen joints, rewards as dm_control's."""

import mujoco
import numpy as np
import pytest
from dm_control import suite

from rlzero_ros.robots.observation import ObservationAssembler
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation
from rlzero_ros.robots.state import rotate, rotate_inverse


@pytest.fixture(scope="module")
def robot():
    return load_robot("quadruped")


@pytest.fixture
def simulation(robot):
    return Simulation(robot.spec, robot.model_xml, seed=0)


def land(simulation, seconds=2.0, command=None):
    """Let the robot come to rest upright."""
    simulation.reset(pose="default")
    command = np.zeros(12) if command is None else command
    simulation.step(command, seconds)


@pytest.mark.parametrize("task", ["walk", "run"])
def test_observation_and_reward_agree_with_dm_control(robot, simulation, task):
    environment = suite.load("quadruped", task, task_kwargs={"random": 3})
    environment.reset()
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    rng = np.random.default_rng(0)
    hinges = [
        f"{part}_{leg}"
        for leg in ("front_left", "front_right", "back_right", "back_left")
        for part in ("yaw", "pitch", "knee", "ankle")
    ]
    for _ in range(60):
        step = environment.step(rng.uniform(-0.8, 0.8, 12))
        data = environment.physics.data
        physics = np.concatenate([data.qpos, data.qvel])
        simulation.set_physics(physics)
        ours = assembler.observe(simulation.state())
        np.testing.assert_allclose(ours, assembler.observe_physics(data.qpos, data.qvel), atol=1e-6)
        named = environment.physics.named.data
        theirs = np.concatenate(
            [
                named.xmat["torso", ["zx", "zy", "zz"]],
                [named.xpos["torso", "z"]],
                named.qpos[hinges],
                step.observation["torso_velocity"],
                named.sensordata["imu_gyro"],
                named.qvel[hinges],
            ]
        )
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        egocentric = np.concatenate([ours[4:20], ours[26:42]])
        np.testing.assert_allclose(egocentric, step.observation["egocentric_state"][:32], atol=1e-5)
        features = robot.features(simulation.model, physics[None])
        assert robot.tasks[task](features)[0] == pytest.approx(step.reward, abs=1e-5)


def test_commands_move_as_dm_controls_actions_do(robot, simulation):
    """Actions are scaled to the same limits, and filters run as the suite's."""
    environment = suite.load("quadruped", "run", task_kwargs={"random": 5})
    environment.reset()
    bounds = environment.action_spec()
    data = environment.physics.data
    simulation.set_physics(np.concatenate([data.qpos, data.qvel]))
    simulation.data.act[:] = data.act
    rng = np.random.default_rng(1)
    for _ in range(25):
        action = rng.uniform(-1, 1, 12)
        command = robot.spec.scale_action(action)
        assert np.all((command >= bounds.minimum) & (command <= bounds.maximum))
        environment.step(command)
        simulation.step(command)
    np.testing.assert_allclose(simulation.data.qpos, data.qpos, atol=1e-6)


def test_a_drive_goes_where_it_is_told(robot, simulation):
    for i, name in enumerate(robot.spec.command_names):
        command = np.zeros(12)
        command[i] = 0.3
        simulation.reset(pose="default")
        simulation.data.qpos[2] = 3.0  # in the air, where nothing holds the legs back
        mujoco.mj_forward(simulation.model, simulation.data)
        simulation.step(command, 0.6)
        driven = robot.spec.driven(simulation.state().joint_positions)
        assert np.argmax(np.abs(driven)) == i, name
        assert driven[i] == pytest.approx(0.3, abs=0.05), name


def test_a_restored_state_holds_its_legs(robot, simulation):
    """Pins a defect: with zero activations the legs snapped back towards the default pose."""
    raised = np.tile([0.4, 0.5, 0.3], 4)
    land(simulation, command=raised)
    joints = simulation.state().joint_positions.copy()
    other = Simulation(robot.spec, robot.model_xml)
    other.set_physics(simulation.physics())
    other.step(robot.spec.driven(joints))
    assert np.abs(other.state().joint_positions - joints).max() < 0.02
    other.set_physics(simulation.physics())
    other.data.act[:] = 0.0
    other.step(robot.spec.driven(joints))
    assert np.abs(other.state().joint_positions - joints).max() > 0.05


def test_held_it_comes_to_rest(robot, simulation):
    simulation.step(np.zeros(12), 6.0)
    late = []
    for _ in range(50):
        simulation.step(np.zeros(12))
        late.append(np.abs(simulation.state().joint_velocities).max())
    assert max(late) < 0.05


def test_random_starts_touch_nothing_and_differ(robot, simulation):
    ups = []
    for _ in range(20):
        simulation.reset()
        assert simulation.data.ncon == 0
        ups.append(rotate_inverse(simulation.state().base_orientation, np.array([0, 0, 1.0])))
        assert 0.2 < simulation.state().base_position[2] < 2.5
    ups = np.array(ups)
    assert ups[:, 2].min() < -0.3 < 0.3 < ups[:, 2].max()


def test_observation_does_not_depend_on_heading_or_place(robot, simulation):
    assembler = ObservationAssembler(robot.spec, robot.model_xml)
    for _ in range(20):
        simulation.step(robot.spec.scale_action(np.sin(np.arange(12.0))))
    before = assembler.observe(simulation.state())
    physics = simulation.physics()
    turn = np.array([np.cos(0.6), 0, 0, np.sin(0.6)])
    quaternion, velocity = np.zeros(4), np.zeros(3)
    mujoco.mju_mulQuat(quaternion, turn, physics[3:7])
    mujoco.mju_rotVecQuat(velocity, physics[23:26], turn)
    physics[3:7], physics[23:26] = quaternion, velocity
    physics[:2] += 7.0
    simulation.set_physics(physics)
    np.testing.assert_allclose(assembler.observe(simulation.state()), before, atol=1e-5)


def test_poses_earn_what_they_show(robot, simulation):
    land(simulation)
    standing = simulation.physics()
    on_its_back, flying, forward, reared = (standing.copy() for _ in range(4))
    on_its_back[3:7], on_its_back[2] = (0, 1, 0, 0), 0.2
    flying[2] = 2.0
    forward[3:7] = (np.cos(0.7), 0, 0, np.sin(0.7))
    forward[23:26] = rotate(np.array([0, 0, np.sin(0.7), np.cos(0.7)]), np.array([5.0, 0, 0]))
    reared[3:7], reared[2] = (np.cos(-0.6), 0, np.sin(-0.6), 0), 0.75
    lying = standing.copy()
    lying[2] = 0.19
    states = np.stack([standing, on_its_back, flying, forward, reared, lying])
    features = robot.features(simulation.model, states)
    reward = {task: robot.tasks[task](features) for task in robot.tasks}
    assert reward["stand"][0] > 0.98 > 0.1 > reward["stand"][1]
    assert reward["jump"].argmax() == 2
    assert reward["run"].argmax() == 3
    assert reward["run"][3] == pytest.approx(1.0, abs=0.02)
    assert reward["run"][0] == pytest.approx(0.5, abs=0.02)
    assert reward["two_legs"].argmax() == 4
    assert reward["lie_down"][5] == pytest.approx(1.0)
    assert reward["lie_down"][0] < 0.5

"""The simulated robot: physics, seeds, units and coordinates."""

import mujoco
import numpy as np
import pytest

from rlzero_ros.errors import RobotError
from rlzero_ros.robots.coordinates import Coordinates
from rlzero_ros.robots.observation import load_model
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation
from rlzero_ros.robots.spec import BaseSpec, CommandSpec, ObservationTerm, RobotSpec
from rlzero_ros.robots.state import rotate, rotate_inverse, wxyz_from_xyzw, xyzw_from_wxyz


@pytest.fixture(scope="module")
def robot():
    return load_robot("walker")


def test_without_commands_the_robot_falls(robot):
    simulation = Simulation(robot.spec, robot.model_xml, seed=0)
    for _ in range(120):
        simulation.step(np.zeros(6))
    assert simulation.state().base_position[2] < 0.6
    assert simulation.time_s == pytest.approx(3.0)


def test_torque_bends_the_joint_that_it_names(robot):
    simulation = Simulation(robot.spec, robot.model_xml)
    for joint in range(6):
        simulation.reset(pose="default")
        command = np.zeros(6)
        command[joint] = robot.spec.command.lower[joint]
        simulation.step(command, 0.01)
        assert np.argmax(np.abs(simulation.state().joint_velocities)) == joint


def test_a_seed_gives_one_start_and_another_seed_another(robot):
    poses = [Simulation(robot.spec, robot.model_xml, seed).physics() for seed in (1, 1, 2)]
    np.testing.assert_array_equal(poses[0], poses[1])
    assert not np.allclose(poses[0], poses[2])


@pytest.mark.parametrize("command", [np.full(6, np.nan), np.zeros(5), np.full(6, np.inf)])
def test_bad_commands_are_refused(robot, command):
    simulation = Simulation(robot.spec, robot.model_xml)
    with pytest.raises(RobotError, match="finite"):
        simulation.step(command)


def test_states_and_coordinates_are_inverse(robot):
    simulation = Simulation(robot.spec, robot.model_xml, seed=4)
    for _ in range(10):
        simulation.step(np.array(robot.spec.command.upper))
    coordinates = Coordinates(robot.spec, simulation.model)
    qpos, qvel = coordinates.to_qpos_qvel(simulation.state())
    np.testing.assert_allclose(qvel, simulation.data.qvel, atol=1e-12)
    turn = 2 * np.pi * np.round((qpos - simulation.data.qpos) / (2 * np.pi))
    np.testing.assert_allclose(qpos - turn, simulation.data.qpos, atol=1e-9)


def test_a_free_base_uses_world_velocity_body_rates_and_xyzw():
    model_xml = """<mujoco><worldbody><body name="box" pos="0 0 1"><freejoint/>
      <geom size=".1"/><body><joint name="arm"/><geom size=".05"/></body></body></worldbody>
      <actuator><motor joint="arm" gear="2"/></actuator></mujoco>"""
    spec = RobotSpec(
        name="box",
        joint_names=("arm",),
        control_period_s=0.02,
        base=BaseSpec("free", "box"),
        command=CommandSpec(
            "effort", "effort", "float64_multi_array", (-2.0,), (2.0,), (10.0,), (1.0,)
        ),
        observation=(ObservationTerm("joint_velocities", ("arm",)),),
        velocity_limit=(5.0,),
    )
    model = load_model(model_xml)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    quaternion = rng.normal(size=4)
    data.qpos[3:7] = quaternion / np.linalg.norm(quaternion)
    data.qvel[:] = rng.normal(size=7)
    coordinates = Coordinates(spec, model)
    state = coordinates.to_state(data.qpos, data.qvel, 0.0)
    np.testing.assert_allclose(state.base_orientation[3], data.qpos[3])
    body_y = rotate(state.base_orientation, np.array([0.0, 1.0, 0.0]))
    mujoco.mj_kinematics(model, data)
    np.testing.assert_allclose(body_y, data.xmat[1].reshape(3, 3)[:, 1], atol=1e-9)
    qpos, qvel = coordinates.to_qpos_qvel(state)
    np.testing.assert_allclose(qpos, data.qpos)
    np.testing.assert_allclose(qvel, data.qvel)


def test_quaternion_orders_and_rotations_are_inverse():
    rng = np.random.default_rng(1)
    for _ in range(20):
        q = rng.normal(size=4)
        q /= np.linalg.norm(q)
        v = rng.normal(size=3)
        np.testing.assert_allclose(xyzw_from_wxyz(wxyz_from_xyzw(q)), q)
        np.testing.assert_allclose(rotate_inverse(q, rotate(q, v)), v, atol=1e-12)


def test_a_broken_model_is_refused_with_mujocos_reason():
    with pytest.raises(RobotError, match="MJCF"):
        load_model("<mujoco><nonsense/></mujoco>")

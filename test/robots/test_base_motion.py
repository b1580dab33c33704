"""How a base moves, read from physics, agrees with what sensors would say."""

import numpy as np
import pytest

from rlzero_ros.robots.base_motion import BaseMotion
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation
from rlzero_ros.robots.state import rotate, rotate_inverse


@pytest.mark.parametrize("name", ["walker", "cheetah", "quadruped"])
def test_physics_and_state_tell_the_same(name):
    robot = load_robot(name)
    simulation = Simulation(robot.spec, robot.model_xml, seed=0)
    motion = BaseMotion(robot.spec, simulation.model)
    rng = np.random.default_rng(0)
    states, physics = [], []
    for _ in range(40):
        simulation.step(robot.spec.scale_action(rng.uniform(-1, 1, robot.spec.action_dim)))
        states.append(simulation.state())
        physics.append(simulation.physics())
    rows = np.array(physics).reshape(4, 10, -1)  # any leading shape

    def flat(values):
        return values.reshape(40, *values.shape[2:])

    heights = np.array([s.base_position[2] for s in states])
    np.testing.assert_allclose(np.diff(flat(motion.height(rows))), np.diff(heights), atol=1e-12)
    up = np.array([rotate(s.base_orientation, np.array([0, 0, 1.0]))[2] for s in states])
    np.testing.assert_allclose(np.cos(flat(motion.tilt(rows))), up, atol=1e-9)
    linear = np.array([s.base_linear_velocity for s in states])
    np.testing.assert_allclose(flat(motion.speed(rows)), np.abs(linear).max(1), atol=1e-12)
    if robot.spec.base.kind == "free":
        turned = [rotate_inverse(s.base_orientation, s.base_linear_velocity) for s in states]
        linear = np.array(turned)
    np.testing.assert_allclose(flat(motion.forward_speed(rows)), linear[:, 0], atol=1e-9)
    turning = np.abs([s.base_angular_velocity for s in states]).max(1)
    np.testing.assert_allclose(flat(motion.turn_rate(rows)), turning, atol=1e-12)
    joints = np.abs([s.joint_velocities for s in states])
    np.testing.assert_allclose(flat(motion.joint_speeds(rows)), joints, atol=1e-12)

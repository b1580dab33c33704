"""A robot that is held by damping comes to rest.

Pins a defect: damping of 5 N·m·s/rad at 40 Hz kept the walker's legs shaking at 3 rad/s for ever.
"""

import numpy as np
import pytest

from rlzero_ros.robots.registry import load_robot, robot_names
from rlzero_ros.robots.simulation import Simulation

EFFORT = [n for n in robot_names() if load_robot(n).spec.command.interface == "effort"]


@pytest.mark.parametrize("name", EFFORT)
def test_damping_brings_the_robot_to_rest(name):
    robot = load_robot(name)
    command = robot.spec.command
    simulation = Simulation(robot.spec, robot.model_xml, seed=0)
    period = robot.spec.control_period_s
    late = []
    for step in range(round(8.0 / period)):
        torque = -np.array(command.hold_damping) * simulation.state().joint_velocities
        simulation.step(np.clip(torque, command.lower, command.upper))
        if step * period > 6.0:
            late.append(np.abs(simulation.state().joint_velocities).max())
    assert max(late) < 0.3

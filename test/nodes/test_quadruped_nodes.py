"""A robot with a free base and more joints than commands, through the real nodes."""

import time

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from rlzero_ros.msg import PolicyStatus
from rlzero_ros.robots.registry import load_robot


def test_a_quadruped_is_driven_and_held(node_process, make_bundle, operator, ros_node, wait_until):
    robot = load_robot("quadruped")
    joints, odometry, commands = [], [], []
    ros_node.create_subscription(JointState, "joint_states", joints.append, qos_profile_sensor_data)
    ros_node.create_subscription(Odometry, "odom", odometry.append, qos_profile_sensor_data)
    ros_node.create_subscription(
        Float64MultiArray,
        robot.spec.command.topic,
        lambda message: commands.append((time.monotonic(), np.array(message.data))),
        QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE),
    )
    simulator = node_process("mujoco_node", parameters={"robot": "quadruped"})
    bundle = make_bundle(robot.spec, model=robot.model_xml)
    policy = node_process("policy_node", parameters={"bundle": bundle, "dry_run": False})
    simulator.wait_for_log("activate done", 60.0)
    policy.wait_for_log("activate done", 60.0)
    wait_until(lambda: joints and odometry and operator.statuses, 20.0, "the robot's states")
    assert tuple(joints[-1].name) == robot.spec.joint_names
    assert len(joints[-1].position) == len(joints[-1].velocity) == 16
    assert 0.2 < odometry[-1].pose.pose.position.z < 1.0

    operator.run()
    before = robot.spec.driven(np.array(joints[-1].position))
    time.sleep(1.5)
    driven = np.array([command for _, command in commands])
    assert driven.shape[1] == 12
    # It begins where the robot stood, then does what the untrained policy says.
    assert np.abs(driven[0] - before).max() < 0.3
    assert np.abs(driven[-1] - driven[0]).max() > 0.02
    assert np.all(driven >= robot.spec.command.lower)
    assert np.all(driven <= robot.spec.command.upper)

    operator.stop()
    wait_until(lambda: operator.status.guard_state == PolicyStatus.STOPPED, 5.0, "the stop")
    time.sleep(1.5)
    held = np.array([command for _, command in commands[-20:]])
    np.testing.assert_array_equal(held, np.repeat(held[-1:], 20, axis=0))
    reached = robot.spec.driven(np.array(joints[-1].position))
    # Held against its own weight, a position actuator gives way a little.
    np.testing.assert_allclose(reached, held[-1], atol=0.25)

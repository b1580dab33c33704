"""The policy node and the simulator: what happens when the robot vanishes and comes back."""

import time

import numpy as np
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Float64MultiArray

from rlzero_ros.msg import PolicyStatus
from rlzero_ros.robots.walker import SPEC


def test_a_killed_simulator_stops_the_policy_and_a_new_one_does_not_move_until_armed(
    node_process, make_bundle, operator, ros_node, wait_until
):
    commands = []
    ros_node.create_subscription(
        Float64MultiArray,
        SPEC.command.topic,
        lambda message: commands.append((time.monotonic(), np.array(message.data))),
        QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE),
    )
    simulator = node_process("mujoco_node")
    policy = node_process(
        "policy_node",
        parameters={"bundle": make_bundle(), "dry_run": False, "new_stamps_only": False},
    )
    policy.wait_for_log("activate done", 60.0)
    simulator.wait_for_log("activate done", 60.0)
    time.sleep(0.5)
    operator.run()
    time.sleep(0.5)
    killed_s = time.monotonic()
    simulator.kill()
    wait_until(lambda: operator.status.guard_state == PolicyStatus.STOPPED, 5.0, "the stop")
    assert operator.status.stop_reason.startswith("stale state")
    time.sleep(0.3)
    moving = [at for at, command in commands if np.any(command != 0.0)]
    # 100 ms, a period, and the way of the last states and of the first zero command.
    assert max(moving) - killed_s < 0.1 + 0.025 + 0.03

    again = node_process("mujoco_node")
    again.wait_for_log("activate done", 60.0)
    time.sleep(0.5)
    assert not operator.arm().success
    passed = operator.counter("passed")
    limits = np.array(SPEC.command.hold_damping) * np.array(SPEC.velocity_limit)
    late = np.array([command for at, command in commands if at > killed_s + 0.3])
    assert np.all(np.abs(late) <= limits)
    time.sleep(0.5)
    assert operator.counter("passed") == passed
    assert operator.reset_stop().success
    operator.run()
    time.sleep(0.3)
    assert operator.counter("passed") > passed

"""`ros2 launch rlzero_ros sim.launch.py` for real; skipped where the launch stack is absent."""

import time

import numpy as np
import pytest

REASON = "the launch stack comes with a ROS 2 installation, not with the Python wheels"
for module in ("launch", "launch_ros", "launch_pytest"):
    pytest.importorskip(module, reason=f"no {module}: {REASON}")

import launch_pytest  # noqa: E402
from ament_index_python.packages import get_package_share_path  # noqa: E402
from launch.actions import GroupAction, IncludeLaunchDescription  # noqa: E402
from launch_pytest.actions import ReadyToTest  # noqa: E402
from lifecycle_msgs.msg import State  # noqa: E402
from lifecycle_msgs.srv import GetState  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from rcl_interfaces.srv import GetParameters  # noqa: E402
from rclpy.qos import qos_profile_sensor_data  # noqa: E402
from std_msgs.msg import Float64MultiArray, String  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402

from launch import LaunchDescription  # noqa: E402
from rlzero_ros.msg import PolicyStatus  # noqa: E402

NODES = ("mujoco_node", "policy_node", "planner_node")


def included(file, **arguments):
    path = get_package_share_path("rlzero_ros") / "launch" / file
    return GroupAction([IncludeLaunchDescription(str(path), launch_arguments=arguments.items())])


@launch_pytest.fixture
def sim():
    return LaunchDescription([included("sim.launch.py", start_paused="true"), ReadyToTest()])


@launch_pytest.fixture
def two_robots():
    left = included("sim.launch.py", namespace="left", autostart="false")
    right = included("robot.launch.py", namespace="right", autostart="false")
    return LaunchDescription([left, right, ReadyToTest()])


def call(node, wait_until, kind, name, request, timeout_s=120.0):
    client = node.create_client(kind, name)
    assert client.wait_for_service(timeout_s), f"no service {name}"
    future = client.call_async(request)
    wait_until(future.done, timeout_s, name)
    return future.result()


def state_of(node, wait_until, name):
    answer = call(node, wait_until, GetState, f"{name}/get_state", GetState.Request())
    return answer.current_state.id


@pytest.mark.launch(fixture=sim)
def test_a_published_sentence_moves_the_simulated_robot(ros_node, wait_until):
    for name in NODES:
        assert state_of(ros_node, wait_until, name) == State.PRIMARY_STATE_ACTIVE, name

    positions, commands, statuses = [], [], []
    ros_node.create_subscription(
        Odometry,
        "odom",
        lambda m: positions.append((m.pose.pose.position.x, m.pose.pose.position.z)),
        qos_profile_sensor_data,
    )
    ros_node.create_subscription(
        Float64MultiArray, "effort_controller/commands", commands.append, 10
    )
    ros_node.create_subscription(
        PolicyStatus, "policy_status", statuses.append, qos_profile_sensor_data
    )
    answer = call(ros_node, wait_until, SetBool, "arm", SetBool.Request(data=True))
    assert answer.success, answer.message
    wait_until(lambda: statuses and statuses[-1].guard_state == PolicyStatus.RUNNING, 10.0)
    call(ros_node, wait_until, SetBool, "pause", SetBool.Request(data=False))

    sentences = ros_node.create_publisher(String, "language_command", 1)
    wait_until(sentences.get_subscription_count, 10.0, "a planner that listens")
    sentences.publish(String(data="walk forward"))
    wait_until(lambda: statuses[-1].command == "walk forward", 20.0, "a plan that is acted on")
    commands.clear()
    begin = positions[-1]
    time.sleep(4.0)
    assert len(commands) > 100, "joint commands at 40 Hz"
    assert np.abs(np.array([m.data for m in commands])).max() > 1.0
    assert np.linalg.norm(np.subtract(positions[-1], begin)) > 0.2, "it did not move"
    assert statuses[-1].guard_state == PolicyStatus.RUNNING, statuses[-1].stop_reason


@pytest.mark.launch(fixture=two_robots)
def test_two_namespaces_are_two_robots_and_autostart_can_be_left_out(ros_node, wait_until):
    for name in (*(f"/left/{n}" for n in NODES), "/right/policy_node", "/right/planner_node"):
        assert state_of(ros_node, wait_until, name) == State.PRIMARY_STATE_UNCONFIGURED, name
    dry = {}
    for side in ("left", "right"):
        request = GetParameters.Request(names=["dry_run"])
        name = f"/{side}/policy_node/get_parameters"
        answer = call(ros_node, wait_until, GetParameters, name, request)
        dry[side] = answer.values[0].bool_value
    assert dry == {"left": False, "right": True}, "only the simulated robot may move by default"

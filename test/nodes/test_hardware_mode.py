"""policy_node as on hardware, with the fake hardware as its robot: real processes, real bundle."""

import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nav_msgs.msg import Odometry
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import Float64MultiArray

from rlzero_ros.msg import PolicyStatus
from rlzero_ros.nodes.policy_parameters import PARAMETERS
from rlzero_ros.robots.walker import SPEC

CONFIG = Path(__file__).parents[2] / "config/policy_fake_hardware.yaml"
SOFT_JOINTS = yaml.safe_load(CONFIG.read_text())["/**/policy_node"]["ros__parameters"]
BAD_WIRES = {
    "joint_order": "shuffled",
    "extra_joints": 2,
    "latency_s": 0.01,
    "jitter_s": 0.004,
    "drop_rate": 0.02,
    "seed": 1,
}


@pytest.fixture
def call(ros_node, wait_until):
    """call(kind, name, request): the answer of a service."""

    def ask(kind, name, request):
        client = ros_node.create_client(kind, name)
        assert client.wait_for_service(20.0), name
        time.sleep(0.2)  # until whoever answers knows this client too
        future = client.call_async(request)
        wait_until(future.done, 60.0, name)
        return future.result()

    return ask


@pytest.fixture
def set_parameter(call):
    """set_parameter(node, name, value): the SetParametersResult."""

    def set_it(node, name, value):
        if isinstance(value, bool):
            kind = {"type": ParameterType.PARAMETER_BOOL, "bool_value": value}
        elif isinstance(value, float):
            kind = {"type": ParameterType.PARAMETER_DOUBLE, "double_value": value}
        else:
            kind = {"type": ParameterType.PARAMETER_STRING, "string_value": value}
        parameter = Parameter(name=name, value=ParameterValue(**kind))
        request = SetParameters.Request(parameters=[parameter])
        return call(SetParameters, f"{node}/set_parameters", request).results[0]

    return set_it


def test_the_shipped_walker_stands_dry_then_armed_and_stops_when_a_sensor_ends(
    node_process, operator, ros_node, wait_until, call, set_parameter
):
    assert PARAMETERS["dry_run"][0] is True, "hardware starts in a dry run"
    heights, commands = [], []
    policy = node_process("policy_node", parameters=SOFT_JOINTS)
    hardware = node_process("fake_hardware_node", parameters=BAD_WIRES)
    hardware.wait_for_log("activate done", 60.0)
    policy.wait_for_log("activate done", 60.0)
    ros_node.create_subscription(
        Odometry,
        "odom",
        lambda message: heights.append(message.pose.pose.position.z),
        qos_profile_sensor_data,
    )
    ros_node.create_subscription(Float64MultiArray, SPEC.command.topic, commands.append, 100)
    wait_until(lambda: operator.statuses and heights, 20.0, "policy_status and odom")

    operator.run()
    operator.wait_for(lambda _: operator.counter("passed") > 40, "a policy that acts")
    status = operator.status
    assert status.dry_run
    assert np.abs(status.joint_command).max() > 0.0
    assert np.all(np.abs(status.joint_command) <= SPEC.command.upper)
    assert commands == []
    assert heights[-1] == pytest.approx(1.3, abs=0.01), "the gantry let go without a command"

    def change(*transitions):
        for name in transitions:
            request = ChangeState.Request()
            request.transition.id = getattr(Transition, f"TRANSITION_{name}")
            assert call(ChangeState, "policy_node/change_state", request).success, name

    assert not set_parameter("policy_node", "dry_run", False).successful, "it is being driven"
    change("DEACTIVATE", "CLEANUP")
    assert set_parameter("policy_node", "dry_run", False).successful
    change("CONFIGURE", "ACTIVATE")
    # With all of the 10 ms, it falls where the machine adds 6: of 20 trials in simulation 9.
    assert set_parameter("fake_hardware_node", "latency_s", 0.004).successful
    operator.run()
    wait_until(lambda: commands, 5.0, "the first command")
    time.sleep(3.0)
    assert operator.status.guard_state == PolicyStatus.RUNNING, operator.status.stop_reason
    assert min(heights[-200:]) > 0.9, "it does not stand: are its joints mixed up?"

    assert "choose of" in set_parameter("fake_hardware_node", "silent", "lidar").reason
    assert set_parameter("fake_hardware_node", "silent", "imu").successful
    operator.wait_for(lambda s: s.guard_state == PolicyStatus.STOPPED, "the stop")
    assert "imu" in operator.status.stop_reason
    policy.stop()
    assert list(commands[-1].data) == [0.0] * 6, "a forward controller repeats this for ever"

"""An operator may change the QoS of topics, within reason."""

import numpy as np
import pytest
from rcl_interfaces.srv import DescribeParameters
from rclpy.qos import QoSProfile, ReliabilityPolicy

from rlzero_ros.robots.walker import SPEC

COMMANDS = f"/{SPEC.command.topic}"


@pytest.fixture
def overrides(tmp_path):
    """overrides(topic, role, **policies): the arguments that a launch file would pass."""

    def write(topic, role, **policies):
        lines = ["/**:", "  ros__parameters:", "    qos_overrides:", f"      {topic}:"]
        lines += [f"        {role}:", *(f"          {k}: {v}" for k, v in policies.items())]
        path = tmp_path / "qos.yaml"
        path.write_text("\n".join(lines) + "\n")
        return ["--ros-args", "--params-file", str(path)]

    return write


def test_overrides_are_taken_and_described(
    node_process, make_bundle, overrides, ros_node, wait_until
):
    arguments = overrides(COMMANDS, "publisher", reliability="best_effort", depth=3)
    node = node_process("policy_node", parameters={"bundle": make_bundle()}, arguments=arguments)
    node.wait_for_log("activate done", 60.0)
    found = []

    def look():
        found[:] = ros_node.get_publishers_info_by_topic(COMMANDS)
        return found

    wait_until(look, 10.0, "the publisher of commands")
    assert found[0].qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    inputs = ros_node.get_subscriptions_info_by_topic("/joint_states")
    assert inputs[0].qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    client = ros_node.create_client(DescribeParameters, "policy_node/describe_parameters")
    assert client.wait_for_service(10.0)
    names = [f"qos_overrides.{COMMANDS}.publisher.depth", "qos_overrides./plan.subscription.depth"]
    future = client.call_async(DescribeParameters.Request(names=names))
    wait_until(future.done, 10.0, "an answer")
    for descriptor in future.result().descriptors:
        assert descriptor.read_only
        assert descriptor.description


def test_an_endless_queue_is_refused_in_words(node_process, make_bundle, overrides):
    arguments = overrides("/joint_states", "subscription", history="keep_all")
    node = node_process("policy_node", parameters={"bundle": make_bundle()}, arguments=arguments)
    node.wait_for_log("history must be keep_last and depth 1 to 1000", 60.0)
    node.wait_for_log("unconfigured", 5.0)
    assert "Traceback" not in node.read_log()


def test_what_one_topic_is_given_does_not_reach_another():
    # rclpy writes overrides into the profile that it is given; the constants are shared.
    from rlzero_ros.nodes import entities

    own = entities._copy(entities.SENSOR_DATA)
    own.depth = 77
    assert entities.SENSOR_DATA.depth != 77
    assert isinstance(own, QoSProfile)
    assert np.all([getattr(own, n) == getattr(entities.SENSOR_DATA, n) for n in ("reliability",)])

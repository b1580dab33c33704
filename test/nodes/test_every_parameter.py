"""Every parameter that any of our nodes declares explains itself, and every number has a range."""

import importlib
import inspect
from pathlib import Path

import pytest
import rclpy
from rcl_interfaces.msg import ParameterType
from rclpy.node import Node

import rlzero_ros.nodes
from rlzero_ros.nodes.lifecycle import ManagedNode

FOLDER = Path(rlzero_ros.nodes.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*_node.py"))
NUMBERS = {
    ParameterType.PARAMETER_INTEGER: "integer_range",
    ParameterType.PARAMETER_DOUBLE: "floating_point_range",
}


def node_class(name):
    module = importlib.import_module(f"rlzero_ros.nodes.{name}")
    classes = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Node) and kind.__module__ == module.__name__
    ]
    assert len(classes) == 1, f"{name} has {len(classes)} nodes"
    return classes[0]


@pytest.fixture
def context(tmp_path):
    recording = tmp_path / "recording.mcap"
    rclpy.init(args=["--ros-args", "-p", f"file:={recording}"])
    yield
    rclpy.try_shutdown()


def test_these_are_our_nodes():
    assert {"mujoco_node", "planner_node", "policy_node"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_have_a_description_and_numbers_a_range(name, context):
    node = node_class(name)()
    try:
        declared = node.get_parameters_by_prefix("")
        assert "use_sim_time" in declared
        assert "autostart" in declared or not isinstance(node, ManagedNode)
        for descriptor in node.describe_parameters(list(declared)):
            assert len(descriptor.description) > 5, descriptor.name
            if descriptor.type in NUMBERS:
                ranges = getattr(descriptor, NUMBERS[descriptor.type])
                assert len(ranges) == 1, f"{descriptor.name} has no range"
                value = node.get_parameter(descriptor.name).value
                assert ranges[0].from_value <= value <= ranges[0].to_value, descriptor.name
    finally:
        node.destroy_node()

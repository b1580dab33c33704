"""Commands as messages, and back as the simulator reads them."""

import dataclasses

import numpy as np
import pytest
from builtin_interfaces.msg import Time

from rlzero_ros.nodes.command_messages import command_message_maker
from rlzero_ros.nodes.read_command import COMMAND_TYPES, read_command
from rlzero_ros.robots.spec import COMMAND_INTERFACES, COMMAND_MESSAGES
from rlzero_ros.robots.walker import SPEC


@pytest.mark.parametrize("interface", COMMAND_INTERFACES)
@pytest.mark.parametrize("message", COMMAND_MESSAGES)
def test_what_is_written_is_what_is_read(interface, message):
    command = dataclasses.replace(SPEC.command, interface=interface, message=message)
    spec = dataclasses.replace(SPEC, command=command)
    kind, make = command_message_maker(spec)
    assert kind is COMMAND_TYPES[message]
    values = np.random.default_rng(0).normal(size=6)
    made = make(values, Time(sec=7))
    assert isinstance(made, kind)
    np.testing.assert_array_equal(read_command(made, spec), values)


def test_a_trajectory_ends_when_the_next_command_comes():
    command = dataclasses.replace(SPEC.command, interface="position", message="joint_trajectory")
    _, make = command_message_maker(dataclasses.replace(SPEC, command=command))
    message = make(np.zeros(6), Time(sec=7))
    assert message.joint_names == list(SPEC.joint_names)
    assert message.points[0].time_from_start.nanosec == 25_000_000
    assert message.header.stamp == Time()

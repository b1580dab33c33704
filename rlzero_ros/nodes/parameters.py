"""Declaring parameters with a description and a range, as `ros2 param describe` shows them."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, ParameterType
from rclpy.node import Node


def declare(
    node: Node,
    name: str,
    default: bool | int | float | str | list[str],
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """Declare a parameter and return its value: the override if there is one, else the default.

    A number gets the range [minimum, maximum] when both are given, in the unit that the
    description names; rclpy refuses a value outside it.
    """
    descriptor = ParameterDescriptor(name=name, description=description)
    if minimum is not None and maximum is not None:
        if isinstance(default, float):
            bounds = FloatingPointRange(from_value=float(minimum), to_value=float(maximum))
            descriptor.floating_point_range = [bounds]
        else:
            whole = IntegerRange(from_value=int(minimum), to_value=int(maximum), step=1)
            descriptor.integer_range = [whole]
    return node.declare_parameter(name, default, descriptor).value


def describe_use_sim_time(node: Node) -> None:
    """Give the parameter that rclpy declares by itself the description that it lacks."""
    descriptor = ParameterDescriptor(
        type=ParameterType.PARAMETER_BOOL,
        description="Take the time from /clock instead of the system",
    )
    node.set_descriptor("use_sim_time", descriptor)

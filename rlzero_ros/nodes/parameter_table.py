"""A node's parameters as one table: name to default, description and, for numbers, the range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rclpy.node import Node

from .parameters import declare

Row = tuple[Any, str] | tuple[Any, str, float, float]


def declare_table(node: Node, table: Mapping[str, Row]) -> None:
    """Declare every parameter of the table."""
    for name, (default, description, *bounds) in table.items():
        minimum, maximum = bounds or (None, None)
        declare(node, name, default, description, minimum=minimum, maximum=maximum)


def read_table(node: Node, table: Mapping[str, Row]) -> dict[str, Any]:
    """The present value of every parameter of the table."""
    return {name: node.get_parameter(name).value for name in table}

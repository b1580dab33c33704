"""A plain rclpy node, as another program on the robot would have, spun in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from rlzero_ros.nodes.executor import make_executor


@contextmanager
def spinning(name: str, threads: int = 1) -> Iterator[Node]:
    """A node in a context of its own, called back in so many threads."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node(name, context=context)
    executor = make_executor(threads, context=context)  # rclpy's own may die when it is shut down
    executor.add_node(node)

    def spin() -> None:
        with suppress(ExternalShutdownException):
            executor.spin()

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield node
    finally:
        executor.shutdown()
        rclpy.shutdown(context=context)
        thread.join(5.0)
        node.destroy_node()

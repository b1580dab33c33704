"""Publishes one sentence of so many bytes: python shout.py 5000000.

A process of its own: packing megabytes would keep whoever plays the robot from playing it.
"""

from __future__ import annotations

import sys
import time

import rclpy
from std_msgs.msg import String

LINGER_S = 2.0


def main() -> None:
    """Wait for a listener, publish, and stay until it may have been received."""
    rclpy.init()
    node = rclpy.create_node("shouter")
    publisher = node.create_publisher(String, "language_command", 1)
    deadline = time.monotonic() + 30.0
    while not publisher.get_subscription_count():
        if time.monotonic() > deadline:
            sys.exit("nobody listens")
        time.sleep(0.05)
    publisher.publish(String(data="x" * int(sys.argv[1])))
    time.sleep(LINGER_S)
    rclpy.shutdown()


if __name__ == "__main__":
    main()

"""Publishes one String of so many bytes: python shout.py language_command 5000000 [--unheard].

A process of its own: packing megabytes would keep whoever plays the robot from playing it, and Fast
DDS lets no process speak two types on one topic. --unheard: nobody can hear it, wait for nobody.
"""

from __future__ import annotations

import sys
import time

import rclpy
from std_msgs.msg import String

LINGER_S = 2.0


def main() -> None:
    """Wait for a listener, publish, and stay until it may have been received."""
    topic, size, unheard = sys.argv[1], int(sys.argv[2]), "--unheard" in sys.argv[3:]
    rclpy.init()
    node = rclpy.create_node("shouter")
    publisher = node.create_publisher(String, topic, 1)
    deadline = time.monotonic() + 30.0
    while not unheard and not publisher.get_subscription_count():
        if time.monotonic() > deadline:
            sys.exit("nobody listens")
        time.sleep(0.05)
    publisher.publish(String(data="x" * size))
    time.sleep(LINGER_S)
    rclpy.shutdown()


if __name__ == "__main__":
    main()

"""What the robot publishes is kept while somebody asks what the newest is."""

import threading
import time

from nav_msgs.msg import Odometry
from rclpy.qos import qos_profile_sensor_data

from rlzero_ros.nodes.state_recorder import StateRecorder
from rlzero_ros.robots.walker import SPEC


def test_the_newest_can_be_asked_for_while_others_come(ros_node, hasty, wait_until):
    """The defect: a run ended with "dictionary changed size during iteration", once in hundreds."""
    recorder = StateRecorder(ros_node, SPEC)
    publisher = ros_node.create_publisher(Odometry, "odom", qos_profile_sensor_data)
    assert recorder.latest_s is None
    wait_until(publisher.get_subscription_count, 10.0, "the recorder")
    ended = threading.Event()

    def publish():
        message = Odometry()
        while not ended.is_set():
            message.header.stamp.nanosec += 1000
            publisher.publish(message)

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    try:
        wait_until(lambda: recorder.latest_s is not None, 10.0, "odometry")
        until, latest_s = time.monotonic() + 2.0, 0.0
        while time.monotonic() < until:
            assert recorder.latest_s >= latest_s
            latest_s = recorder.latest_s
    finally:
        ended.set()
        thread.join()
    assert latest_s > 0.0

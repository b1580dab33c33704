"""Two robots in one graph, each in its namespace: neither hears what is said to the other."""

import time

import pytest
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger

from rlzero_ros.msg import PolicyStatus
from rlzero_ros.robots.walker import SPEC


class Robot:
    """A simulator and a policy node in a namespace, and what they say."""

    def __init__(self, name, node_process, node, bundle, clock_rate_hz):
        self.name, self._node = name, node
        namespace = f"/{name}"
        options = {"clock_rate_hz": clock_rate_hz, "start_paused": True}
        self.simulator = node_process("mujoco_node", parameters=options, namespace=namespace)
        options = {
            "bundle": bundle,
            "dry_run": False,
            "new_stamps_only": False,
            "preflight": False,  # a paused simulator's stamps stand still
            "use_sim_time": True,
            "engage_s": 0.1,
            "joint_velocity_stop": 0.0,
            "joint_margin_stop": 0.0,
        }
        self.policy = node_process("policy_node", parameters=options, namespace=namespace)
        self.status, self.commands = None, []
        node.create_subscription(
            PolicyStatus, f"{namespace}/policy_status", self._on_status, qos_profile_sensor_data
        )
        topic = f"{namespace}/{SPEC.command.topic}"
        node.create_subscription(Float64MultiArray, topic, self._on_command, 10)

    def _on_status(self, message):
        self.status = message

    def _on_command(self, message):
        self.commands.append(message)

    def is_in(self, state):
        return self.status is not None and self.status.guard_state == state

    def call(self, kind, service, request, wait_until):
        client = self._node.create_client(kind, f"/{self.name}/{service}")
        assert client.wait_for_service(30.0)
        time.sleep(0.2)  # until whoever answers knows this client too
        future = client.call_async(request)
        wait_until(future.done, 10.0, service)
        return future.result()


@pytest.fixture
def robots(node_process, ros_node, make_bundle, wait_until):
    bundle = make_bundle()
    both = [
        Robot("left", node_process, ros_node, bundle, 50.0),
        Robot("right", node_process, ros_node, bundle, 0.0),
    ]
    for robot in both:
        robot.simulator.wait_for_log("activate done", 90.0)
        robot.policy.wait_for_log("activate done", 90.0)
        wait_until(lambda r=robot: r.status is not None, 10.0, robot.name)
    return both


def test_two_robots_in_one_graph(robots, wait_until):
    left, right = robots
    arm = SetBool.Request(data=True)
    wait_until(
        lambda: left.call(SetBool, "arm", arm, wait_until).success, 10.0, "the left robot's states"
    )
    wait_until(lambda: left.is_in(PolicyStatus.RUNNING), 5.0, "a running left robot")
    # Its simulator may be slower than the clock on the wall.
    wait_until(lambda: len(left.commands) > 10, 10.0, "the left robot's commands")
    time.sleep(0.5)
    assert right.is_in(PolicyStatus.DISARMED)
    assert right.commands == []

    wait_until(
        lambda: right.call(SetBool, "arm", arm, wait_until).success,
        10.0,
        "the right robot's states",
    )
    wait_until(lambda: right.is_in(PolicyStatus.RUNNING), 5.0, "a running right robot")
    assert left.call(Trigger, "stop", Trigger.Request(), wait_until).success
    wait_until(lambda: left.is_in(PolicyStatus.STOPPED), 2.0, "a stopped left robot")
    time.sleep(0.3)
    assert right.is_in(PolicyStatus.RUNNING)

    left.simulator.kill()
    # What it said before it was killed may still be on its way.
    time.sleep(0.5)
    so_far = len(right.commands)
    wait_until(lambda: len(right.commands) > so_far + 10, 10.0, "the right robot's commands")
    assert right.is_in(PolicyStatus.RUNNING), right.status.stop_reason
    right.simulator.kill()
    wait_until(lambda: right.is_in(PolicyStatus.STOPPED), 5.0, "a stopped right robot")

"""The simulator as another program on the robot sees it."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from nav_msgs.msg import Odometry
from rclpy.qos import qos_profile_sensor_data
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger

from rlzero_ros.nodes.mujoco_parameters import PARAMETERS

TOPICS = {"joint_states": JointState, "imu": Imu, "odom": Odometry, "/clock": Clock}
COMMANDS = "effort_controller/commands"


class Observer:
    """Everything that the simulator says, with the time of receipt."""

    def __init__(self, node, prefix=""):
        self.received = {topic: [] for topic in TOPICS}
        for topic, kind in TOPICS.items():
            name = topic if topic.startswith("/") else prefix + topic
            node.create_subscription(
                kind,
                name,
                lambda message, topic=topic: self.received[topic].append(
                    (time.monotonic(), message)
                ),
                qos_profile_sensor_data,
            )

    def last(self, topic):
        return self.received[topic][-1][1] if self.received[topic] else None

    def joint_positions(self):
        return np.array(self.last("joint_states").position)

    def height(self):
        return self.last("odom").pose.pose.position.z


@pytest.fixture
def simulator(node_process, ros_node, wait_until):
    """A running simulator with these parameters, and what it says."""

    def start(**parameters):
        process = node_process("mujoco_node", parameters=parameters)
        observer = Observer(ros_node)
        wait_until(lambda: all(observer.received.values()), 30.0, "every topic of the simulator")
        return process, observer

    return start


def call(node, kind, name, request, wait_until):
    client = node.create_client(kind, name)
    assert client.wait_for_service(10.0)
    time.sleep(0.2)  # until whoever answers knows this client too
    future = client.call_async(request)
    wait_until(future.done, 10.0, f"an answer of {name}")
    return future.result()


def test_states_come_at_200_hz_in_real_time_and_physical_units(simulator):
    _, observer = simulator(start_paused=True)
    time.sleep(2.0)
    stamps = [(t, m.header.stamp) for t, m in observer.received["joint_states"]]
    rate = (len(stamps) - 1) / (stamps[-1][0] - stamps[0][0])
    assert 150 < rate < 250
    joints, imu, odom = (observer.last(name) for name in ("joint_states", "imu", "odom"))
    assert list(joints.name)[:2] == ["right_hip", "right_knee"]
    assert len(joints.position) == len(joints.velocity) == 6
    assert (odom.header.frame_id, odom.child_frame_id) == ("odom", "torso")
    assert odom.pose.pose.position.z == pytest.approx(1.3, abs=0.05)
    q = imu.orientation
    assert (q.x, q.y, q.z, q.w) == pytest.approx((0, 0, 0, 1))  # xyzw, standing upright
    assert imu.linear_acceleration_covariance[0] == -1


def test_the_clock_runs_at_real_time_from_the_wall_clock(simulator):
    _, observer = simulator()
    time.sleep(6.0)
    times = [(t, m.clock.sec + 1e-9 * m.clock.nanosec) for t, m in observer.received["/clock"]]
    elapsed = times[-1][0] - times[0][0]
    assert (times[-1][1] - times[0][1]) / elapsed == pytest.approx(1.0, abs=0.1)
    assert times[-1][1] == pytest.approx(time.time(), abs=2.0)
    assert np.all(np.diff([stamp for _, stamp in times]) >= 0)


def test_the_twist_of_odom_is_in_the_child_frame(simulator, wait_until):
    _, observer = simulator()  # the unpowered walker falls and turns
    lying = lambda: abs(observer.last("odom").pose.pose.orientation.y) > 0.3  # noqa: E731
    wait_until(lying, 10.0, "a robot that has turned")
    messages = [m for _, m in observer.received["odom"]]
    position = np.array([[m.pose.pose.position.x, m.pose.pose.position.z] for m in messages])
    stamps = np.array([m.header.stamp.sec + 1e-9 * m.header.stamp.nanosec for m in messages])
    keep = np.flatnonzero(np.diff(stamps) > 0)
    measured = np.diff(position, axis=0)[keep] / np.diff(stamps)[keep, None]
    pitch = np.array(
        [2 * np.arctan2(m.pose.pose.orientation.y, m.pose.pose.orientation.w) for m in messages]
    )[keep]
    twist = np.array([[m.twist.twist.linear.x, m.twist.twist.linear.z] for m in messages])[keep]
    world = np.stack(
        [
            np.cos(pitch) * twist[:, 0] + np.sin(pitch) * twist[:, 1],
            -np.sin(pitch) * twist[:, 0] + np.cos(pitch) * twist[:, 1],
        ],
        axis=1,
    )
    assert np.abs(pitch).max() > 0.3, "it did not turn: the frames cannot be told apart"
    assert np.median(np.abs(world - measured)) < 0.05


def test_commands_move_it_and_silence_of_100_ms_is_zero_effort(simulator, ros_node, wait_until):
    process, observer = simulator()
    publisher = ros_node.create_publisher(Float64MultiArray, COMMANDS, 1)
    wait_until(lambda: publisher.get_subscription_count() == 1)
    efforts = [0.0, 0.0, 20.0, 0.0, 0.0, -20.0]
    limits = np.radians([45.0, -45.0])

    def pressed():
        publisher.publish(Float64MultiArray(data=efforts))
        return np.abs(observer.joint_positions()[[2, 5]] - limits).max() < 0.2

    # Falling by itself it comes no nearer than 0.78 rad.
    wait_until(pressed, 10.0, "ankles pressed against their limits")
    process.wait_for_log("no command for 0.1 s", 5.0)


def test_a_bad_command_is_ignored_and_told(simulator, ros_node, wait_until):
    process, observer = simulator()
    publisher = ros_node.create_publisher(Float64MultiArray, COMMANDS, 1)
    wait_until(lambda: publisher.get_subscription_count() == 1)
    bad = [
        ("not finite", [float("nan")] * 6),
        ("not finite", [float("inf")] * 6),
        ("has 5 numbers", [1.0] * 5),
        ("has 1000 numbers", [1.0] * 1000),
        ("has 0 numbers", []),
    ]
    for reason, data in bad:
        before = len(process.read_log())

        def told(reason=reason, data=data, before=before):
            publisher.publish(Float64MultiArray(data=data))
            return reason in process.read_log()[before:]

        wait_until(told, 10.0, reason)
        time.sleep(1.1)  # one warning a second
    counts = [int(count) for count in re.findall(r"\((\d+) ignored so far\)", process.read_log())]
    assert counts == sorted(counts)
    assert len(bad) <= len(counts) <= counts[-1]
    count = len(observer.received["joint_states"])
    wait_until(lambda: len(observer.received["joint_states"]) > count + 20)
    assert np.all(np.isfinite(observer.joint_positions()))


def test_pause_holds_the_robot_and_the_clock_and_still_publishes(simulator, ros_node, wait_until):
    _, observer = simulator(start_paused=True)
    count = len(observer.received["odom"])
    wait_until(lambda: len(observer.received["odom"]) > count + 50)
    stamps = {(m.header.stamp.sec, m.header.stamp.nanosec) for _, m in observer.received["odom"]}
    assert len(stamps) == 1
    assert observer.height() == pytest.approx(1.3, abs=0.01)
    assert call(ros_node, SetBool, "pause", SetBool.Request(data=False), wait_until).success
    wait_until(lambda: observer.height() < 1.0, 5.0, "the unpowered walker to fall")


def test_reset_puts_it_back_and_time_goes_on(simulator, ros_node, wait_until):
    _, observer = simulator()
    wait_until(lambda: observer.height() < 1.0, 5.0, "the unpowered walker to fall")
    before = observer.last("odom").header.stamp
    assert call(ros_node, Trigger, "reset", Trigger.Request(), wait_until).success
    wait_until(lambda: observer.height() > 1.2, 1.0, "the initial pose")
    after = observer.last("odom").header.stamp
    assert (after.sec, after.nanosec) > (before.sec, before.nanosec)


def test_the_same_seed_gives_the_same_random_pose(node_process, ros_node, wait_until):
    poses = []
    for name, seed in (("/a", 3), ("/b", 3), ("/c", 4)):
        options = {"seed": seed, "initial_pose": "random", "start_paused": True}
        node_process("mujoco_node", parameters=options, namespace=name)
        observer = Observer(ros_node, prefix=f"{name}/")
        wait_until(lambda: observer.received["joint_states"], 30.0, name)  # noqa: B023
        poses.append(observer.joint_positions())
    assert np.array_equal(poses[0], poses[1])
    assert not np.allclose(poses[0], poses[2])


def test_the_yaml_file_holds_the_defaults():
    document = yaml.safe_load(Path(__file__).parents[2].joinpath("config/mujoco.yaml").read_text())
    values = document["/**/mujoco_node"]["ros__parameters"]
    values |= {f"camera.{name}": value for name, value in values.pop("camera").items()}
    assert values == {name: row[0] for name, row in PARAMETERS.items()}

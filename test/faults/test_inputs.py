"""Robot states that are silent, late, torn or impossible: a stop in time, or no notice at all."""

import copy
import math

import numpy as np
import pytest
from faultlab.fault import GAP_MS, STOP_MS, Table
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu, JointState

table = Table("input")
NAN, INF = math.nan, math.inf
GOES_ON = "goes on, bit for bit the same commands"


def without(*topics):
    """A change that publishes nothing on these topics."""
    return lambda topic, message: [] if topic in topics else [message]


def spoil(kind, field, value):
    """A change that sets one field (dotted) of the messages of one type."""

    def change(topic, message):
        if isinstance(message, kind):
            *path, last = field.split(".")
            target = message
            for name in path:
                target = getattr(target, name)
            setattr(target, last, copy.deepcopy(value))
        return [message]

    return change


def stop_on(stage, change, *words, **state):
    stage.ready(plan=True)
    return stage.expect_stop(stage.robot.say(change, **state), *words)


def unmoved_by(stage, change, **state):
    plan_id = stage.ready(plan=True)
    return stage.expect_unmoved(plan_id, stage.robot.say(change, **state))


for topic in ("joint_states", "imu", "odom"):

    @table.row(f"{topic} falls silent", "stops, latched", STOP_MS, fast=True, name=topic)
    def silent(stage, name):
        return stop_on(stage, without(name), f"stale state: {name}")


@table.row("every input falls silent at once", "stops, latched", STOP_MS)
def all_silent(stage):
    return stop_on(stage, without("joint_states", "imu", "odom"), "stale state")


for topic in ("joint_states", "imu", "odom"):

    @table.row(
        f"{topic} repeats one stamp for ever (a driver that froze)",
        "stops, latched",
        STOP_MS,
        name=topic,
    )
    def frozen(stage, name):
        stamps = {}

        def freeze(of, message):
            if of == name:
                message.header.stamp = stamps.setdefault(of, message.header.stamp)
            return [message]

        return stop_on(stage, freeze, f"stale state: {name}")


@table.row("every input comes at 5 Hz", "stops, latched", STOP_MS)
def slow(stage):
    return stop_on(stage, lambda topic, message: [message], "stale state", rate_hz=5.0)


@table.row("every input comes at 50 Hz instead of 200", GOES_ON, GAP_MS)
def slower(stage):
    return unmoved_by(stage, lambda topic, message: [message], rate_hz=50.0)


@table.row("joint_states come in pairs, the newer one first", GOES_ON, GAP_MS, fast=True)
def reordered(stage):
    kept = []

    def swap(topic, message):
        if topic != "joint_states":
            return [message]
        kept.append(message)
        if len(kept) < 2:
            return []
        pair = kept[::-1]
        kept.clear()
        # The late one would be seen: it claims another speed.
        pair[1].velocity = [9.0] * 6
        return pair

    return unmoved_by(stage, swap)


@table.row("every message comes three times", GOES_ON, GAP_MS)
def duplicated(stage):
    return unmoved_by(stage, lambda topic, message: [message] * 3)


@table.row("joint_states list the joints in another order each time", GOES_ON, GAP_MS)
def shuffled(stage):
    rng = np.random.default_rng(0)

    def shuffle(topic, message):
        if topic == "joint_states":
            order = rng.permutation(6)
            message.name = [message.name[i] for i in order]
            message.position = [message.position[i] for i in order]
            message.velocity = [message.velocity[i] for i in order]
        return [message]

    return unmoved_by(stage, shuffle)


@table.row("joint_states name joints of other robots too", GOES_ON, GAP_MS)
def extra_joints(stage):
    def add(topic, message):
        if topic == "joint_states":
            message.name = ["gripper", *message.name]
            message.position = [NAN, *message.position]
            message.velocity = [NAN, *message.velocity]
        return [message]

    return unmoved_by(stage, add)


@table.row("half of all messages are lost", GOES_ON, GAP_MS)
def lost(stage):
    rng = np.random.default_rng(1)
    return unmoved_by(stage, lambda topic, message: [message] * int(rng.random() < 0.5))


FIRST = [[value, *[0.0] * 5] for value in (NAN, INF, 1e300, 1e6)]
IMPOSSIBLE = {
    "position-nan": (JointState, "position", FIRST[0], "joint positions"),
    "position-huge": (JointState, "position", FIRST[2], "is at"),
    "position-out-of-range": (JointState, "position", FIRST[3], "is at"),
    "velocity-inf": (JointState, "velocity", FIRST[1], "joint velocities"),
    "velocity-huge": (JointState, "velocity", FIRST[2], "moves at"),
    "velocity-out-of-range": (JointState, "velocity", FIRST[3], "moves at"),
    "velocity-missing": (JointState, "velocity", [], "0 velocity values for 6 names"),
    "position-too-short": (JointState, "position", [0.0] * 3, "3 position values for 6 names"),
    "position-too-long": (JointState, "position", [0.0] * 700, "700 position values"),
    "imu-nan": (Imu, "angular_velocity.y", NAN, "base"),
    "imu-inf": (Imu, "angular_velocity.x", -INF, "base"),
    "odom-nan": (Odometry, "pose.pose.position.z", NAN, "base"),
    "odom-velocity-inf": (Odometry, "twist.twist.linear.x", INF, "base"),
    "quaternion-zero": (Odometry, "pose.pose.orientation.w", 0.0, "norm"),
    "quaternion-unnormalised": (Odometry, "pose.pose.orientation.x", 0.7, "norm"),
    "quaternion-nan": (Odometry, "pose.pose.orientation.z", NAN, "base"),
}
for key, (kind, field, value, words) in IMPOSSIBLE.items():

    @table.row(
        f"{kind.__name__}.{field}: {key.replace('-', ' ')}",
        "stops, latched, and says which",
        STOP_MS,
        fast=key in ("position-nan", "velocity-huge", "quaternion-zero"),
        name=key,
    )
    def impossible(stage, name):
        kind, field, value, words = IMPOSSIBLE[name]
        return stop_on(stage, spoil(kind, field, value), words)


@table.row("joint_states leave one joint out", "stops, latched, and names it", STOP_MS)
def missing_joint(stage):
    def leave_out(topic, message):
        if topic == "joint_states":
            del message.name[4], message.position[4], message.velocity[4]
        return [message]

    return stop_on(stage, leave_out, "left_knee")


@table.row("joint_states with 5000 names", "stops, latched", STOP_MS)
def crowd(stage):
    def many(topic, message):
        if topic == "joint_states":
            message.name = [f"joint{i}" for i in range(5000)]
            message.position = message.velocity = [0.0] * 5000
        return [message]

    return stop_on(stage, many, "5000 names", "stale state")


@table.row("the robot's clock jumps back an hour", GOES_ON, GAP_MS, fast=True)
def clock_back(stage):
    return unmoved_by(stage, lambda topic, message: [message], clock_offset_s=-3600.0)


@table.row("the robot's clock jumps an hour ahead, and back again", GOES_ON, GAP_MS)
def clock_forward_and_back(stage):
    first = unmoved_by(stage, lambda topic, message: [message], clock_offset_s=3600.0)
    start_s = stage.robot.say(lambda topic, message: [message], clock_offset_s=0.0)
    return max(first, stage.expect_unmoved(stage.operator.status.plan_id, start_s))


@table.row("stamps of zero", GOES_ON, GAP_MS)
def unstamped(stage):
    def clear(topic, message):
        message.header.stamp.sec = message.header.stamp.nanosec = 0
        return [message]

    return unmoved_by(stage, clear)


@table.row("an input is spoilt for two periods and good again", "stays stopped", STOP_MS)
def blink(stage):
    left = [10]

    def once(topic, message):
        if topic == "joint_states" and left[0]:
            left[0] -= 1
            message.position = [NAN] * 6
        return [message]

    measured = stop_on(stage, once, "joint positions")
    assert left == [0]
    return measured


@pytest.fixture(scope="module")
def stage(theatre):
    return theatre.played()


@pytest.mark.parametrize("fault", table.parameters())
def test_fault(fault, stage, judge):
    judge(fault, stage)

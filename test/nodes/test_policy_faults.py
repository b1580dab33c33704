"""Faults of the robot's state: how fast the robot is stopped, as its command topic shows."""

import time

import numpy as np
import pytest
from geometry_msgs.msg import Quaternion
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu, JointState

from rlzero_ros.msg import PolicyStatus
from rlzero_ros.robots.walker import SPEC

SPEED = np.array([0.5, -0.5, 1.0, 0.1, 0.2, -0.3])
DAMPING = -np.array(SPEC.command.hold_damping) * SPEED
LIMP = np.zeros(6)
PERIOD_S = 0.025
# Stale after 100 ms, seen at the next tick; and this much for two processes and their scheduler.
TRANSPORT_S = 0.03


def spoil(kind, field, value):
    """A change that sets one field (dotted) of messages of one type."""

    def change(message):
        if isinstance(message, kind):
            *path, last = field.split(".")
            target = message
            for name in path:
                target = getattr(target, name)
            setattr(target, last, value)
        return message

    return change


@pytest.fixture
def reaction(wait_until, record_property, held_up_s):
    """reaction(robot, start_s, held): see `first_stop`; kept in the report of the test run.

    While the machine stood still, nobody could react.
    """

    def measure(robot, start_s, held):
        reaction_s = first_stop(robot, start_s, held, wait_until)
        record_property("reaction_ms", f"{reaction_s * 1e3:.1f}")
        return reaction_s - held_up_s(start_s, start_s + reaction_s)

    return measure


def first_stop(robot, start_s, held, wait_until):
    """Seconds from `start_s` to the first command from which on only `held` commands come."""
    wait_until(lambda: robot.commands[-1][0] > start_s + 0.4, 5.0, "commands after the fault")
    late = [(at, any(np.allclose(c, h) for h in held)) for at, c in robot.commands if at > start_s]
    moving = [at for at, is_held in late if not is_held]
    after = [at for at, is_held in late if is_held and (not moving or at > moving[-1])]
    assert after, "the robot was never stopped"
    return after[0] - start_s


def recover(robot, operator):
    robot.heal()
    time.sleep(0.1)
    assert not operator.arm().success, "a healed input must not be enough"
    assert operator.reset_stop().success
    operator.run()


def test_a_silent_input_stops_within_100_ms_and_a_period(policy, operator, reaction):
    it = policy()
    it.robot.velocities = SPEED
    operator.run()
    for number, topic in enumerate(("joint_states", "imu", "odom"), start=1):
        time.sleep(0.2)
        start_s = it.robot.pull_the_plug(topic)
        held = LIMP if topic == "joint_states" else DAMPING
        reaction_s = reaction(it.robot, start_s, [held])
        assert 0.075 < reaction_s < 0.1 + PERIOD_S + TRANSPORT_S, (topic, reaction_s)
        status = operator.status
        assert status.guard_state == PolicyStatus.STOPPED
        assert status.stop_reason.startswith(f"stale state: {topic}: ")
        assert operator.counter("stale_state") == number
        recover(it.robot, operator)


def test_impossible_states_stop_within_a_period(policy, operator, reaction):
    it = policy()
    it.robot.velocities = SPEED
    operator.run()
    nan, inf = float("nan"), float("inf")
    good = list(np.zeros(6))
    faults = [
        (JointState, "position", [nan, *good[1:]], "joint positions"),
        (JointState, "velocity", [inf, *good[1:]], "joint velocities"),
        (JointState, "velocity", [], "0 velocity values for 6 names"),
        (JointState, "position", good[:3], "3 position values for 6 names"),
        (Imu, "angular_velocity.y", nan, "base"),
        (Odometry, "pose.pose.position.z", inf, "base"),
        (Odometry, "pose.pose.orientation.w", 0.0, "orientation's norm"),
    ]
    for kind, field, value, words in faults:
        time.sleep(0.15)
        start_s = it.robot.say(spoil(kind, field, value))
        # Damping as long as the last good velocities are fresh, and nothing after that.
        reaction_s = reaction(it.robot, start_s, [DAMPING, LIMP])
        assert reaction_s < 2 * PERIOD_S + TRANSPORT_S, (field, value, reaction_s)
        status = operator.status
        assert status.guard_state == PolicyStatus.STOPPED, field
        assert words in status.stop_reason
        recover(it.robot, operator)
    assert operator.counter("invalid_state") == len(faults)
    commands = np.array([c for _, c in it.robot.commands])
    assert np.all(np.isfinite(commands))


def test_a_missing_joint_is_named(policy, operator, reaction):
    it = policy()
    operator.run()
    start_s = it.robot.pull_the_plug()
    it.robot.order = [0, 1, 2, 3, 5]
    reaction_s = reaction(it.robot, start_s, [LIMP])
    assert reaction_s < 0.1 + 2 * PERIOD_S + TRANSPORT_S
    assert "joint_states (left_knee)" in operator.status.stop_reason


def test_a_driver_that_repeats_itself_is_silent_on_hardware_only(policy, operator, reaction):
    it = policy(new_stamps_only=True)
    operator.run()
    frozen = {}

    def freeze(message):
        message.header.stamp = frozen.setdefault(type(message), message.header.stamp)
        return message

    start_s = it.robot.say(freeze)
    reaction_s = reaction(it.robot, start_s, [LIMP])
    assert reaction_s < 0.1 + 2 * PERIOD_S + TRANSPORT_S
    assert operator.status.stop_reason.startswith("stale state")


def test_a_paused_simulator_is_no_fault(policy, operator):
    it = policy(new_stamps_only=False)
    operator.run()
    frozen = {}

    def freeze(message):
        message.header.stamp = frozen.setdefault(type(message), message.header.stamp)
        return message

    it.robot.say(freeze)
    time.sleep(0.5)
    assert operator.status.guard_state == PolicyStatus.RUNNING


def test_the_order_of_joint_states_does_not_matter(policy, operator):
    it = policy()
    it.robot.positions = np.array([0.1, -0.2, 0.3, -0.1, -0.25, -0.3])
    it.robot.velocities = SPEED
    operator.run()
    time.sleep(0.3)
    expected = it.robot.commands[-1][1]
    for order in ([5, 4, 3, 2, 1, 0], [2, 0, 5, 1, 4, 3]):
        it.robot.order = order
        start_s = time.monotonic()
        time.sleep(0.2)
        later = it.robot.since(start_s)
        assert len(later) > 3
        np.testing.assert_array_equal(later, np.tile(expected, (len(later), 1)))
    assert len(np.unique(expected)) == 6


def test_a_body_beyond_its_limits_stops_within_a_period(policy, operator, reaction):
    it = policy(min_height_stop=0.5, max_tilt_stop=1.0)
    it.robot.velocities = SPEED
    operator.run()
    fast, bent = [0.0, 61.0, 0.0, 0.0, 0.0, 0.0], [0.0, -2.8, 0.0, 0.0, 0.0, 0.0]
    lying = Quaternion(y=np.sin(0.75), w=np.cos(0.75))
    faults = [
        (JointState, "velocity", fast, "joint_velocity", "right_knee moves at 61"),
        (JointState, "position", bent, "joint_position", "right_knee is at -2.8"),
        (Odometry, "pose.pose.position.z", 0.4, "fallen", "below 0.50 m"),
        (Odometry, "pose.pose.orientation", lying, "fallen", "tilted by 1.50 rad"),
    ]
    for kind, field, value, counter, words in faults:
        time.sleep(0.15)
        before = operator.counter(counter)
        start_s = it.robot.say(spoil(kind, field, value))
        braking = np.array(it.robot.spec.command.hold_damping) * [0, -61, 0, 0, 0, 0]
        held = DAMPING if field != "velocity" else braking
        assert reaction(it.robot, start_s, [held]) < 2 * PERIOD_S + TRANSPORT_S
        assert words in operator.status.stop_reason
        assert operator.counter(counter) == before + 1
        assert not operator.reset_stop().success or not operator.arm().success
        recover_from_reset(it.robot, operator)


def recover_from_reset(robot, operator):
    robot.heal()
    time.sleep(0.1)
    operator.run()

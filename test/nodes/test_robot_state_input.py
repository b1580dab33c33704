"""joint_states, imu and odom become one RobotState, whatever their order, pieces and stamps."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu, JointState

from rlzero_ros.nodes.robot_state_input import RobotStateInput
from rlzero_ros.nodes.robot_state_messages import (
    imu_message,
    joint_state_message,
    odometry_message,
    time_message,
)
from rlzero_ros.nodes.stamp_order import StampOrder
from rlzero_ros.robots.state import RobotState
from rlzero_ros.robots.walker import SPEC

NAMES = SPEC.joint_names


def some_state(seed=0):
    rng = np.random.default_rng(seed)
    quaternion = rng.normal(size=4)
    return RobotState(
        time_s=3.0,
        base_position=rng.normal(size=3),
        base_orientation=quaternion / np.linalg.norm(quaternion),
        base_linear_velocity=rng.normal(size=3),
        base_angular_velocity=rng.normal(size=3),
        joint_positions=rng.normal(size=6),
        joint_velocities=rng.normal(size=6),
    )


def joints(names, position=None, velocity=None, stamp_s=1.0):
    message = JointState(name=list(names))
    message.header.stamp = time_message(stamp_s)
    message.position = list(map(float, range(len(names)))) if position is None else position
    message.velocity = [0.0] * len(names) if velocity is None else velocity
    return message


def filled(stamp_s=1.0):
    inputs = RobotStateInput(SPEC, new_stamps_only=True)
    stamp, state = time_message(stamp_s), some_state()
    inputs.on_joint_states(joint_state_message(SPEC, state, stamp), 10.0)
    inputs.on_imu(imu_message(SPEC, state, stamp), 10.01)
    inputs.on_odom(odometry_message(SPEC, state, stamp), 10.02)
    return inputs, state


@pytest.mark.parametrize("seed", range(5))
def test_what_the_simulator_sends_is_what_the_policy_gets(seed):
    inputs = RobotStateInput(SPEC, new_stamps_only=True)
    state, stamp = some_state(seed), time_message(1.0)
    inputs.on_joint_states(joint_state_message(SPEC, state, stamp), 10.0)
    inputs.on_imu(imu_message(SPEC, state, stamp), 10.0)
    inputs.on_odom(odometry_message(SPEC, state, stamp), 10.0)
    reading = inputs.reading(10.1)
    assert reading.fault == ""
    back = inputs.state(reading, 3.0)
    for name in RobotState.__dataclass_fields__:
        np.testing.assert_allclose(getattr(back, name), getattr(state, name), atol=1e-12)


def test_before_the_first_message_everything_is_infinitely_old():
    reading = RobotStateInput(SPEC, new_stamps_only=True).reading(5.0)
    assert set(reading.ages_s) == {"joint_states", "imu", "odom"}
    assert set(reading.ages_s.values()) == {np.inf}
    assert reading.velocities_age_s == np.inf


def test_ages_by_input():
    inputs, _ = filled()
    ages = inputs.reading(10.05).ages_s
    assert ages == pytest.approx({"joint_states": 0.05, "imu": 0.04, "odom": 0.03})


def test_joints_in_any_order_with_strangers_among_them():
    inputs, _ = filled()
    order = [3, 0, 5, 1, 4, 2]
    names = [NAMES[i] for i in order]
    message = joints(
        ["gripper", *names],
        position=[9.0, *map(float, order)],
        velocity=[9.0, *(10.0 * i for i in order)],
        stamp_s=2.0,
    )
    inputs.on_joint_states(message, 11.0)
    reading = inputs.reading(11.0)
    np.testing.assert_array_equal(reading.joint_positions, range(6))
    np.testing.assert_array_equal(reading.joint_velocities, 10.0 * np.arange(6))


def test_a_robot_in_two_halves_with_stamps_of_their_own():
    inputs, _ = filled()
    for tick in range(3):
        left = joints(NAMES[3:], [1.0] * 3, stamp_s=5.0 + tick * 0.01)
        right = joints(NAMES[:3], [2.0] * 3, stamp_s=4.0 + tick * 0.01)
        inputs.on_joint_states(left, 11.0 + tick)
        inputs.on_joint_states(right, 11.5 + tick)
    assert inputs.dropped == 0
    np.testing.assert_array_equal(inputs.reading(14.0).joint_positions, [2.0] * 3 + [1.0] * 3)
    ages = inputs.reading(14.0).ages_s
    assert ages["joint_states (left_hip)"] == pytest.approx(1.0)


def test_messages_of_other_robots_are_not_ours():
    inputs, _ = filled()
    inputs.on_joint_states(joints(["gripper"], [float("nan")], stamp_s=9.0), 20.0)
    assert inputs.reading(20.0).ages_s["joint_states"] == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (joints(NAMES, position=[0.0] * 5, stamp_s=2.0), "5 position values for 6 names"),
        (joints(NAMES, velocity=[], stamp_s=2.0), "0 velocity values for 6 names"),
        (joints([f"joint_{i}" for i in range(2000)], stamp_s=2.0), "2000 names"),
    ],
)
def test_malformed_joint_states_are_a_fault_until_a_good_one_comes(message, words):
    inputs, state = filled()
    inputs.on_joint_states(message, 10.5)
    reading = inputs.reading(10.5)
    assert words in reading.fault
    assert reading.ages_s["joint_states"] == pytest.approx(0.5)
    inputs.on_joint_states(joint_state_message(SPEC, state, time_message(3.0)), 10.6)
    assert inputs.reading(10.6).fault == ""


@pytest.mark.parametrize(
    ("axis", "angle", "tilt"),
    [
        ((0, 1, 0), 0.3, 0.3),
        ((1, 0, 0), -1.2, 1.2),
        ((0, 0, 1), 2.0, 0.0),
        ((0, 1, 0), np.pi, np.pi),
        ((0, 1, 0), 4.0, 2 * np.pi - 4.0),
    ],
)
def test_tilt_is_the_angle_to_the_vertical_whatever_the_heading(axis, angle, tilt):
    inputs, _ = filled()
    odom = Odometry()
    odom.header.stamp = time_message(2.0)
    odom.pose.pose.position.z = 0.7
    q = odom.pose.pose.orientation
    q.x, q.y, q.z = (float(np.sin(angle / 2) * part) for part in axis)
    q.w = float(np.cos(angle / 2))
    inputs.on_odom(odom, 10.5)
    reading = inputs.reading(10.5)
    assert reading.tilt_rad == pytest.approx(tilt, abs=1e-6)
    assert reading.height_m == 0.7


@pytest.mark.parametrize("w", [0.0, 2.0])
def test_an_orientation_must_be_one(w):
    inputs, _ = filled()
    odom = Odometry()
    odom.header.stamp = time_message(2.0)
    odom.pose.pose.orientation.w = w
    inputs.on_odom(odom, 10.5)
    assert "orientation's norm" in inputs.reading(10.5).fault


def test_late_messages_are_dropped_and_counted():
    inputs, _ = filled(stamp_s=5.0)
    late = Imu()
    late.header.stamp = time_message(4.9)
    late.angular_velocity.x = 99.0
    inputs.on_imu(late, 10.5)
    assert inputs.reading(10.5).base[-3] != 99.0
    assert inputs.dropped == 1


@pytest.mark.parametrize(
    ("new_stamps_only", "stamps_s", "accepted"),
    [
        (True, [1.0, 2.0, 2.0, 3.0], [True, True, False, True]),
        (False, [1.0, 2.0, 2.0, 3.0], [True, True, True, True]),
        (False, [1.0, 2.0, 1.5, 3.0], [True, True, False, True]),
        (True, [100.0, 1.0, 1.01], [True, True, True]),
        (True, [0.0, 0.0, 0.0], [True, True, True]),
    ],
)
def test_which_stamps_are_new(new_stamps_only, stamps_s, accepted):
    order = StampOrder(new_stamps_only)
    assert [order.accept(time_message(s)) for s in stamps_s] == accepted


def test_a_restarted_clock_is_counted():
    order = StampOrder(True)
    order.accept(Time(sec=100))
    order.accept(Time(sec=1))
    assert (order.restarts, order.dropped) == (1, 0)

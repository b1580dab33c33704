"""Each link of the chain alone, with good and with hostile inputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rlzero_ros.safety import (
    CommandLimits,
    blend,
    clip_to_limits,
    final_command,
    finite_vector,
    hold_command,
    limit_slew,
    smoothstep,
    stale_input,
)

LIMITS = {
    interface: CommandLimits(
        interface, [-2.0, -1.0, -4.0], [2.0, 3.0, 0.0], [5.0, 10.0, 1.0], [1.0, 0.5, 0.0], 0.025
    )
    for interface in ("effort", "position", "velocity")
}
ANY = hnp.arrays(np.float64, 3, elements=st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ({}, "no input"),
        ({"imu": 0.01, "odom": np.inf}, "odom: nothing received yet"),
        ({"imu": 0.11}, "imu: 110 ms old, more than 100 ms"),
        ({"imu": float("nan")}, "imu"),
        ({"imu": -5.0}, "imu"),
    ],
)
def test_what_is_stale(ages, words):
    assert words in stale_input(ages, 0.1)


def test_what_is_fresh():
    assert stale_input({"imu": 0.1, "odom": -0.001}, 0.1) == ""


@pytest.mark.parametrize(
    "value",
    [
        None,
        "walk",
        ["1", "2", "3"],
        [1.0, 2.0],
        [1.0, 2.0, 3.0, 4.0],
        [[1.0, 2.0, 3.0]],
        [1.0, [2.0], 3.0],
        [1.0, float("nan"), 3.0],
        [1.0, float("inf"), 3.0],
        [10**400, 1, 1],
        np.array([1j, 2, 3]),
        np.array([True, False, True]),
        np.full(3, np.finfo(np.longdouble).max, dtype=np.longdouble),
        object(),
        3.0,
    ],
)
def test_finite_vector_refuses(value):
    assert finite_vector(value, 3) is None


def test_finite_vector_copies():
    given_ = np.ones(3, dtype=np.float32)
    result = finite_vector(given_, 3)
    given_[:] = 9.0
    assert result is not None
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, np.ones(3))


@given(ANY)
def test_clip_keeps_to_the_limits_and_says_when_it_changed_something(command):
    limits = LIMITS["effort"]
    clipped, changed = clip_to_limits(command, limits)
    assert np.all((clipped >= limits.lower) & (clipped <= limits.upper))
    assert changed == (not np.array_equal(clipped, command))


@given(ANY, ANY, st.sampled_from(sorted(LIMITS)))
def test_slew_never_moves_further_than_a_step(command, previous, interface):
    limits = LIMITS[interface]
    previous = np.clip(previous, limits.lower, limits.upper)
    limited, changed = limit_slew(command, previous, limits)
    assert np.all(np.abs(limited - previous) <= limits.max_step * (1 + 1e-12))
    assert changed == (not np.array_equal(limited, command))


@given(st.floats())
def test_smoothstep_stays_in_zero_to_one(x):
    assert 0.0 <= smoothstep(x) <= 1.0


def test_smoothstep_is_monotonic_and_flat_at_its_ends():
    y = np.array([smoothstep(x) for x in np.linspace(-0.5, 1.5, 401)])
    assert np.all(np.diff(y) >= 0)
    assert smoothstep(1e-4) < 1e-7
    assert 1 - smoothstep(1 - 1e-4) < 1e-7
    assert smoothstep(0.5) == 0.5


def test_blend_begins_and_ends_where_it_should():
    start, goal = np.array([1.0, 2.0]), np.array([-1.0, 4.0])
    np.testing.assert_array_equal(blend(start, goal, 0.0), start)
    np.testing.assert_array_equal(blend(start, goal, 1.0), goal)
    np.testing.assert_array_equal(blend(start, goal, 0.5), [0.0, 3.0])


def test_effort_robots_are_damped_and_go_limp_without_velocities():
    limits = LIMITS["effort"]
    held = hold_command(limits, np.ones(3), np.array([1.0, -1.0, 5.0]))
    np.testing.assert_allclose(held, [-1.0, 0.5, 0.0])
    np.testing.assert_array_equal(hold_command(limits, np.ones(3), None), np.zeros(3))


def test_damping_of_an_impossible_velocity_is_a_full_brake():
    held = hold_command(LIMITS["effort"], None, np.array([1e308, -1e308, 1e308]))
    np.testing.assert_array_equal(held, [-2.0, 3.0, 0.0])


def test_position_robots_hold_the_last_commanded_pose_and_never_invent_one():
    limits = LIMITS["position"]
    np.testing.assert_array_equal(hold_command(limits, np.full(3, 9.0), None), [2.0, 3.0, 0.0])
    assert hold_command(limits, None, np.zeros(3)) is None


def test_velocity_robots_stand_still():
    held = hold_command(LIMITS["velocity"], np.ones(3), np.ones(3))
    np.testing.assert_array_equal(held, np.zeros(3))


def test_the_command_left_behind_can_stand_for_ever():
    np.testing.assert_array_equal(final_command(LIMITS["effort"], np.ones(3)), np.zeros(3))
    np.testing.assert_array_equal(final_command(LIMITS["velocity"], np.ones(3)), np.zeros(3))
    pose = np.array([1.0, 1.0, -1.0])
    np.testing.assert_array_equal(final_command(LIMITS["position"], pose), pose)

"""What sensors report stops the robot: speeds, positions, height and tilt, each with its name."""

import numpy as np
import pytest

from rlzero_ros.safety import BodyLimits, CommandLimits, GuardState, Reading, SafetyGuard

NAMES = ("hip", "knee")
NAN = float("nan")


def limits(**more):
    return BodyLimits(NAMES, [-1.0, -2.0], [1.0, 0.5], [5.0, 10.0], **more)


def reading(positions=(0.0, 0.0), velocities=(0.0, 0.0), **more):
    more = {"height_m": 1.0, "tilt_rad": 0.1, **more}
    return Reading({"joint_states": 0.001}, np.array(positions), np.array(velocities), **more)


@pytest.mark.parametrize(
    ("counter", "words", "broken"),
    [
        ("joint_velocity", "hip moves at 5.1", {"velocities": (5.1, 0.0)}),
        ("joint_velocity", "knee moves at 11", {"velocities": (5.2, -11.0)}),
        ("joint_position", "hip is at 1.01", {"positions": (1.01, 0.0)}),
        ("joint_position", "knee is at -2.5", {"positions": (1.1, -2.5)}),
        ("fallen", "0.39 m, below 0.40 m", {"height_m": 0.39}),
        ("fallen", "nan m", {"height_m": NAN}),
        ("fallen", "tilted by 1.30 rad, more than 1.20", {"tilt_rad": 1.3}),
        ("fallen", "tilted", {"tilt_rad": NAN}),
    ],
)
def test_each_limit_stops_is_counted_and_refuses_to_arm(counter, words, broken):
    command = CommandLimits("effort", [-1.0] * 2, [1.0] * 2, [50.0] * 2, [0.1] * 2, 0.025)
    guard = SafetyGuard(command, 3, 0.0, limits(min_height_m=0.4, max_tilt_rad=1.2))
    refused = guard.arm(reading(**broken))
    assert not refused.granted
    assert words in refused.message
    assert guard.arm(reading()).granted

    def tick(state):
        return guard.tick(state, lambda: np.zeros(3), lambda _: np.ones(2))

    tick(reading())
    assert guard.state is GuardState.RUNNING
    tick(reading(**broken))
    assert guard.state is GuardState.STOPPED
    assert words in guard.stop_reason
    assert guard.counters[counter] == guard.counters["faults"] == 1
    tick(reading())
    assert guard.state is GuardState.STOPPED
    assert guard.counters["passed"] == 1


@pytest.mark.parametrize(
    "good",
    [
        {"velocities": (-5.0, 10.0)},
        {"positions": (1.0, -2.0)},
        {"height_m": -5.0},
        {"height_m": NAN, "tilt_rad": NAN},
        {"tilt_rad": 3.1},
    ],
)
def test_what_reaches_no_limit_is_good(good):
    assert limits().broken(reading(**good)) is None


def test_no_limits_are_infinite_ones():
    free = np.full(2, np.inf)
    anything = BodyLimits(NAMES, -free, free, free)
    assert anything.broken(reading((1e300, -1e300), (1e300, 0.0))) is None


@pytest.mark.parametrize(
    "bad",
    [
        {"lower": [0.0]},
        {"velocity": [NAN, 1.0]},
        {"min_height_m": NAN},
        {"max_tilt_rad": NAN},
    ],
)
def test_limits_must_be_numbers_for_each_joint(bad):
    good = {"lower": [-1.0] * 2, "upper": [1.0] * 2, "velocity": [1.0] * 2}
    with pytest.raises(ValueError, match="must"):
        BodyLimits(NAMES, **{**good, **bad})

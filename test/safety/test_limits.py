"""What CommandLimits accepts, and the step it allows for each interface."""

import numpy as np
import pytest

from rlzero_ros.safety import CommandLimits


def limits(**changes):
    values = {
        "interface": "effort",
        "lower": [-10.0, -5.0],
        "upper": [10.0, 5.0],
        "rate": [100.0, 50.0],
        "damping": [1.0, 2.0],
        "period_s": 0.02,
    }
    return CommandLimits(**{**values, **changes})


@pytest.mark.parametrize(
    ("interface", "step"),
    [("effort", [2.0, 1.0]), ("position", [1.0, 0.5]), ("velocity", [1.0, 0.5])],
)
def test_step_is_half_the_rate_except_for_torque(interface, step):
    np.testing.assert_allclose(limits(interface=interface).max_step, step)


@pytest.mark.parametrize(("period_s", "age_s"), [(0.02, 0.1), (0.025, 0.1), (0.05, 0.15)])
def test_a_state_is_stale_after_three_periods_or_100_ms(period_s, age_s):
    assert limits(period_s=period_s).stale_after_s == pytest.approx(age_s)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interface": "torque"}, "interface"),
        ({"period_s": 0.0}, "period_s"),
        ({"period_s": float("nan")}, "period_s"),
        ({"lower": [-1.0]}, "same joints"),
        ({"lower": []}, "lower"),
        ({"lower": [-1.0, float("nan")]}, "lower"),
        ({"upper": [[1.0, 1.0]]}, "upper"),
        ({"lower": [11.0, 0.0]}, "above upper"),
        ({"rate": [0.0, 1.0]}, "rate"),
        ({"rate": [np.inf, 1.0]}, "rate"),
        ({"damping": [-1.0, 1.0]}, "damping"),
        ({"lower": [1.0, -5.0]}, "zero must lie"),
        ({"interface": "velocity", "upper": [10.0, -1.0], "lower": [-10.0, -5.0]}, "zero must"),
    ],
)
def test_nonsense_is_refused_by_name(changes, words):
    with pytest.raises(ValueError, match=words):
        limits(**changes)


def test_limits_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="read-only"):
        limits().upper[0] = 1e6

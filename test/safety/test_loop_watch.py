"""A loop that misses its periods, or stands still, is a fault; a punctual one never is."""

import numpy as np
import pytest

from rlzero_ros.safety import LoopWatch

PERIOD_S = 0.025


def watch(timeout_s=0.1, max_overruns=3, window=10):
    return LoopWatch(PERIOD_S, timeout_s, max_overruns, window)


def faults(it, times):
    return [f for f in map(it.begin, times) if f is not None]


def test_a_punctual_loop_with_jitter_is_never_at_fault():
    times = 10.0 + PERIOD_S * np.arange(10_000)
    jitter = np.random.default_rng(0).uniform(0.0, 0.011, times.size)
    assert faults(watch(max_overruns=1), times + jitter) == []


def test_missed_periods_add_up_within_the_window_only():
    steps = np.arange(1000.0)
    # Every fifth period is missed: two in any ten.
    rare = steps[steps % 5 != 0]
    assert faults(watch(max_overruns=3, window=10), PERIOD_S * rare) == []
    often = steps[steps % 3 != 0]
    found = faults(watch(max_overruns=3, window=10), PERIOD_S * often)
    assert found[0].counter == "loop_overruns"
    assert found[0].reason == "the control loop missed 3 of its last 10 periods"


def test_what_was_told_is_not_told_again_with_every_step():
    it = watch(max_overruns=3, window=40)
    slow = faults(it, PERIOD_S * 2.0 * np.arange(7))
    assert len(slow) == 2  # six periods were missed


def test_zero_overruns_means_never():
    assert faults(watch(max_overruns=0), PERIOD_S * 2.0 * np.arange(500)) == []


def test_a_gap_is_told_once_by_whoever_looks_first():
    it = watch(max_overruns=0)
    it.begin(10.0)
    assert it.due_s == pytest.approx(10.1)
    assert it.late(10.099) is None
    fault = it.late(10.101)
    assert fault.counter == "loop_hangs"
    assert fault.reason == "the control loop stood still for 101 ms, more than 100 ms"
    assert it.is_late(11.0)
    assert it.late(11.0) is None
    assert it.begin(11.0) is None
    assert not it.is_late(11.05)
    assert it.late(11.2).counter == "loop_hangs"


def test_the_next_step_finds_a_gap_that_nobody_saw():
    it = watch(max_overruns=0)
    it.begin(10.0)
    assert it.begin(13.0).counter == "loop_hangs"
    assert it.begin(13.025) is None


def test_nothing_is_late_before_the_first_step_or_after_the_end():
    it = watch()
    assert not it.is_late(1e9)
    it.begin(1.0)
    it.reset()
    assert not it.is_late(1e9)
    assert it.begin(500.0) is None

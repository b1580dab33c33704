"""The control loop's deadlines, its accounts, and what becomes of failures."""

import gc
import math
import sys
import time

import numpy as np
import pytest

from rlzero_ros.nodes.control_loop import ControlLoop
from rlzero_ros.nodes.loop_times import LoopTimes


def run(step, period_s, seconds):
    failures = []
    loop = ControlLoop(period_s, step, failures.append)
    loop.start()
    time.sleep(seconds)
    loop.stop()
    return loop, failures


def test_late_ticks_do_not_delay_the_next():
    starts = []

    def step(now_s):
        starts.append(now_s)
        if len(starts) % 5 == 0:
            time.sleep(0.008)  # late, but within the period
        return math.nan

    loop, failures = run(step, 0.02, 2.0)
    assert failures == []
    # Were the late ticks to delay the next, 20 of 100 would each cost 8 ms: 92 ticks. Periods that
    # a busy machine missed are told apart.
    expected = (starts[-1] - starts[0]) / 0.02 + 1 - loop.times.overruns
    assert abs(loop.times.ticks - expected) <= 1.5
    offsets = np.array(starts) - starts[0]
    assert np.median(np.abs(offsets - 0.02 * np.round(offsets / 0.02))) < 0.005


def test_missed_periods_are_counted_and_not_made_up_for():
    starts = []

    def step(now_s):
        starts.append(now_s)
        if len(starts) == 5:
            time.sleep(0.11)
        return math.nan

    loop, _ = run(step, 0.02, 1.0)
    gaps = np.diff(starts)
    assert gaps.max() > 0.11
    later = starts[int(np.argmax(gaps)) + 1 :]
    assert len(later) <= (later[-1] - later[0]) / 0.02 + 1.5, "no burst after an overrun"
    assert loop.times.overruns >= 5


def test_a_failure_ends_the_loop_and_is_told():
    def step(_):
        raise ValueError("broken step")

    loop, failures = run(step, 0.01, 0.2)
    assert [str(f) for f in failures] == ["broken step"]
    assert loop.times.ticks == 0
    loop.stop()


def test_the_interpreter_is_quiet_while_the_loop_runs_and_as_before_afterwards():
    before = sys.getswitchinterval()
    seen = []
    run(lambda _: seen.append((gc.isenabled(), sys.getswitchinterval())) or math.nan, 0.01, 0.1)
    assert seen
    assert all(not enabled and interval < before for enabled, interval in seen)
    assert gc.isenabled()
    assert sys.getswitchinterval() == before


def test_garbage_is_collected_while_the_collector_is_off():
    class Cycle:
        alive = 0

        def __init__(self):
            Cycle.alive += 1
            self.me = self

        def __del__(self):
            Cycle.alive -= 1

    made = []

    def step(_):
        made.append(1)
        Cycle()
        return math.nan

    run(step, 0.02, 1.5)
    assert Cycle.alive < len(made) - 20


def test_a_report_of_known_times():
    times = LoopTimes(0.01, size=8)
    assert times.report().rate_hz == 0.0
    for tick in range(20):
        times.add(tick * 0.01 + (0.002 if tick == 19 else 0.0), 0.001, 0.004)
    report = times.report()
    assert report.ticks == 20
    assert report.rate_hz == pytest.approx(7 / 0.072, rel=1e-6)
    assert report.period_error_p50_ms == pytest.approx(0.0, abs=1e-9)
    assert 1.5 < report.period_error_p99_ms <= 2.0
    assert report.latency_p50_ms == pytest.approx(4.0)
    assert report.work_p99_ms == pytest.approx(1.0)

"""Many random ticks, most of them good, some of them not: no command is ever out of bounds.

RLZERO_GUARD_TICKS=1000000 makes it a million ticks in all (`make faults`); 100000 without it.
"""

import os

import numpy as np
import pytest

from rlzero_ros.safety import (
    BodyLimits,
    CommandLimits,
    Fault,
    GuardState,
    Reading,
    SafetyGuard,
    think,
)

TICKS = int(os.environ.get("RLZERO_GUARD_TICKS", "100000"))
BLOCK = 5000
N, DIM, BASE, PERIOD_S = 3, 4, 5, 0.02
LOWER, UPPER = np.array([-1.0, -2.0, -0.5]), np.array([0.5, 3.0, 0.1])
HOSTILE = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324])
BODY = BodyLimits(
    ("a", "b", "c"), np.full(N, -9.0), np.full(N, 9.0), np.full(N, 12.0), min_height_m=-8.0
)
COLUMNS = np.cumsum([N, N, BASE, 1, DIM, N])


class World:
    """Numbers for one tick after another, drawn a block at a time."""

    def __init__(self, seed):
        self._rng = np.random.default_rng(seed)
        self._left = 0

    def tick(self):
        if self._left == 0:
            self._draw()
        self._left -= 1
        i = self._left
        return np.split(self._values[i], COLUMNS[:-1]), self._ages[i], self._events[i]

    def _draw(self):
        rng, width = self._rng, COLUMNS[-1]
        self._values = rng.normal(size=(BLOCK, width)) * 3.0
        spoiled = rng.random(BLOCK) < 0.01
        rows = np.flatnonzero(spoiled)
        columns = rng.integers(width, size=rows.size)
        self._values[rows, columns] = rng.choice(HOSTILE, rows.size)
        self._ages = np.where(rng.random(BLOCK) < 0.002, rng.exponential(0.2, BLOCK), 0.001)
        self._events = rng.random(BLOCK)
        self._left = BLOCK


def is_allowed(command):
    return np.all(np.isfinite(command)) and np.all((command >= LOWER) & (command <= UPPER))


@pytest.mark.parametrize("interface", ["effort", "position", "velocity"])
def test_no_command_is_ever_out_of_bounds(interface, record_property):
    limits = CommandLimits(interface, LOWER, UPPER, [20.0, 40.0, 5.0], [0.3, 0.1, 0.0], PERIOD_S)
    guard = SafetyGuard(limits, DIM, 0.1, BODY)
    world, ticks, longest = World(seed=3), TICKS // 3, limits.max_step * (1 + 1e-12)
    for _ in range(ticks):
        (positions, velocities, base, height, observation, action), age, event = world.tick()
        reading = Reading(
            {"a": age}, positions, velocities, base, velocities_age_s=age, height_m=height[0]
        )
        before, passed = guard.last_command, guard.counters["passed"]
        was_stopped, arms = guard.state is GuardState.STOPPED, guard.counters["arms"]
        # A step in three parts, as the control loop takes it; something may come in between.
        wanted = guard.begin(reading, driven=event < 0.98)
        command = None
        if wanted:
            thought = think(lambda o=observation: o, lambda _, a=action: a, DIM, N)
            if event < 0.003:
                guard.trip(Fault("loop_hangs", "too late"))
            elif event < 0.004:
                guard.stop("asked to")
            elif event < 0.005:
                guard.disarm()
                guard.arm(reading)
            command = guard.finish(thought)
        if command is None:
            command = guard.hold(reading)
        assert command is None or is_allowed(command)
        if guard.counters["passed"] > passed:
            assert wanted
            assert not was_stopped
            assert guard.counters["arms"] == arms
            assert guard.armed
            assert np.all(np.abs(command - before) <= longest)
        if was_stopped:
            assert guard.state is GuardState.STOPPED
        if not guard.armed and event > 0.8:
            guard.reset_stop()
            guard.arm(reading)
    seen = guard.counters
    record_property("ticks", seen["ticks"])
    assert seen["ticks"] == ticks
    assert seen["passed"] > 0.3 * ticks
    assert seen["discarded"] > ticks / 5000
    for name in ("stale_state", "invalid_state", "joint_velocity", "fallen", "invalid_action"):
        assert seen[name] > ticks / 20_000, name

"""Whatever is done to it, the guard's output is None or finite and within limits and slew."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rlzero_ros.safety import CommandLimits, GuardState, Reading, SafetyGuard

N, DIM, PERIOD_S = 2, 4, 0.02
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
TAME = st.floats(-3.0, 3.0)
AGES = st.one_of(st.just(0.001), NUMBERS)
NOT_NUMBERS = st.sampled_from([None, "stop", [], [[1.0, 2.0]], 7.0, [None, 1.0], object()])


def vectors(size):
    return st.one_of(
        st.lists(TAME, min_size=size, max_size=size),
        st.lists(NUMBERS, min_size=0, max_size=size + 2),
        NOT_NUMBERS,
    )


class Hostile(RuleBasedStateMachine):
    """Random requests and random ticks, good and bad, in any order."""

    @initialize(
        interface=st.sampled_from(["effort", "position", "velocity"]),
        engage_s=st.sampled_from([0.0, 0.01, 0.1, 1.0]),
        rate=st.sampled_from([1e-3, 1.0, 50.0, 1e9, 1e300]),
        damping=st.sampled_from([0.0, 1.0, 1e300]),
    )
    def build(self, interface, engage_s, rate, damping):
        limits = CommandLimits(
            interface, [-1.0, -2.0], [0.5, 3.0], [rate, rate], [damping, damping], PERIOD_S
        )
        self.guard = SafetyGuard(limits, DIM, engage_s)
        self.was_stopped = False

    @rule(age=AGES, positions=vectors(N), velocities=vectors(N), fault=st.sampled_from(["", "x"]))
    def arm(self, age, positions, velocities, fault):
        verdict = self.guard.arm(Reading({"joint_states": age}, positions, velocities, fault=fault))
        assert not (verdict.granted and self.was_stopped)
        assert verdict.message

    @rule()
    def stop(self):
        assert self.guard.stop("asked to").granted
        self.was_stopped = True

    @rule()
    def disarm(self):
        assert self.guard.disarm().granted != self.was_stopped

    @rule()
    def reset_stop(self):
        assert self.guard.reset_stop().granted == self.was_stopped
        self.was_stopped = False

    @rule(
        age=AGES,
        positions=vectors(N),
        velocities=vectors(N),
        observation=vectors(DIM),
        action=vectors(N),
        raising=st.sampled_from([None, None, None, "observe", "act"]),
        holding=st.booleans(),
        repeats=st.integers(1, 5),
    )
    def tick(self, age, positions, velocities, observation, action, raising, holding, repeats):
        def observe():
            if raising == "observe":
                raise RuntimeError("no kinematics")
            return observation

        def act(_):
            if raising == "act":
                raise MemoryError
            return action

        reading = Reading({"joint_states": age}, positions, velocities, velocities_age_s=age)
        for _ in range(repeats):
            self.check(reading, observe, None if holding else act)

    @rule(action=st.lists(st.floats(-9.0, 9.0), min_size=N, max_size=N))
    def good_tick(self, action):
        self.check(
            Reading({"a": 0.0}, [0.1, 0.2], [0.0, 1.0]), lambda: [0.0] * DIM, lambda _: action
        )

    def check(self, reading, observe, act):
        guard, limits = self.guard, self.guard.limits
        before, passed = guard.last_command, guard.counters["passed"]
        command = guard.tick(reading, observe, act)
        if command is not None:
            assert command.shape == (N,)
            assert np.all(np.isfinite(command))
            assert np.all((command >= limits.lower) & (command <= limits.upper))
        if guard.counters["passed"] > passed:
            assert not self.was_stopped
            assert command is not None
            assert before is not None
            assert np.all(np.abs(command - before) <= limits.max_step * (1 + 1e-9))
        self.was_stopped = self.was_stopped or guard.state is GuardState.STOPPED

    @invariant()
    def latched(self):
        if not hasattr(self, "guard"):
            return
        assert (self.guard.state is GuardState.STOPPED) == self.was_stopped
        assert bool(self.guard.stop_reason) == self.was_stopped
        final = self.guard.final_command()
        assert final is None or np.all(np.isfinite(final))


TestHostile = pytest.mark.filterwarnings("error")(Hostile.TestCase)
TestHostile.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

"""Inference that hangs or is too slow: the command stream does not go on with stale actions."""

import os
import signal
import time

import numpy as np
import pytest

from rlzero_ros.msg import PolicyStatus
from rlzero_ros.robots.walker import SPEC

SPEED = np.array([0.5, -0.5, 1.0, 0.1, 0.2, -0.3])
DAMPING = -np.array(SPEC.command.hold_damping) * SPEED
PERIOD_S = 0.025
# Two processes and their scheduler.
TRANSPORT_S = 0.03

PRELUDE = """
import time
from pathlib import Path
from rlzero_ros.imitate.runtime import PolicyRuntime

act, sign = PolicyRuntime.act, Path({path!r})

def slow_act(self, observation, z):
    try:
        how, seconds = sign.read_text().split()
    except FileNotFoundError:
        return act(self, observation, z)
    if how != "always":
        sign.unlink()
    end = time.monotonic() + float(seconds)
    while how == "spin" and time.monotonic() < end:
        pass
    time.sleep(max(0.0, end - time.monotonic()))
    return act(self, observation, z)

PolicyRuntime.act = slow_act
"""


@pytest.fixture
def slow_policy(policy, operator, tmp_path):
    """The node, armed and running, and the function that makes its inference slow."""
    sign = tmp_path / "slow"
    it = policy(prelude=PRELUDE.format(path=str(sign)))
    it.robot.velocities = SPEED
    operator.run()

    def slow(how, seconds):
        fresh = tmp_path / "next"
        fresh.write_text(f"{how} {seconds}")
        fresh.rename(sign)  # at once
        return time.monotonic()

    yield it, slow
    sign.unlink(missing_ok=True)


def moving(robot, start_s=0.0):
    """When commands came that are no hold: damping, or nothing while velocities are stale."""
    held = (DAMPING, np.zeros(6))
    return [
        at
        for at, command in robot.commands
        if at > start_s and not any(np.allclose(command, hold) for hold in held)
    ]


def test_inference_that_hangs_is_cut_off_and_its_action_never_sent(
    slow_policy, operator, record_property
):
    it, slow = slow_policy
    for number, how in enumerate(("sleep", "spin"), start=1):
        # Python that spins on the only processor leaves time to the watchdog, not to the executor.
        start_s = slow(how, 1.0)
        if how == "sleep":
            # Still hanging: the stop is told, and stop is answered.
            operator.wait_for(lambda s: s.guard_state == PolicyStatus.STOPPED, "the stop", 0.6)
            asked_s = time.monotonic()
            assert "already stopped: the control loop stood still" in operator.stop().message
            assert time.monotonic() - asked_s < 0.2
        time.sleep(max(0.0, start_s + 1.6 - time.monotonic()))
        last = max(moving(it.robot))
        held = [at for at, _ in it.robot.commands if at > last]
        record_property(f"{how}_gap_ms", f"{(held[0] - last) * 1e3:.1f}")
        assert held[0] - last < PERIOD_S + 0.1 + TRANSPORT_S
        assert max(np.diff(held)) < 2 * PERIOD_S + TRANSPORT_S
        assert len([at for at in held if at < last + 1.0]) > 25
        assert operator.counter("discarded") == number
        assert operator.counter("loop_hangs") == number
        assert operator.reset_stop().success
        operator.run()
    assert it.process.is_running()


def test_a_loop_that_misses_its_periods_stops_the_robot(slow_policy, operator):
    it, slow = slow_policy
    start_s = slow("always", 0.03)
    operator.wait_for(lambda s: s.guard_state == PolicyStatus.STOPPED, "the stop", 3.0)
    reason = operator.status.stop_reason
    assert reason.startswith("the control loop missed 1"), reason
    assert reason.endswith(" of its last 40 periods")
    assert operator.counter("loop_overruns") == 1
    assert operator.status.overruns >= 10
    assert max(moving(it.robot)) - start_s < 1.0


def test_a_frozen_process_does_not_go_on_where_it_was(slow_policy, operator):
    it, _ = slow_policy
    it.process.send(signal.SIGSTOP)
    frozen_s = time.monotonic()
    time.sleep(1.0)
    it.process.send(signal.SIGCONT)
    operator.wait_for(lambda s: s.guard_state == PolicyStatus.STOPPED, "the stop", 1.0)
    time.sleep(0.2)
    # What had left the process before it was frozen may arrive a moment later.
    assert not moving(it.robot, frozen_s + 0.05)


def test_a_step_that_never_ends_does_not_keep_the_node_from_ending(slow_policy, operator):
    it, slow = slow_policy
    slow("sleep", 1000.0)
    operator.wait_for(lambda s: s.guard_state == PolicyStatus.STOPPED, "the stop", 1.0)
    os.kill(it.process.popen.pid, signal.SIGTERM)
    it.process.popen.wait(8.0)
    time.sleep(0.1)
    np.testing.assert_array_equal(it.robot.commands[-1][1], np.zeros(6))

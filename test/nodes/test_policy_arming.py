"""Who may move the robot: arm, stop, reset_stop, dry_run, and the end of the node."""

import signal
import time

import numpy as np

from rlzero_ros.msg import PolicyStatus

SPEED = np.array([0.5, -0.5, 1.0, 0.1, 0.2, -0.3])


def test_only_arming_moves_the_robot_and_only_reset_and_arming_after_a_stop(policy, operator):
    it = policy()
    robot = it.robot
    robot.velocities = SPEED
    damping = -np.array(robot.spec.command.hold_damping) * SPEED
    time.sleep(0.3)
    assert robot.commands == []
    assert not operator.reset_stop().success

    operator.run()
    time.sleep(0.3)
    driven = robot.commands[-1][1]
    assert np.all(np.isfinite(driven))
    assert not np.allclose(driven, damping)
    assert operator.arm().message == "already armed"

    answer = operator.stop()
    stopped_s = time.monotonic()
    assert answer.success
    time.sleep(0.2)
    status = operator.status
    assert (status.guard_state, status.armed) == (PolicyStatus.STOPPED, False)
    assert status.stop_reason == "stop was called"
    held = robot.since(stopped_s + 0.1)
    assert len(held) > 2
    np.testing.assert_allclose(held, np.tile(damping, (len(held), 1)))

    refused = operator.arm()
    assert not refused.success
    assert refused.message == "stopped: stop was called; call reset_stop first"
    assert operator.reset_stop().success
    reset_s = time.monotonic()
    time.sleep(0.2)
    np.testing.assert_allclose(robot.since(reset_s)[-1], damping)
    operator.run()
    time.sleep(0.2)
    np.testing.assert_allclose(robot.commands[-1][1], driven, atol=1e-6)

    assert operator.arm(False).success
    disarmed_s = time.monotonic()
    time.sleep(0.2)
    np.testing.assert_allclose(robot.since(disarmed_s)[-1], damping)
    assert operator.arm().success

    armed_s = time.monotonic()
    it.process.send(signal.SIGINT)
    assert it.process.popen.wait(10.0) == 0
    time.sleep(0.1)
    np.testing.assert_array_equal(robot.since(armed_s)[-1], np.zeros(6))


def test_arming_is_refused_without_a_state_and_in_words(policy, operator):
    it = policy()
    it.robot.pull_the_plug("odom")
    time.sleep(0.3)
    answer = operator.arm()
    assert not answer.success
    assert "odom" in answer.message
    assert "ms old" in answer.message
    assert it.robot.commands == []
    assert operator.status.guard_state == PolicyStatus.DISARMED


def test_dry_run_does_everything_except_to_publish(policy, operator):
    it = policy(dry_run=True)
    answer = operator.arm()
    assert answer.success
    assert "dry run" in answer.message
    status = operator.wait_for(lambda s: s.guard_state == PolicyStatus.RUNNING, "RUNNING")
    assert status.dry_run
    operator.wait_for(lambda _: operator.counter("passed") > 10, "a policy that acts")
    would_be = np.array(operator.status.joint_command)
    assert would_be.shape == (6,)
    assert np.all(would_be >= it.robot.spec.command.lower)
    assert np.all(would_be <= it.robot.spec.command.upper)
    assert np.abs(would_be).max() > 0.0
    operator.stop()
    it.process.stop()
    assert it.robot.commands == []

"""Position, velocity and effort robots, through each of the command messages."""

import time

import numpy as np
import pytest

from rlzero_ros.msg import PolicyStatus

PERIOD_S = 0.025
POSE = np.array([0.1, -0.2, 0.3, -0.1, -0.25, -0.3])
SPEED = np.array([0.5, -0.5, 1.0, 0.1, 0.2, -0.3])


def allowed_step(spec):
    """From the words of DESIGN, not from the code under test."""
    rate = np.array(spec.command.rate_limit)
    if spec.command.interface == "position":
        return np.minimum(rate, spec.velocity_limit) * PERIOD_S * 0.5
    return rate * PERIOD_S * (0.5 if spec.command.interface == "velocity" else 1.0)


@pytest.mark.parametrize(
    ("interface", "message", "hold"),
    [
        ("position", "float64_multi_array", "latent"),
        ("position", "joint_trajectory", "damping"),
        ("velocity", "joint_state", "damping"),
        ("effort", "joint_state", "damping"),
    ],
)
def test_every_interface(policy, operator, spec_for, interface, message, hold):
    spec = spec_for(interface, message)
    it = policy(spec, hold)
    robot = it.robot
    robot.positions, robot.velocities = POSE, SPEED
    time.sleep(0.2)
    operator.run()
    first = robot.commands[0][1]
    begin = POSE if interface == "position" else np.zeros(6)
    damping = -np.array(spec.command.hold_damping) * SPEED
    if interface == "effort":
        np.testing.assert_allclose(first, damping)
    else:
        assert np.all(np.abs(first - begin) <= allowed_step(spec) + 1e-9)
    if hold == "damping" and interface != "effort":
        np.testing.assert_allclose(robot.commands[-1][1], begin)

    # A policy that gets wild states drives to its limits.
    rng = np.random.default_rng(0)
    start_s = time.monotonic()
    operator.send(operator.plan(it.bundle.id, "wild"))
    operator.wait_for(lambda s: s.plan_id == "wild", "the plan")
    for _ in range(40):
        robot.velocities = np.clip(rng.normal(size=6) * 20, -50, 50)  # 60 would stop it
        time.sleep(0.03)
    driven = robot.since(start_s)
    assert len(driven) > 30
    assert np.all(np.isfinite(driven))
    assert np.all(driven >= spec.command.lower)
    assert np.all(driven <= spec.command.upper)
    # Lost messages would look like larger steps: the subscriber keeps 100, reliably.
    steps = np.abs(np.diff(driven, axis=0))
    begins = 1 if hold == "damping" else 0
    assert np.all(steps[begins:] <= allowed_step(spec) + 1e-9)
    assert np.ptp(driven, axis=0).max() > 0.05

    robot.velocities = SPEED
    time.sleep(0.1)
    operator.stop()
    time.sleep(0.15)
    last = robot.commands[-1][1]
    expected = {"position": robot.commands[-3][1], "velocity": np.zeros(6), "effort": damping}
    np.testing.assert_allclose(last, expected[interface])
    robot.pull_the_plug("joint_states")
    time.sleep(0.3)
    limp = last if interface == "position" else np.zeros(6)
    np.testing.assert_allclose(robot.commands[-1][1], limp)
    assert operator.status.guard_state == PolicyStatus.STOPPED
    it.process.stop()
    time.sleep(0.1)
    np.testing.assert_allclose(robot.commands[-1][1], limp)

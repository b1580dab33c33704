"""The policy node as the robot, an operator and an outside observer see it."""

import time

import numpy as np
import pytest

from rlzero_ros.bundle import Bundle
from rlzero_ros.msg import PolicyStatus

PERIOD_S = 0.025
REACTION_S = 0.1 + PERIOD_S


@pytest.fixture
def policy(node_process, played_robot, operator, make_bundle, wait_until):
    """Start a policy node with a robot around it: (process, robot, operator, bundle)."""

    def start(spec=None, hold="latent", **parameters):
        bundle = Bundle.load(make_bundle(hold=hold) if spec is None else make_bundle(spec, hold))
        robot = played_robot(bundle.spec)
        process = node_process(
            "policy_node",
            parameters={
                "bundle": bundle.path,
                "dry_run": False,
                "engage_s": 0.2,
                "plan_blend_s": 0.1,
                **parameters,
            },
        )
        process.wait_for_log("activate done", 60.0)
        wait_until(lambda: operator.statuses, 10.0, "policy_status")
        return process, robot, operator, bundle

    return start


def run(operator):
    assert operator.arm().success
    operator.wait_for(lambda s: s.guard_state == PolicyStatus.RUNNING, "RUNNING")


def test_arm_moves_the_robot_and_nothing_else_does(policy):
    _, robot, operator, _ = policy()
    time.sleep(0.3)
    assert robot.commands == []
    run(operator)
    assert len(robot.commands) > 3
    assert np.any(robot.commands[-1][1] != 0)

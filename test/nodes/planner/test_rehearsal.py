"""The planner rehearses from where the robot is, tells it, and can be stopped meanwhile."""

import time

import numpy as np
import pytest
from action_msgs.msg import GoalStatus

from rlzero_ros.errors import ErrorCode


@pytest.fixture(scope="module")
def robot(nodes):
    # Long enough for a cancel to come between two simulated seconds.
    options = {"rehearsal.candidates": 4, "rehearsal.seconds": 8.0, "rehearsal.veto": False}
    return nodes.robot(**options)


@pytest.fixture
def person(robot, meet):
    somebody = meet()
    somebody.forget_what_was_latched()
    somebody.arm()
    return somebody


def test_the_best_of_several_ways_is_sent_and_told(person):
    handle, heard = person.send("walk forward")
    status, result = person.result(handle, 60.0)
    assert status == GoalStatus.STATUS_SUCCEEDED, result.message
    # Feedback and result come by different ways: the last of it may be late.
    person.wait(lambda: heard and heard[-1].stage == "act", 5.0, "the last feedback")
    stages = list(dict.fromkeys(f.stage for f in heard))
    assert stages == ["imagine", "project", "rehearse", "send", "act"]
    assert result.rehearse_s > 0.0
    assert result.rehearsal_gain >= 0.0
    person.wait(lambda: person.plans, 5.0, "the plan")
    observations = np.array(person.plans[-1].observations)
    assert len(observations) == len(person.plans[-1].similarities) * 24
    assert np.isfinite(observations).all()


def test_a_cancel_while_rehearsing_sends_nothing(robot, person):
    person.plans.clear()
    handle, heard = person.send("lie down")
    person.wait(lambda: any(f.stage == "rehearse" for f in heard), 30.0, "the rehearsal")
    person.cancel(handle)
    status, result = person.result(handle)
    assert status == GoalStatus.STATUS_CANCELED
    assert result.error_code == ErrorCode.CANCELED
    time.sleep(1.0)
    assert not [plan for plan in person.plans if plan.command == "lie down"]


def test_all_vetoed_is_refused(nodes, meet):
    options = {
        "rehearsal.candidates": 2,
        "rehearsal.seconds": 4.0,  # long enough for an untrained policy to fall
        "rehearsal.max_saturated": 0.0,
        "rehearsal.max_strained": 0.0,
    }
    nodes.planner("/careful", **options)
    person = meet("/careful/")
    handle, _ = person.send("walk forward")
    status, result = person.result(handle, 60.0)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_code == ErrorCode.REHEARSAL_VETO, result.message
    assert not person.plans

"""A command on its way through all three nodes: feedback, cancel, preemption, refusals."""

import time

import pytest
from action_msgs.msg import GoalStatus
from std_srvs.srv import SetBool

from rlzero_ros.errors import ErrorCode

LONG_S = 60.0


@pytest.fixture(scope="module")
def robot(nodes):
    """The planner, with simulator and policy node, for all tests of this file."""
    return nodes.robot()[-1]


@pytest.fixture
def person(robot, meet):
    """Somebody who found the robot armed and holding."""
    somebody = meet()
    somebody.forget_what_was_latched()
    somebody.wait(lambda: somebody.status is not None, 60.0, "a policy node")
    somebody.call(SetBool, "arm", SetBool.Request(data=False))
    somebody.arm()
    somebody.wait(lambda: not somebody.status.plan_id, 5.0, "the hold behaviour")
    somebody.commands.clear()
    return somebody


def acting(person):
    person.wait(lambda: person.status.plan_id, 20.0, "a plan that is acted on")
    return person.status.plan_id


def test_the_action_tells_each_stage_and_ends_when_the_robot_acts(person):
    handle, heard = person.send("walk forward")
    status, result = person.result(handle)
    assert status == GoalStatus.STATUS_SUCCEEDED, result.message
    assert result.error_code == ErrorCode.OK
    assert result.imagine_s > 0
    assert result.project_s > 0
    assert result.similarity > 0.9
    person.wait(lambda: heard and heard[-1].stage == "act", 5.0, "the last feedback")
    stages = list(dict.fromkeys(f.stage for f in heard))
    assert stages == ["imagine", "project", "send", "act"]
    assert all(0.0 <= f.progress <= 1.0 for f in heard)
    assert acting(person) == result.plan_id
    assert person.status.command == "walk forward"
    person.wait(lambda: len(person.commands) > 20, 5.0, "joint commands")


def test_the_topic_does_what_the_action_does(robot, person):
    person.say("walk forward")
    plan_id = acting(person)
    assert plan_id == person.plans[-1].id
    robot.wait_for_log("'walk forward': OK (0)", 5.0)


def test_a_goal_with_a_duration_ends_after_it(person):
    began = time.monotonic()
    handle, heard = person.send("walk forward", duration_s=1.5)
    status, result = person.result(handle)
    assert status == GoalStatus.STATUS_SUCCEEDED, result.message
    assert time.monotonic() - began > 1.4
    progress = [f.progress for f in heard if f.stage == "act"]
    assert progress == sorted(progress)
    assert len(progress) > 5


def test_cancel_returns_the_robot_to_its_hold_behaviour(person):
    handle, _ = person.send("walk forward", duration_s=LONG_S)
    acting(person)
    answer = person.cancel(handle)
    assert len(answer.goals_canceling) == 1
    status, result = person.result(handle, 2.0)
    assert (status, result.error_code) == (GoalStatus.STATUS_CANCELED, ErrorCode.CANCELED)
    person.wait(lambda: not person.status.plan_id, 2.0, "the hold behaviour")
    assert person.status.armed
    count = len(person.commands)
    person.wait(lambda: len(person.commands) > count + 10, 2.0, "joint commands of the hold")


@pytest.mark.parametrize("way", ["action", "topic"])
def test_a_new_command_preempts_the_old_goal(person, way):
    first, _ = person.send("walk forward", duration_s=LONG_S)
    old_plan = acting(person)
    if way == "action":
        second, _ = person.send("lie down", duration_s=LONG_S)
    else:
        person.say("lie down")
    status, result = person.result(first, 5.0)
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.PREEMPTED)
    person.wait(lambda: person.status.plan_id not in ("", old_plan), 10.0, "the new plan")
    assert person.status.command == "lie down"
    if way == "action":
        person.cancel(second)
        assert person.result(second, 2.0)[0] == GoalStatus.STATUS_CANCELED


def test_a_cancel_of_a_goal_that_has_ended_changes_nothing(person):
    first, _ = person.send("walk forward")
    assert person.result(first)[0] == GoalStatus.STATUS_SUCCEEDED
    plan_id = acting(person)
    assert not person.cancel(first).goals_canceling
    time.sleep(0.3)
    assert person.status.plan_id == plan_id


def test_what_is_not_understood_leaves_the_robot_doing_what_it_did(person):
    person.send("walk forward")
    plan_id = acting(person)
    for sentence in ("make me a coffee", "", "\x00\x07"):
        handle, _ = person.send(sentence)
        assert person.result(handle)[0] == GoalStatus.STATUS_ABORTED
    time.sleep(0.3)
    assert person.status.plan_id == plan_id


def test_a_disarmed_robot_refuses_and_says_so(person):
    person.call(SetBool, "arm", SetBool.Request(data=False))
    handle, _ = person.send("walk forward")
    status, result = person.result(handle)
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.NOT_ARMED)
    assert not person.status.plan_id


def test_a_stop_ends_the_goal_and_the_next_one_is_refused(person):
    handle, _ = person.send("walk forward", duration_s=LONG_S)
    acting(person)
    assert person.trigger("stop").success
    status, result = person.result(handle, 2.0)
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.STOPPED)
    handle, _ = person.send("walk forward")
    status, result = person.result(handle)
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, ErrorCode.STOPPED)


def test_twenty_goals_at_once_end_once_each_and_the_last_one_wins(person):
    handles = [person.send(f"walk forward {'now ' * i}")[0] for i in range(20)]
    results = [person.result(handle)[1] for handle in handles]
    assert results[-1].error_code == ErrorCode.OK, results[-1].message
    assert {r.error_code for r in results[:-1]} <= {ErrorCode.OK, ErrorCode.PREEMPTED}
    assert person.status.plan_id == results[-1].plan_id


def test_a_cancel_of_a_preempted_goal_does_not_touch_the_one_that_took_its_place(person):
    first, _ = person.send("walk forward", duration_s=LONG_S)
    old_plan = acting(person)
    second, _ = person.send("lie down", duration_s=LONG_S)
    assert person.result(first, 5.0)[1].error_code == ErrorCode.PREEMPTED
    assert not person.cancel(first).goals_canceling
    person.wait(lambda: person.status.plan_id not in ("", old_plan), 10.0, "the new plan")
    time.sleep(0.3)
    assert person.status.command == "lie down"
    person.cancel(second)
    assert person.result(second, 2.0)[0] == GoalStatus.STATUS_CANCELED


def test_those_without_actions_cancel_by_a_service(person):
    handle, _ = person.send("walk forward", duration_s=LONG_S)
    acting(person)
    assert person.trigger("cancel_command").message == "walk forward: canceled"
    assert person.result(handle, 2.0)[1].error_code == ErrorCode.CANCELED
    person.wait(lambda: not person.status.plan_id, 2.0, "the hold behaviour")
    assert person.status.armed
    person.say("walk forward")  # of a topic nothing is on its way once the robot acts
    acting(person)
    time.sleep(0.2)
    assert person.trigger("cancel_command").success
    person.wait(lambda: not person.status.plan_id, 2.0, "the hold behaviour")

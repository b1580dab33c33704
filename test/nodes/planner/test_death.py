"""Nodes that die during a run: the robot goes on without the planner and stops without a state."""

import signal
import time

import numpy as np
import pytest
from punctual import be_punctual
from rclpy.time import Time
from std_srvs.srv import SetBool

from rlzero_ros.errors import ErrorCode
from rlzero_ros.msg import PolicyStatus


@pytest.fixture
def acting(nodes, meet):
    """All three nodes, the robot acting on a plan."""
    simulator, _, planner = nodes.robot()
    person = meet()
    be_punctual()
    person.arm()
    person.say("walk forward")
    person.wait(lambda: person.status.plan_id, 30.0, "a plan that is acted on")
    return person, simulator, planner


def test_the_robot_does_not_notice_the_death_of_the_planner(acting, nodes):
    person, _, planner = acting
    plan_id = person.status.plan_id
    planner.kill()
    time.sleep(0.2)
    begin = time.monotonic()
    time.sleep(2.0)
    times = [at for at, _ in person.commands if begin < at <= begin + 2.0]
    assert len(times) == pytest.approx(80, abs=8)  # 40 Hz
    assert max(np.diff(times)) < 0.1
    assert person.status.plan_id == plan_id
    assert person.status.guard_state == PolicyStatus.RUNNING
    nodes.robot()  # a new planner
    assert person.status.plan_id == plan_id
    person.say("lie down")
    person.wait(lambda: person.status.plan_id not in ("", plan_id), 20.0, "the new plan")


def test_the_death_of_the_simulator_stops_the_policy_until_re_armed(acting, nodes):
    person, simulator, _ = acting
    stopped = []
    person.on_status = lambda status: (
        stopped.append(status.header.stamp) if status.guard_state == PolicyStatus.STOPPED else None
    )
    killed_s = time.time()
    simulator.kill()
    person.wait(lambda: stopped, 2.0, "a stop")
    assert Time.from_msg(stopped[0]).nanoseconds / 1e9 - killed_s < 0.15
    assert person.status.stop_reason
    assert not person.status.plan_id

    person.commands.clear()
    nodes.robot()  # the robot is back, and falls
    time.sleep(3.0)
    assert person.status.guard_state == PolicyStatus.STOPPED
    assert not person.call(SetBool, "arm", SetBool.Request(data=True)).success
    last = [message.data for _, message in person.commands][-20:]
    assert not last or np.abs(np.array(last)).max() < 1.0, "it is pushed while it lies still"

    assert person.trigger("reset_stop").success
    assert person.status.guard_state != PolicyStatus.RUNNING
    person.arm()
    person.wait(lambda: person.status.guard_state == PolicyStatus.RUNNING, 5.0, "a running policy")
    assert not person.status.plan_id, "an old plan came back"
    person.wait(lambda: any(np.abs(m.data).max() > 1.0 for _, m in person.commands[-5:]), 5.0)


def test_a_planner_that_stood_still_does_not_take_the_policy_node_for_dead(nodes, meet):
    """The defect: whoever did not listen for a second heard "the policy node fell silent"."""
    _, _, planner = nodes.robot()
    person = meet()
    person.arm()
    before = person.status.plan_id
    goal, _ = person.send("walk forward", duration_s=3.0)
    person.wait(lambda: person.status.plan_id not in ("", before), 30.0, "the plan")
    planner.send(signal.SIGSTOP)
    time.sleep(2.5)
    planner.send(signal.SIGCONT)
    _, result = person.result(goal)
    assert result.error_code == ErrorCode.OK, result.message


def test_the_death_of_the_policy_node_ends_the_command(nodes, meet):
    _, policy, _ = nodes.robot()
    person = meet()
    person.arm()
    before = person.status.plan_id
    goal, _ = person.send("walk forward", duration_s=30.0)
    person.wait(lambda: person.status.plan_id not in ("", before), 30.0, "the plan")
    policy.kill()
    _, result = person.result(goal)
    assert result.error_code == ErrorCode.POLICY_UNAVAILABLE
    assert "silent" in result.message

"""People and tools at the wrong moment: arming, stopping, lifecycle, parameters, other speakers."""

import multiprocessing
import signal
import time

import numpy as np
import pytest
from faultlab.fault import GAP_MS, STOP_MS, Table
from faultlab.recorder import INTRUDER
from faultlab.stage import POLICY
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from rlzero_ros.msg import PolicyStatus

table = Table("request")
GOES_ON = "refused, goes on, bit for bit the same commands"


def transition(stage, number):
    request = ChangeState.Request(transition=Transition(id=number))
    return stage.operator.ask(ChangeState, "policy_node/change_state", request).success


def set_parameter(stage, name, kind, **value):
    given = Parameter(name=name, value=ParameterValue(type=kind, **value))
    request = SetParameters.Request(parameters=[given])
    answer = stage.operator.ask(SetParameters, "policy_node/set_parameters", request)
    return answer.results[0]


@table.row("stop is called", "stops, latched", STOP_MS)
def stop(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    assert stage.operator.trigger("stop").success
    return stage.expect_stop(start_s, "stop was called")


@table.row("stop is called while the policy takes over", "stops, latched", STOP_MS)
def stop_in_engagement(stage):
    stage.ready()
    assert stage.operator.arm(False).success
    assert stage.operator.arm().success
    time.sleep(POLICY["engage_s"] / 3)
    start_s = time.monotonic()
    assert stage.operator.trigger("stop").success
    return stage.expect_stop(start_s, "stop was called")


@table.row("stop is called 200 times", "stops at the first, latched", STOP_MS)
def stop_flood(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    for _ in range(200):
        assert stage.operator.trigger("stop").success
    return stage.expect_stop(start_s, "stop was called")


@table.row("stop before the robot was ever armed", "stops, latched", STOP_MS)
def stop_unarmed(stage):
    stage.ready()
    assert stage.operator.arm(False).success
    start_s = time.monotonic()
    assert stage.operator.trigger("stop").success
    return stage.expect_stop(start_s, "stop was called")


@table.row("arm while armed", "goes on, bit for bit the same commands", GAP_MS)
def arm_twice(stage):
    plan = stage.ready(plan=True)
    start_s = time.monotonic()
    assert stage.operator.arm().success
    return stage.expect_unmoved(plan, start_s)


@table.row("arm while the joints move fast", "takes over within the slew limit", GAP_MS)
def arm_moving(stage):
    stage.ready()
    assert stage.operator.arm(False).success
    stage.robot.velocities = np.array([4.0, -4.0, 4.0, -4.0, 4.0, -4.0])
    time.sleep(0.3)
    start_s = time.monotonic()
    answer = stage.operator.arm()
    assert answer.success, answer.message
    time.sleep(POLICY["engage_s"] + 0.3)
    assert stage.operator.status.guard_state == PolicyStatus.RUNNING
    # The recorder has looked at every step between the commands.
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@table.row("arm while the robot's state is NaN", "refuses, only holds", GAP_MS)
def arm_blind(stage):
    stage.ready()
    assert stage.operator.arm(False).success

    def spoil(topic, message):
        if isinstance(message, JointState):
            message.position = [float("nan")] * 6
        return [message]

    start_s = stage.robot.say(spoil)
    time.sleep(0.2)
    assert not stage.operator.arm().success
    time.sleep(0.2)
    assert stage.recorder.only_held(start_s)
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@table.row("reset_stop without a stop", GOES_ON, GAP_MS)
def reset_unstopped(stage):
    plan = stage.ready(plan=True)
    start_s = time.monotonic()
    assert not stage.operator.trigger("reset_stop").success
    return stage.expect_unmoved(plan, start_s)


@table.row("reset_stop alone after a stop", "only holds until it is armed", GAP_MS)
def reset_is_not_arm(stage):
    stage.ready(plan=True)
    assert stage.operator.trigger("stop").success
    time.sleep(0.1)
    start_s = time.monotonic()
    assert stage.operator.trigger("reset_stop").success
    time.sleep(0.5)
    assert stage.operator.status.guard_state == PolicyStatus.DISARMED
    assert stage.recorder.only_held(start_s)
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@table.row("disarmed while it acts", "holds", STOP_MS)
def disarm(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    assert stage.operator.arm(False).success
    time.sleep(0.4)
    assert stage.operator.status.guard_state == PolicyStatus.DISARMED
    return stage.recorder.first_stop_s(start_s) * 1e3


@table.row("deactivated while it acts", "leaves zero torque behind, then says nothing", STOP_MS)
def deactivate(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    assert transition(stage, Transition.TRANSITION_DEACTIVATE)
    measured_ms = (time.monotonic() - start_s) * 1e3
    time.sleep(0.1)
    last = stage.recorder.commands[-1]
    np.testing.assert_array_equal(last.values, np.zeros(6))
    time.sleep(0.4)
    assert stage.recorder.commands[-1] is last
    assert transition(stage, Transition.TRANSITION_ACTIVATE)
    time.sleep(0.4)
    assert stage.recorder.commands[-1] is last, "it was never armed again"
    return max(measured_ms, (last.received_s - start_s) * 1e3)


@table.row("configured while it acts (no such transition)", GOES_ON, GAP_MS)
def impossible_transition(stage):
    plan = stage.ready(plan=True)
    start_s = time.monotonic()
    assert not transition(stage, Transition.TRANSITION_CONFIGURE)
    assert not transition(stage, Transition.TRANSITION_CLEANUP)
    state = stage.operator.ask(GetState, "policy_node/get_state", GetState.Request())
    assert state.current_state.id == State.PRIMARY_STATE_ACTIVE
    return stage.expect_unmoved(plan, start_s)


CHANGES = {
    "dry run": ("dry_run", ParameterType.PARAMETER_BOOL, {"bool_value": True}),
    "bundle": ("bundle", ParameterType.PARAMETER_STRING, {"string_value": "/nowhere"}),
    "engage": ("engage_s", ParameterType.PARAMETER_DOUBLE, {"double_value": 0.0}),
    "nan": ("plan_blend_s", ParameterType.PARAMETER_DOUBLE, {"double_value": float("nan")}),
    "type": ("engage_s", ParameterType.PARAMETER_STRING, {"string_value": "fast"}),
}
for key in CHANGES:

    @table.row(f"a parameter is changed while it acts: {key}", GOES_ON, GAP_MS, name=key)
    def parameter(stage, name):
        changed, kind, value = CHANGES[name]
        plan = stage.ready(plan=True)
        start_s = time.monotonic()
        assert not set_parameter(stage, changed, kind, **value).successful
        return stage.expect_unmoved(plan, start_s)


@table.row("the node is frozen for a second (SIGSTOP)", "stops when it wakes, latched", STOP_MS)
def frozen(stage):
    stage.ready(plan=True)
    process = stage.process("policy_node")
    process.send(signal.SIGSTOP)
    time.sleep(1.0)
    process.send(signal.SIGCONT)
    return stage.expect_stop(time.monotonic(), "stale state", "loop", "late")


@table.row(
    "the node is killed (SIGKILL)", "its last command is within limits; a new node waits", 30.0
)
def killed(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    stage.process("policy_node").kill()
    time.sleep(0.3)
    last = stage.recorder.commands[-1]
    stage.start("policy_node")
    time.sleep(1.0)
    assert stage.recorder.commands[-1] is last, "a new node must wait until it is armed"
    return max(0.0, (last.received_s - start_s) * 1e3)


@table.row("the node ends (SIGTERM) while it acts", "leaves zero torque behind", 1000.0)
def terminated(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    process = stage.process("policy_node")
    process.send(signal.SIGTERM)
    assert process.popen.wait(10.0) == 0
    last = stage.recorder.commands[-1]
    np.testing.assert_array_equal(last.values, np.zeros(6))
    return (last.received_s - start_s) * 1e3


def burn(until_s):
    while time.monotonic() < until_s:
        pass


@table.row("four programs use the processor to the full for 3 s", "goes on or stops", GAP_MS)
def hog(stage):
    plan = stage.ready(plan=True)
    context = multiprocessing.get_context("spawn")
    start_s = time.monotonic()
    hogs = [context.Process(target=burn, args=(start_s + 3.0,)) for _ in range(4)]
    for each in hogs:
        each.start()
    try:
        return stage.expect_unmoved(plan, start_s, last_s=3.0)
    finally:
        for each in hogs:
            each.join(10.0)


WATCHFUL = {**POLICY, "preflight": True}
LOOK_MS = 500.0
"""How often the policy node looks who else publishes commands."""


def intrude(stage, seconds):
    topic = stage.bundle.spec.command.topic
    intruder = stage.node.create_publisher(Float64MultiArray, topic, 10)
    for _ in range(round(seconds / 0.02)):
        intruder.publish(Float64MultiArray(data=[INTRUDER] * 6))
        time.sleep(0.02)
    return intruder


@table.row("somebody else commands the robot while it acts", "stops, latched", LOOK_MS + STOP_MS)
def second_publisher(stage):
    stage.start("policy_node", **WATCHFUL)
    stage.ready(plan=True)
    start_s = time.monotonic()
    intruder = intrude(stage, 1.0)
    measured = stage.expect_stop(start_s, "publishes")
    stage.node.destroy_publisher(intruder)
    return measured


@table.row("armed while somebody else commands the robot", "refused, only holds", GAP_MS)
def arm_beside_another(stage):
    stage.ready()
    assert stage.operator.arm(False).success
    time.sleep(0.2)
    intruder = intrude(stage, 0.5)
    start_s = time.monotonic()
    answer = stage.operator.arm()
    assert not answer.success
    assert "publish" in answer.message
    stage.node.destroy_publisher(intruder)
    time.sleep(0.4)
    assert stage.recorder.only_held(start_s)
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@pytest.fixture(scope="module")
def stage(theatre):
    return theatre.played()


@pytest.mark.parametrize("fault", table.parameters())
def test_fault(fault, stage, judge):
    judge(fault, stage)

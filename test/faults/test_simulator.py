"""A simulator that dies, hangs or jumps, with the real policy on the real physics."""

import signal
import time

import pytest
from faultlab.fault import GAP_MS, STOP_MS, Table
from faultlab.stage import POLICY
from std_srvs.srv import SetBool

from rlzero_ros.msg import PolicyStatus

table = Table("simulator")
# As config/policy_sim.yaml: a paused simulator repeats itself, and MuJoCo's joint limits are soft.
SIMULATED = {
    **POLICY,
    "new_stamps_only": False,
    "joint_velocity_stop": 2.0,
    "joint_margin_stop": 0.8,
}


@table.row("killed while the robot acts", "stops, latched", STOP_MS)
def killed_acting(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    stage.process("mujoco_node").kill()
    return stage.expect_stop(start_s, "stale state")


@table.row("killed while the policy takes over", "stops, latched", STOP_MS)
def killed_engaging(stage):
    stage.ready()
    assert stage.operator.arm(False).success
    assert stage.operator.arm().success
    time.sleep(POLICY["engage_s"] / 3)
    start_s = time.monotonic()
    stage.process("mujoco_node").kill()
    return stage.expect_stop(start_s, "stale state")


@table.row("killed before the robot is armed", "arm is refused; it only holds", GAP_MS)
def killed_unarmed(stage):
    stage.ready()
    assert stage.operator.arm(False).success
    stage.process("mujoco_node").kill()
    time.sleep(0.3)
    start_s = time.monotonic()
    assert not stage.operator.arm().success
    time.sleep(0.3)
    assert stage.recorder.only_held(start_s)
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@table.row("frozen for a second (SIGSTOP)", "stops, and stays stopped when it goes on", STOP_MS)
def frozen(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    stage.process("mujoco_node").send(signal.SIGSTOP)
    measured = stage.expect_stop(start_s, "stale state")
    time.sleep(0.5)
    stage.process("mujoco_node").send(signal.SIGCONT)
    time.sleep(0.5)
    assert stage.operator.status.guard_state == PolicyStatus.STOPPED
    assert stage.recorder.only_held(start_s + measured / 1e3)
    return measured


@table.row("restarted while stopped", "stays stopped", STOP_MS)
def restarted(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    stage.process("mujoco_node").kill()
    measured = stage.expect_stop(start_s, "stale state")
    assert stage.recorder.only_held(start_s + measured / 1e3)
    stage.start("mujoco_node")
    # The recorder may find the new simulator later than the policy node does, which damps by it.
    time.sleep(1.0)
    again_s = time.monotonic()
    time.sleep(0.6)
    assert stage.operator.status.guard_state == PolicyStatus.STOPPED
    assert stage.recorder.only_held(again_s)
    return measured


@table.row("paused for a second", "goes on at its rate", GAP_MS)
def paused(stage):
    plan = stage.ready(plan=True)
    start_s = time.monotonic()
    assert stage.operator.ask(SetBool, "pause", SetBool.Request(data=True)).success
    time.sleep(1.0)
    assert stage.operator.ask(SetBool, "pause", SetBool.Request(data=False)).success
    return stage.expect_unmoved(plan, start_s, last_s=1.5)


@table.row("the robot is put somewhere else (reset)", "goes on at its rate, within limits", GAP_MS)
def teleported(stage):
    plan = stage.ready(plan=True)
    start_s = time.monotonic()
    for _ in range(3):
        assert stage.operator.trigger("reset").success
        time.sleep(0.3)
    return stage.expect_unmoved(plan, start_s, last_s=1.2)


@table.row("the policy node is killed and comes back", "nothing moves until it is armed", 30.0)
def policy_killed(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    stage.process("policy_node").kill()
    time.sleep(0.5)
    last = stage.recorder.commands[-1]
    stage.start("policy_node")
    time.sleep(1.0)
    assert stage.recorder.commands[-1] is last
    return max(0.0, (last.received_s - start_s) * 1e3)


@pytest.fixture(scope="module")
def stage(theatre):
    stage = theatre.empty()
    stage.start("policy_node", **SIMULATED)
    stage.start("mujoco_node", seed=0)
    yield stage
    theatre.close()


@pytest.mark.parametrize("fault", table.parameters())
def test_fault(fault, stage, judge):
    judge(fault, stage)

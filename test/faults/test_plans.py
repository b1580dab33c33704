"""Plans that no robot should act on, and floods of them: refused by name, and not noticed."""

import math
import time

import faultlab.shout
import pytest
from faultlab.fault import GAP_MS, STOP_MS, Table
from faultlab.stage import BLEND_S

from rlzero_ros.errors import ErrorCode
from rlzero_ros.msg import PolicyStatus, ProjectedPlan

table = Table("plan")
REFUSES = "refuses it with a code, goes on bit for bit"
HOUR_S = 3600


def spoilt(stage, **fields):
    plan = stage.operator.plan(next(stage.ids))
    for name, value in fields.items():
        setattr(plan, name, value)
    return plan


def refused(stage, plan, code):
    """The robot acts on a good plan while a bad one comes."""
    good = stage.ready(plan=True)
    start_s = stage.operator.publish(plan)
    status = stage.refused(plan.id)
    assert status.rejected_code == code, status.rejected_reason
    return stage.expect_unmoved(good, start_s)


BAD = {
    "nan": (lambda p: _set(p.observations, 7, math.nan), ErrorCode.PLAN_INVALID),
    "inf": (lambda p: _set(p.observations, 0, math.inf), ErrorCode.PLAN_INVALID),
    "torn row": (lambda p: p.observations.pop(), ErrorCode.PLAN_INVALID),
    "other observation size": (lambda p: _field(p, "observation_dim", 23), ErrorCode.PLAN_INVALID),
    "too few similarities": (lambda p: p.similarities.pop(), ErrorCode.PLAN_INVALID),
    "similarity nan": (lambda p: _set(p.similarities, 0, math.nan), ErrorCode.PLAN_INVALID),
    "confidence nan": (lambda p: _field(p, "confidence", math.nan), ErrorCode.PLAN_INVALID),
    "low confidence": (lambda p: _field(p, "confidence", 0.05), ErrorCode.LOW_SIMILARITY),
    "other bundle": (lambda p: _field(p, "bundle_id", "0" * 12), ErrorCode.BUNDLE_MISMATCH),
    "no id": (lambda p: _field(p, "id", ""), ErrorCode.PLAN_INVALID),
    "text of a megabyte": (lambda p: _field(p, "command", "x" * 1_000_000), ErrorCode.PLAN_INVALID),
    "expired": (lambda p: _until(p, -1), ErrorCode.PLAN_EXPIRED),
    "valid for a century": (lambda p: _until(p, 876_000 * HOUR_S), ErrorCode.PLAN_INVALID),
    "stamped in an hour": (lambda p: _stamped(p, HOUR_S), ErrorCode.PLAN_INVALID),
    "3000 observations": (lambda p: _repeat(p, 375), ErrorCode.PLAN_INVALID),
}


def _set(values, place, value):
    values[place] = value


def _field(plan, name, value):
    setattr(plan, name, value)


def _until(plan, seconds):
    plan.valid_until.sec = min(plan.header.stamp.sec + seconds, 2**31 - 1)


def _stamped(plan, seconds):
    plan.header.stamp.sec += seconds
    plan.valid_until.sec += seconds


def _repeat(plan, times):
    plan.observations = list(plan.observations) * times
    plan.similarities = list(plan.similarities) * times


for key in BAD:

    @table.row(
        f"a plan: {key}",
        REFUSES,
        GAP_MS,
        fast=key in ("nan", "expired", "stamped in an hour"),
        name=key,
    )
    def bad(stage, name):
        spoil, code = BAD[name]
        plan = spoilt(stage)
        spoil(plan)
        return refused(stage, plan, code)


@table.row("1000 good plans at once", "goes on at its rate, ends on the last one", GAP_MS)
def flood(stage):
    stage.ready(plan=True)
    plans = [spoilt(stage) for _ in range(1000)]
    start_s = time.monotonic()
    for plan in plans:
        stage.operator.publish(plan)
    end_s = time.monotonic()
    stage.operator.wait_for(lambda s: s.plan_id == plans[-1].id, "the last plan", 20.0)
    gap_ms = stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3
    assert stage.operator.status.guard_state == PolicyStatus.RUNNING
    assert end_s > start_s
    return gap_ms


@table.row("1000 bad plans at once", "refuses them, goes on bit for bit", GAP_MS)
def flood_of_bad(stage):
    good = stage.ready(plan=True)
    plans = [spoilt(stage, confidence=math.nan) for _ in range(1000)]
    start_s = time.monotonic()
    for plan in plans:
        stage.operator.publish(plan)
    stage.refused(plans[-1].id, 20.0)
    return stage.expect_unmoved(good, start_s)


@table.row("the same plan again", "goes on bit for bit", GAP_MS)
def repeated(stage):
    good = stage.ready(plan=True)
    return stage.expect_unmoved(good, stage.operator.publish(spoilt(stage, id=good)))


@table.row("a plan's time runs out", "holds, within a period", 25.0 + GAP_MS)
def runs_out(stage):
    stage.ready()
    plan = stage.operator.plan(next(stage.ids), lifetime_s=1.2)
    stage.operator.publish(plan)
    ends_s = time.monotonic() + 1.2
    stage.operator.wait_for(lambda s: s.plan_id == plan.id, "the plan")
    stage.operator.wait_for(lambda s: not s.plan_id, "its end")
    measured_ms = (stage.operator.statuses[-1][0] - ends_s) * 1e3
    time.sleep(BLEND_S)
    assert stage.operator.status.guard_state == PolicyStatus.RUNNING
    return abs(measured_ms)


@table.row("a plan while the robot is disarmed", "refuses it, sends nothing but its hold", GAP_MS)
def disarmed(stage):
    stage.ready()
    assert stage.operator.arm(False).success
    time.sleep(0.2)
    plan = spoilt(stage)
    start_s = stage.operator.publish(plan)
    assert stage.refused(plan.id).rejected_code == ErrorCode.NOT_ARMED
    time.sleep(0.3)
    assert stage.recorder.only_held(start_s)
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@table.row("a plan after a stop", "refuses it, stays stopped", STOP_MS)
def after_a_stop(stage):
    stage.ready()
    start_s = time.monotonic()
    assert stage.operator.trigger("stop").success
    plan = spoilt(stage)
    stage.operator.publish(plan)
    assert stage.refused(plan.id).rejected_code == ErrorCode.STOPPED
    return stage.expect_stop(start_s, "stop was called")


@table.row("a stop while a new plan blends in", "stops, latched", STOP_MS, fast=True)
def stop_in_a_blend(stage):
    stage.ready(plan=True)
    stage.operator.publish(spoilt(stage))
    time.sleep(BLEND_S / 3)
    start_s = time.monotonic()
    assert stage.operator.trigger("stop").success
    return stage.expect_stop(start_s, "stop was called")


@table.row("another message type on the plan topic", "goes on bit for bit", GAP_MS)
def other_type(stage):
    good = stage.ready(plan=True)
    start_s = time.monotonic()
    assert stage.run_beside(faultlab.shout, "plan", "4", "--unheard") == 0
    return stage.expect_unmoved(good, start_s)


@table.row("a planner with best-effort QoS", "hears nothing, goes on bit for bit", GAP_MS)
def other_qos(stage):
    from rclpy.qos import qos_profile_sensor_data

    good = stage.ready(plan=True)
    publisher = stage.node.create_publisher(ProjectedPlan, "plan", qos_profile_sensor_data)
    time.sleep(0.3)
    start_s = time.monotonic()
    publisher.publish(spoilt(stage))
    measured = stage.expect_unmoved(good, start_s)
    stage.node.destroy_publisher(publisher)
    return measured


@pytest.fixture(scope="module")
def stage(theatre):
    return theatre.played()


@pytest.mark.parametrize("fault", table.parameters())
def test_fault(fault, stage, judge):
    judge(fault, stage)

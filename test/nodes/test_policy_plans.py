"""Plans: which are taken, which are refused and why, and how long one lasts."""

import sys
import time

import numpy as np
import pytest

from rlzero_ros.errors import ErrorCode
from rlzero_ros.msg import PolicyStatus

NAN = float("nan")
CODE = ErrorCode
BAD = [
    ({"id": ""}, CODE.PLAN_INVALID, "no id"),
    ({"id": "x" * 2000}, CODE.PLAN_INVALID, "longer than 1000"),
    ({"command": "x" * 2000}, CODE.PLAN_INVALID, "command is longer"),
    ({"bundle_id": "000000000000"}, CODE.BUNDLE_MISMATCH, "this node runs"),
    ({"observation_dim": 23}, CODE.PLAN_INVALID, "observation_dim is 23, this robot's is 24"),
    ({"observations": [0.0] * 119}, CODE.PLAN_INVALID, "not rows of 24"),
    ({"observations": [NAN] * 120}, CODE.PLAN_INVALID, "not finite"),
    ({"observations": [0.0] * 119 + [float("inf")]}, CODE.PLAN_INVALID, "not finite"),
    ({"observations": [0.0] * 24 * 201}, CODE.PLAN_INVALID, "more than 200"),
    ({"similarities": [0.5] * 4}, CODE.PLAN_INVALID, "4 similarities for 5"),
    ({"similarities": [NAN] * 5}, CODE.PLAN_INVALID, "within -1 and 1"),
    ({"similarities": [1.5] * 5}, CODE.PLAN_INVALID, "within -1 and 1"),
    ({"confidence": NAN}, CODE.PLAN_INVALID, "within -1 and 1"),
    ({"confidence": 0.1}, CODE.LOW_SIMILARITY, "below min_confidence"),
]


def test_bad_plans_are_refused_with_code_and_reason_and_change_nothing(policy, operator):
    it = policy(min_confidence=0.3, max_plan_steps=200)
    early = operator.plan(it.bundle.id, "early")
    operator.send(early)
    status = operator.wait_for(lambda s: s.rejected_plan_id == "early", "answer before arming")
    assert status.rejected_code == CODE.NOT_ARMED
    operator.run()
    time.sleep(0.2)
    before = it.robot.commands[-1][1]
    start_s = time.monotonic()
    for number, (changes, code, words) in enumerate(BAD):
        plan = operator.plan(it.bundle.id, f"bad-{number}")
        for name, value in changes.items():
            setattr(plan, name, value)
        operator.send(plan)
        status = operator.wait_for(
            lambda s, plan=plan, words=words: (
                s.rejected_plan_id == plan.id[:1000] and words in s.rejected_reason
            ),
            words,
        )
        assert status.rejected_code == code
        assert status.plan_id == ""
    operator.send(operator.plan(it.bundle.id, "late", lifetime_s=-1.0))
    status = operator.wait_for(lambda s: s.rejected_plan_id == "late", "expired")
    assert status.rejected_code == CODE.PLAN_EXPIRED
    later = it.robot.since(start_s)
    np.testing.assert_array_equal(later, np.tile(before, (len(later), 1)))

    operator.stop()
    operator.send(operator.plan(it.bundle.id, "after"))
    status = operator.wait_for(lambda s: s.rejected_plan_id == "after", "answer after a stop")
    assert status.rejected_code == CODE.STOPPED
    assert "reset_stop" in status.rejected_reason


def test_a_plan_is_acted_on_until_it_ends(policy, operator, wait_until):
    it = policy()
    operator.run()
    hold_z = np.array(operator.status.z)
    assert np.linalg.norm(hold_z) == pytest.approx(4.0, abs=1e-4)
    held = it.robot.commands[-1][1]

    start_s = time.monotonic()
    operator.send(operator.plan(it.bundle.id, "good", lifetime_s=1.5))
    taken = operator.wait_for(lambda s: s.plan_id == "good", "the plan to be taken")
    assert taken.command == "walk forward"
    assert 0 < taken.imitate_s < 0.5
    status = operator.wait_for(lambda s: s.first_command_s > 0, "its first command")
    assert status.first_command_s < 0.5
    time.sleep(0.4)
    z = np.array(operator.status.z)
    assert np.linalg.norm(z) == pytest.approx(4.0, abs=1e-4)
    assert np.dot(z, hold_z) < 15.0
    assert not np.allclose(it.robot.commands[-1][1], held)
    # The same plan once more, as a latched topic may bring it, is no new plan.
    first_command_s = operator.status.first_command_s
    operator.send(operator.plan(it.bundle.id, "good", lifetime_s=60.0))
    status = operator.wait_for(lambda s: s.plan_id == "", "the end of the plan")
    assert 1.4 < time.monotonic() - start_s < 2.2
    assert status.guard_state == PolicyStatus.RUNNING
    assert status.first_command_s == first_command_s
    time.sleep(0.3)
    np.testing.assert_allclose(it.robot.commands[-1][1], held, atol=1e-5)


def test_a_hold_plan_a_stop_and_disarming_end_a_plan(policy, operator):
    it = policy()
    operator.run()

    def act(name):
        operator.send(operator.plan(it.bundle.id, name))
        operator.wait_for(lambda s: s.plan_id == name, name)

    act("first")
    hold = operator.plan(it.bundle.id, "hold", steps=0)
    operator.send(hold)
    operator.wait_for(lambda s: s.plan_id == "" and s.armed, "the hold")
    act("second")
    operator.stop()
    assert operator.wait_for(lambda s: not s.armed, "the stop").plan_id == ""
    operator.reset_stop()
    operator.run()
    assert operator.status.plan_id == ""
    act("third")
    operator.arm(False)
    operator.run()
    assert operator.status.plan_id == ""


PUBLISHER = """
import sys, time, rclpy
from rclpy.serialization import deserialize_message
from rclpy.qos import QoSProfile, DurabilityPolicy
from rlzero_ros.msg import ProjectedPlan
rclpy.init()
node = rclpy.create_node("planner_to_be_killed")
latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
publisher = node.create_publisher(ProjectedPlan, "plan", latched)
publisher.publish(deserialize_message(bytes.fromhex(sys.argv[1]), ProjectedPlan))
print("published", flush=True)
rclpy.spin(node)
"""


def test_killing_the_publisher_of_the_plan_changes_nothing(policy, operator, node_process):
    from rclpy.serialization import serialize_message

    it = policy()
    operator.run()
    plan = serialize_message(operator.plan(it.bundle.id, "orphan")).hex()
    planner = node_process.start("planner", [sys.executable, "-c", PUBLISHER, plan])
    planner.wait_for_log("published")
    operator.wait_for(lambda s: s.plan_id == "orphan" and s.first_command_s > 0, "the plan")
    time.sleep(0.3)
    before, start_s = it.robot.commands[-1][1], time.monotonic()
    planner.kill()
    time.sleep(1.5)
    later = it.robot.since(start_s)
    assert len(later) > 40
    np.testing.assert_array_equal(later, np.tile(before, (len(later), 1)))
    assert operator.status.plan_id == "orphan"


def test_a_flood_of_plans_does_not_disturb_the_loop(policy, operator, held_up_s):
    it = policy()
    operator.run()
    start_s = time.monotonic()
    for number in range(1000):
        operator.send(operator.plan(it.bundle.id, f"flood-{number}", seed=number))
    operator.send(operator.plan(it.bundle.id, "last"))
    operator.wait_for(lambda s: s.plan_id == "last", "the last plan", 20.0)
    arrivals = np.array([at for at, _ in it.robot.commands if at > start_s])
    lasted_s = arrivals[-1] - start_s - held_up_s(start_s, arrivals[-1])
    assert len(arrivals) > 0.9 * lasted_s / 0.025
    assert operator.status.guard_state == PolicyStatus.RUNNING

"""use_sim_time: plans and stamps go by /clock, the control loop and its watchdogs do not."""

import time

from rosgraph_msgs.msg import Clock

from rlzero_ros.errors import ErrorCode
from rlzero_ros.msg import PolicyStatus

SIM_S = 1000


def test_plans_are_valid_by_the_clock_topic_and_safety_is_not(
    policy, operator, ros_node, wait_until
):
    it = policy(use_sim_time=True, preflight=False)  # the robot's stamps are of the wall clock
    clock = ros_node.create_publisher(Clock, "/clock", 1)
    message = Clock()
    message.clock.sec = SIM_S

    def is_heard():
        clock.publish(message)
        return operator.status.header.stamp.sec == SIM_S

    wait_until(is_heard, 10.0, "a status by simulated time")
    operator.run()
    # By the wall clock it ends in half a century; by this clock it ended a second ago.
    plan = operator.plan(it.bundle.id, "over")
    plan.header.stamp.sec, plan.valid_until.sec = SIM_S - 61, SIM_S - 1
    operator.send(plan)
    status = operator.wait_for(lambda s: s.rejected_plan_id == "over", "the refusal")
    assert status.rejected_code == ErrorCode.PLAN_EXPIRED
    # By the wall clock this one ended long ago.
    plan = operator.plan(it.bundle.id, "good")
    plan.header.stamp.sec, plan.valid_until.sec = SIM_S, SIM_S + 60
    operator.send(plan)
    operator.wait_for(lambda s: s.plan_id == "good", "the plan")

    # Time stands still as in a paused simulator: commands go on, and silence stops the robot.
    begin_s = time.monotonic()
    time.sleep(0.5)
    assert len(it.robot.since(begin_s)) > 15
    it.robot.pull_the_plug("joint_states")
    operator.wait_for(lambda s: s.guard_state == PolicyStatus.STOPPED, "the stop", 1.0)
    assert operator.status.header.stamp.sec == SIM_S

"""A planner that dies, hangs, floods or is talked nonsense: no joint command changes for it."""

import math
import signal
import time

import faultlab.shout
import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from faultlab.fault import GAP_MS, Table
from faultlab.stage import BLEND_S
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import String

from rlzero_ros.action import ExecuteCommand
from rlzero_ros.errors import ErrorCode
from rlzero_ros.msg import PolicyStatus
from rlzero_ros.nodes.action_client import ThreadSafeActionClient

table = Table("planner")
GOES_ON = "goes on, bit for bit the same commands"
HOLD_MS = 500.0
"""From a cancel to the hold behaviour: the planner looks for it every 20 ms, on a busy machine."""


class Speaker:
    """Sends sentences and goals."""

    def __init__(self, stage):
        self.stage = stage
        self._sentences = stage.node.create_publisher(String, "language_command", 1)
        self._action = ThreadSafeActionClient(stage.node, ExecuteCommand, "execute_command")

    def say(self, sentence):
        self.stage.wait(self._sentences.get_subscription_count, 60.0, "a listening planner")
        self._sentences.publish(sentence if isinstance(sentence, bytes) else String(data=sentence))
        return time.monotonic()

    def begin(self, command="walk forward", duration_s=0.0):
        """Send a goal; its handle (a future), and the list that its stages go to."""
        self.stage.wait(self._action.server_is_ready, 60.0, "the action")
        stages = []
        goal = ExecuteCommand.Goal(command=command, duration_s=duration_s)
        future = self._action.send_goal_async(goal, lambda m: stages.append(m.feedback.stage))
        return future, stages

    def reach(self, stage_name, duration_s=0.0):
        """Send a goal and return its handle at the moment when it reaches a stage."""
        future, stages = self.begin(duration_s=duration_s)
        self.stage.wait(lambda: stage_name in stages and future.done(), 60.0, stage_name)
        assert future.result().accepted
        return future.result()

    def result(self, handle, timeout_s=30.0):
        return self.answer(handle.get_result_async(), timeout_s)

    def answer(self, future, timeout_s=30.0):
        self.stage.wait(future.done, timeout_s, "the result")
        return future.result().status, future.result().result


@table.row("killed before the robot is armed", "can be armed all the same", GAP_MS)
def killed_unarmed(stage):
    stage.ready()
    assert stage.operator.arm(False).success
    stage.process("planner_node").kill()
    assert stage.operator.arm().success
    start_s = time.monotonic()
    time.sleep(0.6)
    assert stage.operator.status.guard_state == PolicyStatus.RUNNING
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@table.row("killed while the robot holds", GOES_ON, GAP_MS)
def killed_holding(stage):
    stage.ready()
    time.sleep(BLEND_S)
    start_s = time.monotonic()
    stage.process("planner_node").kill()
    return stage.expect_unmoved("", start_s)


for name in ("imagine", "project"):

    @table.row(f"killed in the stage {name}", GOES_ON, GAP_MS, name=name)
    def killed(stage, name):
        plan = stage.ready(plan=True)
        stage.speaker.reach(name)
        start_s = time.monotonic()
        stage.process("planner_node").kill()
        return stage.expect_unmoved(plan, start_s, last_s=1.5)


@table.row("killed while its plan blends in", "acts on that plan, at its rate", GAP_MS)
def killed_blending(stage):
    stage.ready(plan=True)
    stage.speaker.reach("act", duration_s=5.0)
    start_s = time.monotonic()
    plan = stage.operator.status.plan_id
    stage.process("planner_node").kill()
    time.sleep(1.0)
    assert stage.operator.status.plan_id == plan
    assert stage.operator.status.guard_state == PolicyStatus.RUNNING
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@table.row("frozen for 2 s while the robot acts (SIGSTOP)", GOES_ON, GAP_MS)
def frozen_acting(stage):
    plan = stage.ready(plan=True)
    start_s = time.monotonic()
    stage.process("planner_node").send(signal.SIGSTOP)
    time.sleep(2.0)
    stage.process("planner_node").send(signal.SIGCONT)
    return stage.expect_unmoved(plan, start_s, last_s=2.5)


@table.row("frozen for 2 s in the stage imagine", "goes on; the goal ends well afterwards", GAP_MS)
def frozen_imagining(stage):
    plan = stage.ready(plan=True)
    handle = stage.speaker.reach("imagine")
    start_s = time.monotonic()
    stage.process("planner_node").send(signal.SIGSTOP)
    try:
        time.sleep(2.0)
        measured = stage.expect_unmoved(plan, start_s)
    finally:  # the rows that follow need it
        stage.process("planner_node").send(signal.SIGCONT)
    assert stage.speaker.result(handle)[0] == GoalStatus.STATUS_SUCCEEDED
    return measured


NONSENSE = {
    "not UTF-8": b"\x00\x01\x00\x00\x05\x00\x00\x00\xff\xfe\xfd\xfc\x00",
    "control characters": "walk\x1b[2J forward",
    "empty": "",
    "nothing it knows": "make me a coffee",
}
for key in NONSENSE:

    @table.row(f"a sentence: {key}", f"refuses it, {GOES_ON}", GAP_MS, name=key.lower())
    def sentence(stage, name):
        plan = stage.ready(plan=True)
        said = next(v for k, v in NONSENSE.items() if k.lower() == name)
        return stage.expect_unmoved(plan, stage.speaker.say(said), last_s=1.0)


@table.row("a sentence of five megabytes", f"refuses it, {GOES_ON}", GAP_MS)
def huge_sentence(stage):
    plan = stage.ready(plan=True)
    planner = stage.process("planner_node")
    start_s = time.monotonic()
    assert stage.run_beside(faultlab.shout, "language_command", "5000000") == 0
    measured = stage.expect_unmoved(plan, start_s)
    assert "COMMAND_TOO_LONG" in planner.read_log()
    return measured


@table.row("300 sentences at once", "goes on at its rate, obeys the last one", GAP_MS)
def sentence_flood(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    for number in range(300):
        stage.speaker.say(("walk forward", "lie down")[number % 2])
    stage.operator.wait_for(lambda s: s.command == "lie down", "the last sentence", 60.0)
    time.sleep(1.0)
    assert stage.operator.status.command == "lie down"
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


@table.row("50 goals at once", "all that are heard but the last end as preempted", GAP_MS)
def goal_flood(stage):
    stage.ready(plan=True)
    start_s = time.monotonic()
    futures = [stage.speaker.begin()[0] for _ in range(50)]
    # A service keeps the ten newest requests (rmw_qos_profile_services_default).
    stage.wait(futures[-1].done, 60.0, "the last goal to be accepted")
    ends = [stage.speaker.result(f.result(), 60.0) for f in futures if f.done()]
    codes = [result.error_code for _, result in ends]
    assert codes[-1] == ErrorCode.OK, ends[-1][1].message
    assert set(codes[:-1]) == {ErrorCode.PREEMPTED}
    return stage.recorder.largest_gap_s(start_s, time.monotonic()) * 1e3


for value in (math.nan, math.inf, -1.0, 1e30):

    @table.row(f"a goal of {value} s", f"refuses it, {GOES_ON}", GAP_MS, name=str(value))
    def duration(stage, name):
        plan = stage.ready(plan=True)
        start_s = time.monotonic()
        future, _ = stage.speaker.begin(duration_s=float(name))
        stage.wait(future.done, 10.0, "the goal")
        assert stage.speaker.result(future.result())[1].error_code != ErrorCode.OK
        return stage.expect_unmoved(plan, start_s)


for name in ("imagine", "project", "act"):

    @table.row(f"a cancel in the stage {name}", "returns to its hold", HOLD_MS, name=name)
    def cancel(stage, name):
        stage.ready(plan=True)
        handle = stage.speaker.reach(name, duration_s=20.0)
        start_s = time.monotonic()
        handle.cancel_goal_async()
        status, result = stage.speaker.result(handle)
        assert status == GoalStatus.STATUS_CANCELED
        assert result.error_code == ErrorCode.CANCELED
        stage.wait(lambda: not stage.operator.status.plan_id, 5.0, "the hold")
        holds_s = next(at for at, s in stage.operator.statuses if at > start_s and not s.plan_id)
        time.sleep(1.0)
        assert not stage.operator.status.plan_id, "the canceled plan came after all"
        assert stage.operator.status.guard_state == PolicyStatus.RUNNING
        return (holds_s - start_s) * 1e3


@table.row("deactivated in the stage imagine", f"the goal ends, {GOES_ON}", GAP_MS)
def deactivated(stage):
    plan = stage.ready(plan=True)
    # As all clients do, ask for the result before it is there: the action goes down with the node.
    asked = stage.speaker.reach("imagine").get_result_async()
    start_s = time.monotonic()

    def change(number):
        request = ChangeState.Request(transition=Transition(id=number))
        return stage.operator.ask(ChangeState, "planner_node/change_state", request, 60.0).success

    assert change(Transition.TRANSITION_DEACTIVATE)
    assert stage.speaker.answer(asked)[1].error_code == ErrorCode.CANCELED
    measured = stage.expect_unmoved(plan, start_s)
    assert change(Transition.TRANSITION_ACTIVATE)
    return measured


@table.row("pictures that lie about their size, 50 a second", GOES_ON, GAP_MS)
def torn_pictures(stage):
    plan = stage.ready(plan=True)
    pictures = stage.node.create_publisher(Image, "video_prompt", qos_profile_sensor_data)
    stage.wait(pictures.get_subscription_count, 10.0, "a listening planner")
    start_s = time.monotonic()
    torn = Image(encoding="rgb8", height=100_000, width=100_000, step=300_000, data=bytes(1000))
    whole = Image(encoding="rgb8", height=480, width=640, step=1920)
    whole.data = np.zeros(480 * 1920, np.uint8).tobytes()
    for number in range(50):
        pictures.publish((torn, whole)[number % 2])
        time.sleep(0.02)
    measured = stage.expect_unmoved(plan, start_s)
    stage.node.destroy_publisher(pictures)
    return measured


@pytest.fixture(scope="module")
def stage(theatre):
    stage = theatre.played()
    stage.robot.say(lambda topic, message: [message], rate_hz=5.0)
    # A sentence that is remembered is not imagined again, so that there is no such stage to hit.
    stage.start("planner_node", min_confidence=0.1, **{"skills.cache": False})
    stage.speaker = Speaker(stage)
    yield stage
    stage.end("planner_node")


@pytest.mark.parametrize("fault", table.parameters())
def test_fault(fault, stage, judge):
    judge(fault, stage)

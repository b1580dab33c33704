"""Sentences by topic, action and preview: good ones become plans, bad ones one clear error each."""

import io
import struct

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from PIL import Image

from rlzero_ros.action import ExecuteCommand
from rlzero_ros.errors import ErrorCode
from rlzero_ros.robots.walker import SPEC
from rlzero_ros.srv import PreviewCommand

BAD = {
    "": ErrorCode.COMMAND_EMPTY,
    "  \t\n": ErrorCode.COMMAND_EMPTY,
    "x" * 100_000: ErrorCode.COMMAND_TOO_LONG,
    "walk\x1b[31m forward": ErrorCode.COMMAND_NOT_TEXT,
    "make me a coffee": ErrorCode.COMMAND_NOT_UNDERSTOOD,
}


def cdr_string(data: bytes) -> bytes:
    """A std_msgs/String on the wire: little-endian CDR, length with the final zero, bytes."""
    return b"\x00\x01\x00\x00" + struct.pack("<I", len(data) + 1) + data + b"\x00"


@pytest.fixture(scope="module")
def planner(nodes):
    """One planner, without a policy node, for all tests of this file."""
    return nodes.planner(policy_timeout_s=0.5)


@pytest.fixture
def person(planner, meet):
    somebody = meet()
    somebody.forget_what_was_latched()
    return somebody


def test_a_sentence_becomes_a_plan_and_a_picture(person):
    person.say("walk forward")
    person.wait(lambda: person.plans and person.pictures, 20.0, "plan and imagination")
    plan = person.plans[0]
    assert plan.command == "walk forward"
    assert plan.source == "storyboard:walk"
    assert plan.observation_dim == SPEC.observation_dim
    observations = np.array(plan.observations).reshape(-1, SPEC.observation_dim)
    assert len(observations) == len(plan.similarities) == 4 * 48
    assert np.all(np.isfinite(observations))
    assert np.any(observations != 0)
    assert plan.valid_until.sec > plan.header.stamp.sec
    picture = Image.open(io.BytesIO(bytes(person.pictures[0].data)))
    assert picture.format == "PNG"
    assert picture.width > 4 * picture.height


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 1e30])
def test_a_goal_must_end_within_a_day(person, seconds):
    handle, _ = person.send("walk forward", duration_s=seconds)
    status, result = person.result(handle)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_code == ErrorCode.COMMAND_NOT_UNDERSTOOD
    assert "duration_s" in result.message


def test_bad_sentences_get_their_code_by_every_way_and_the_node_stays_up(planner, person):
    for sentence, code in BAD.items():
        handle, _ = person.send(sentence)
        status, result = person.result(handle)
        assert status == GoalStatus.STATUS_ABORTED
        assert result.error_code == code, sentence[:20]
        assert result.message
        answer = person.call(
            PreviewCommand, "preview_command", PreviewCommand.Request(command=sentence)
        )
        assert (answer.error_code, answer.message) == (code, result.message)
        before = planner.read_log().count(f"{code.name} ({int(code)})")
        person.say(sentence)
        person.wait(
            lambda: planner.read_log().count(f"{code.name} ({int(code)})") > before,  # noqa: B023
            5.0,
            code.name,
        )
    assert not person.plans
    assert planner.is_running()
    handle, _ = person.send("walk forward")
    person.wait(lambda: person.plans, 10.0, "a plan after all that")
    person.result(handle)


@pytest.mark.parametrize("data", [b"walk \xff\xfe forward", b"\xc3", b"\xed\xa0\x80", b"\x80" * 50])
def test_bytes_that_are_not_utf8_are_refused(planner, person, data):
    before = planner.read_log().count("COMMAND_NOT_TEXT (102)")
    person.say(cdr_string(data))
    person.wait(
        lambda: planner.read_log().count("COMMAND_NOT_TEXT (102)") > before, 10.0, "a refusal"
    )
    person.say("walk forward")
    person.wait(lambda: person.plans, 10.0, "a plan after that")
    assert person.plans[0].command == "walk forward"


def test_preview_shows_and_sends_nothing(person):
    request = PreviewCommand.Request(command="lie down", seed=3)
    answer = person.call(PreviewCommand, "preview_command", request)
    assert answer.error_code == ErrorCode.OK, answer.message
    assert answer.imagination.format == "png"
    assert len(answer.similarities) == 4 * 48
    again = person.call(PreviewCommand, "preview_command", request)
    assert bytes(again.imagination.data) == bytes(answer.imagination.data)
    assert not person.plans


def test_a_clip_unlike_anything_seen_is_refused(nodes, meet):
    nodes.planner("/alien", bundle="alien", min_confidence=0.3)
    person = meet("/alien/")
    handle, _ = person.send("walk forward")
    status, result = person.result(handle)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_code == ErrorCode.LOW_SIMILARITY, result.message
    assert result.similarity < 0.3
    assert not person.plans


def test_without_a_policy_node_the_goal_says_so(person):
    handle, heard = person.send("walk forward")
    status, result = person.result(handle)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_code == ErrorCode.POLICY_UNAVAILABLE
    assert result.plan_id
    assert [f.stage for f in heard if f.stage == "imagine"]
    assert isinstance(heard[-1], ExecuteCommand.Feedback)


def test_a_bundle_that_is_not_there_is_refused_at_configure(world, node_process):
    parameters = {"bundle": "nothing"}
    process = node_process("planner_node", parameters=parameters, namespace="/nobody")
    process.wait_for_log("no bundle 'nothing'", 60.0)
    process.wait_for_log("unconfigured", 5.0)
    assert process.is_running()


def test_cancel_command_tells_the_robot_to_hold(person):
    person.say("walk forward")
    person.wait(lambda: person.plans, 20.0, "a plan")
    assert len(person.plans[-1].observations)
    assert person.trigger("cancel_command").success
    person.wait(lambda: len(person.plans) == 2, 5.0, "the plan that holds")
    hold = person.plans[-1]
    assert (hold.command, len(hold.observations)) == ("hold", 0)
    assert hold.valid_until.sec > hold.header.stamp.sec

"""Each thing that can be wrong with a robot before it is armed, and what a person is told."""

from dataclasses import replace

import numpy as np
import pytest

from rlzero_ros.robots.plausible import JointsSeen
from rlzero_ros.robots.preflight import (
    FAILURE,
    WARNING,
    CommandTopicSeen,
    Endpoint,
    RobotSeen,
    TopicSeen,
    preflight,
    qos_conflict,
)
from rlzero_ros.robots.walker import SPEC

KINDS = {
    "joint_states": "sensor_msgs/msg/JointState",
    "imu": "sensor_msgs/msg/Imu",
    "odom": "nav_msgs/msg/Odometry",
}
ARRAY = "std_msgs/msg/Float64MultiArray"
DRIVER, CONTROLLER = Endpoint("/driver", ""), Endpoint("/controller", ARRAY)
RANGES = {"right_knee": (-2.6, 0.0), "right_ankle": (-0.78, 0.78)}
TIMES = 100.0 + np.arange(200) * 0.005


def topic(name, **changes):
    seen = TopicSeen(
        kind=KINDS[name],
        publishers=(replace(DRIVER, kind=KINDS[name]),),
        received_s=TIMES,
        stamps_s=TIMES + 1e9,
        clock_s=TIMES + 1e9 + 0.001,
        frame={"imu": "torso", "odom": "odom"}.get(name, ""),
        child_frame="torso" if name == "odom" else "",
    )
    return replace(seen, **changes)


def joints(**changes):
    still = dict.fromkeys(SPEC.joint_names, (-0.1, 0.1))
    return replace(JointsSeen(still, still, still), **changes)


def seen(joint=None, command=None, plans=(), **topics):
    return RobotSeen(
        states={name: topics.get(name, topic(name)) for name in KINDS},
        command=command or CommandTopicSeen("commands", ARRAY, (), (CONTROLLER,)),
        joints=joint or joints(),
        plans=plans,
        joint_ranges=RANGES,
    )


def spans(**values):
    return dict.fromkeys(SPEC.joint_names, (-0.1, 0.1)) | values


def test_a_good_robot_has_no_findings():
    assert preflight(SPEC, seen()) == []


SLOW, PAUSED = 100.0 + np.arange(50) * 0.05, np.append(TIMES, TIMES[-1] + 0.3)
OTHER = replace(CONTROLLER, node="/rqt")
DEGREES = spans(right_knee=(-120.0, -60.0), left_hip=(-20.0, 30.0))


@pytest.mark.parametrize(
    ("robot", "state", "subject", "words"),
    [
        (seen(imu=topic("imu", publishers=(), received_s=np.zeros(0))), FAILURE, "imu", "nobody"),
        (seen(odom=topic("odom", received_s=np.zeros(0))), FAILURE, "odom", "nothing came"),
        (
            seen(imu=topic("imu", publishers=(Endpoint("/x", "std_msgs/msg/String"),))),
            FAILURE,
            "imu",
            "/x publishes std_msgs/msg/String, not sensor_msgs/msg/Imu",
        ),
        (
            seen(
                imu=topic("imu", publishers=tuple(Endpoint(n, KINDS["imu"]) for n in ("/a", "/b")))
            ),
            FAILURE,
            "imu",
            "/a, /b all publish it",
        ),
        (
            seen(joint_states=topic("joint_states", received_s=SLOW)),
            FAILURE,
            "joint_states",
            "20 Hz, the policy runs at 40 Hz",
        ),
        (
            seen(
                odom=topic("odom", received_s=PAUSED, stamps_s=PAUSED + 1e9, clock_s=PAUSED + 1e9)
            ),
            WARNING,
            "odom",
            "paused for 300 ms",
        ),
        (seen(imu=topic("imu", stamps_s=TIMES * 0)), WARNING, "imu", "no stamp"),
        (seen(imu=topic("imu", stamps_s=TIMES * 0 + 7)), FAILURE, "imu", "stands still"),
        (
            seen(imu=topic("imu", stamps_s=TIMES + 1e9 - 0.2)),
            WARNING,
            "imu",
            "0.20 s behind this machine's clock",
        ),
        (seen(odom=topic("odom", stamps_s=TIMES + 1e9 + 5)), FAILURE, "odom", "5.00 s ahead"),
        (seen(imu=topic("imu", frame="imu_link")), WARNING, "imu", "frame 'imu_link'"),
        (
            seen(odom=topic("odom", frame="torso")),
            FAILURE,
            "odom",
            "frame and child frame are both 'torso'",
        ),
        (
            seen(command=CommandTopicSeen("commands", ARRAY, (OTHER,), (CONTROLLER,))),
            FAILURE,
            "commands",
            "/rqt publishes it too",
        ),
        (seen(command=CommandTopicSeen("commands", ARRAY)), FAILURE, "commands", "nobody listens"),
        (
            seen(command=CommandTopicSeen("commands", ARRAY, (), (Endpoint("/c", "x/msg/Y"),))),
            FAILURE,
            "commands",
            "/c expects x/msg/Y",
        ),
        (
            seen(
                command=CommandTopicSeen(
                    "commands", ARRAY, (), (replace(CONTROLLER, transient_local=True),)
                )
            ),
            FAILURE,
            "commands",
            "/controller asks for transient local, policy_node is volatile",
        ),
        (
            seen(plans=(Endpoint("/p", "", reliable=False, transient_local=True),)),
            WARNING,
            "plan",
            "policy_node asks for reliable, /p is best effort",
        ),
        (
            seen(joints(positions={"hip": (0.0, 0.0)})),
            FAILURE,
            "joint_states",
            "lacks right_hip, right_knee",
        ),
        (seen(joints(velocities={})), FAILURE, "joint_states", "no velocity of right_hip"),
        (
            seen(joints(positions=DEGREES)),
            FAILURE,
            "joint_states",
            "right_knee is at -120 rad, its range is -2.6 to 0; these look like degrees",
        ),
        (
            seen(joints(positions=spans(right_ankle=(300.0, 300.0)))),
            FAILURE,
            "joint_states",
            "calibrate its zero",
        ),
        (
            seen(joints(positions=spans(left_hip=(0.0, 700.0)))),
            WARNING,
            "joint_states",
            "left_hip has turned 111 times",
        ),
        (
            seen(joints(velocities=spans(left_hip=(-400.0, 0.0)))),
            FAILURE,
            "joint_states",
            "left_hip moves at 400 rad/s, its limit is 60; in degrees? Convert",
        ),
        (
            seen(joints(efforts=spans(right_ankle=(0.0, 12000.0)))),
            WARNING,
            "joint_states",
            "mA or mN·m?",
        ),
    ],
)
def test_what_is_wrong_is_one_line(robot, state, subject, words):
    findings = preflight(SPEC, robot)
    assert any(words in f.detail for f in findings), findings
    worst = {f.state for f in findings}
    assert (FAILURE in worst) == (state == FAILURE)
    assert {f.subject for f in findings} == {subject}
    assert all("\n" not in f.detail for f in findings)


@pytest.mark.parametrize("reliable", [True, False])
def test_a_publisher_that_offers_more_is_heard(reliable):
    offered = Endpoint("/p", "", reliable=True, transient_local=True)
    assert qos_conflict(offered, Endpoint("/s", "", reliable=reliable)) == ""


def test_a_robot_that_ran_into_its_soft_stops_is_plausible():
    pressed = joints(positions=spans(right_ankle=(-0.9, 1.0)))
    assert preflight(SPEC, seen(pressed)) == []


def test_few_messages_say_nothing_about_a_rate():
    few = {name: topic(name, received_s=SLOW[:20]) for name in KINDS}
    assert preflight(SPEC, seen(**few)) == []

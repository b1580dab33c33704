"""Whether a robot that is about to be armed is the one of the bundle: pure checks, no ROS.

What was seen of the robot's topics comes in as `RobotSeen`; every problem comes out as one line
that says what to do. A failure is a reason not to arm, a warning is for a person to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .plausible import JointsSeen, implausible
from .spec import RobotSpec

OK, WARNING, FAILURE = "ok", "warning", "FAILURE"

# How much slower than the control loop the robot's states may come.
_RATE_SLACK = 1.1
# A robot whose states pause for longer than this, or three periods, is stopped by the guard.
_LONGEST_GAP_S = 0.1
_SKEW_WARNING_S, _SKEW_FAILURE_S = 0.05, 1.0
# Fewer messages than this say nothing about a rate; few in a long time say that it is low.
_ENOUGH, _MANY, _LONG_S = 10, 50, 1.5


@dataclass(frozen=True)
class Finding:
    """One line of a report."""

    state: str
    subject: str
    detail: str


@dataclass(frozen=True)
class Endpoint:
    """A publisher or subscriber. node: full name. kind: message type, as package/msg/Name."""

    node: str
    kind: str
    reliable: bool = True
    transient_local: bool = False


@dataclass(frozen=True)
class TopicSeen:
    """One topic of the robot's states.

    received_s: (k,) seconds of a steady clock. stamps_s: (k,) stamps of the same messages, 0 for
    none. clock_s: (k,) what this machine's clock showed then.
    """

    kind: str
    publishers: tuple[Endpoint, ...]
    received_s: NDArray[np.float64]
    stamps_s: NDArray[np.float64]
    clock_s: NDArray[np.float64]
    frame: str = ""
    child_frame: str = ""


@dataclass(frozen=True)
class CommandTopicSeen:
    """The command topic: who else than policy_node publishes, and who obeys."""

    name: str
    kind: str
    others: tuple[Endpoint, ...] = ()
    subscribers: tuple[Endpoint, ...] = ()


@dataclass(frozen=True)
class RobotSeen:
    """Everything that was seen. states: by name: joint_states, imu, odom. plans: who sends them."""

    states: Mapping[str, TopicSeen]
    command: CommandTopicSeen
    joints: JointsSeen
    plans: tuple[Endpoint, ...] = ()
    joint_ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def qos_conflict(offered: Endpoint, requested: Endpoint) -> str:
    """Why a subscriber never hears a publisher; empty if it does (DDS 1.4, table 2.2.3)."""
    for name, strict in (("reliable", "best effort"), ("transient_local", "volatile")):
        if getattr(requested, name) and not getattr(offered, name):
            return f"{requested.node} asks for {name.replace('_', ' ')}, {offered.node} is {strict}"
    return ""


def preflight(spec: RobotSpec, seen: RobotSeen) -> list[Finding]:
    """Return every failure and warning; nothing at all for a robot that may be armed."""
    findings = list(_command(seen.command))
    for name, topic in seen.states.items():
        findings += _publishers(name, topic)
        if len(topic.received_s):
            findings += _timing(name, topic, spec.control_period_s)
    findings += _frames(spec, seen.states)
    findings += _plans(seen.plans)
    if len(seen.states["joint_states"].received_s):
        findings += _names(spec, seen.joints)
        for failure, text in implausible(spec, seen.joints, seen.joint_ranges):
            findings.append(Finding(FAILURE if failure else WARNING, "joint_states", text))
    return findings


def _command(topic: CommandTopicSeen) -> Iterator[Finding]:
    for other in topic.others:
        text = f"{other.node} publishes it too; end that node: two cannot drive one robot"
        yield Finding(FAILURE, topic.name, text)
    if not topic.subscribers:
        text = "nobody listens; start the robot's controller, or compare the namespace"
        yield Finding(FAILURE, topic.name, text)
    ours = Endpoint("policy_node", topic.kind)
    for subscriber in topic.subscribers:
        if subscriber.kind != topic.kind:
            text = f"{subscriber.node} expects {subscriber.kind}, the bundle commands {topic.kind}"
            yield Finding(FAILURE, topic.name, f"{text}; pack it with the robot's message")
        elif conflict := qos_conflict(ours, subscriber):
            yield Finding(FAILURE, topic.name, f"{conflict}; change the QoS of the subscriber")


def _publishers(name: str, topic: TopicSeen) -> Iterator[Finding]:
    wrong = [p for p in topic.publishers if p.kind != topic.kind]
    for publisher in wrong:
        text = f"{publisher.node} publishes {publisher.kind}, not {topic.kind}; remap it"
        yield Finding(FAILURE, name, text)
    right = [p for p in topic.publishers if p.kind == topic.kind]
    if not right and not wrong:
        text = "nobody publishes it; start the robot's driver, or compare namespace and domain"
        yield Finding(FAILURE, name, text)
    elif right and not len(topic.received_s):
        text = f"{right[0].node} publishes it, but nothing came; is it active, is the network up?"
        yield Finding(FAILURE, name, text)
    if name != "joint_states" and len(right) > 1:
        nodes = ", ".join(p.node for p in right)
        text = f"{nodes} all publish it and would be mixed up; end all but one, or remap"
        yield Finding(FAILURE, name, text)


def _timing(name: str, topic: TopicSeen, period_s: float) -> Iterator[Finding]:
    gaps = np.diff(topic.received_s)
    watched_s = float(np.ptp(topic.received_s))
    if len(gaps) >= _MANY or (len(gaps) >= _ENOUGH and watched_s > _LONG_S):
        longest, allowed = float(gaps.max()), max(3.0 * period_s, _LONGEST_GAP_S)
        # A pause is told as what it is, not as a low rate.
        steady = gaps[gaps <= allowed] if np.any(gaps <= allowed) else gaps
        rate = 1.0 / max(float(steady.mean()), 1e-9)
        if float(steady.mean()) > _RATE_SLACK * period_s:
            text = (
                f"{rate:.0f} Hz, the policy runs at {1 / period_s:.0f} Hz; raise the driver's rate"
            )
            yield Finding(FAILURE, name, text)
        if longest > allowed:
            text = (
                f"paused for {longest * 1e3:.0f} ms; after {allowed * 1e3:.0f} ms the robot stops"
            )
            yield Finding(WARNING, name, f"{text}: look at network and load")
    stamps = topic.stamps_s
    if not np.any(stamps):
        text = "messages carry no stamp, so late and repeated ones cannot be told; stamp them"
        yield Finding(WARNING, name, text)
        return
    if len(stamps) >= _ENOUGH and np.ptp(stamps) == 0.0:
        text = "its stamp stands still: the driver repeats itself; restart it"
        yield Finding(FAILURE, name, text)
        return
    skew = float(np.median(stamps - topic.clock_s))
    if abs(skew) > _SKEW_WARNING_S:
        where = "ahead of" if skew > 0 else "behind"
        text = f"stamps are {abs(skew):.2f} s {where} this machine's clock; synchronise the clocks"
        yield Finding(FAILURE if abs(skew) > _SKEW_FAILURE_S else WARNING, name, text)


def _frames(spec: RobotSpec, states: Mapping[str, TopicSeen]) -> Iterator[Finding]:
    imu, odom, body = states["imu"], states["odom"], spec.base.body
    for name, topic, frame in (("imu", imu, imu.frame), ("odom", odom, odom.child_frame)):
        if len(topic.received_s) and frame.rpartition("/")[2] != body:
            text = f"speaks in frame {frame!r}, the bundle's base is {body!r}: nothing here turns "
            yield Finding(WARNING, name, f"{text}one into the other, so they must be the same way")
    if len(odom.received_s) and odom.frame and odom.frame == odom.child_frame:
        text = f"frame and child frame are both {odom.frame!r}; the pose must be in a fixed frame"
        yield Finding(FAILURE, "odom", text)


def _plans(publishers: tuple[Endpoint, ...]) -> Iterator[Finding]:
    ours = Endpoint("policy_node", "", reliable=True, transient_local=True)
    for publisher in publishers:
        if conflict := qos_conflict(publisher, ours):
            yield Finding(WARNING, "plan", f"{conflict}; its plans never arrive")


def _names(spec: RobotSpec, joints: JointsSeen) -> Iterator[Finding]:
    missing = [name for name in spec.joint_names if name not in joints.positions]
    if missing:
        there = ", ".join(sorted(joints.positions)[:20]) or "none"
        text = f"lacks {', '.join(missing)}; there are: {there}"
        yield Finding(FAILURE, "joint_states", f"{text}. Rename the joints, or use another bundle")
    for name in joints.without_velocity:
        if name in spec.joint_names:
            text = f"has no velocity of {name}; let the driver's broadcaster publish velocities"
            yield Finding(FAILURE, "joint_states", text)

"""What the fake hardware does to good messages."""

import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Imu, JointState

from rlzero_ros.errors import RobotError
from rlzero_ros.nodes.delay_line import DelayLine
from rlzero_ros.nodes.fake_faults import Faults, FaultySensors
from rlzero_ros.nodes.fake_hardware_parameters import FAULTS, PARAMETERS

NAMES = ("hip", "knee", "ankle", "toe")


def joints(stamp=1, values=(0.1, 0.2, 0.3, 0.4)):
    message = JointState(name=list(NAMES), position=list(values), velocity=[-v for v in values])
    message.header.stamp = Time(sec=stamp)
    return message


def sensors(**faults):
    values = {name: row[0] for name, row in FAULTS.items()} | faults
    return FaultySensors(Faults.of(values), NAMES, seed=3)


def one(sensors, message, topic="joint_states"):
    [(_, passed)] = sensors.pass_on(topic, message)
    return passed


def test_without_faults_everything_arrives_at_once_and_as_it_was():
    assert sensors().pass_on("joint_states", joints()) == [(0.0, joints())]


@pytest.mark.parametrize("order", ["spec", "alphabetical", "shuffled"])
def test_joints_keep_their_values_in_any_order_and_among_others(order):
    message = one(sensors(joint_order=order, extra_joints=2, missing_joints="toe"), joints())
    assert len(message.name) == len(message.position) == len(message.velocity) == 5
    by_name = dict(zip(message.name, message.position, strict=True))
    assert [by_name[n] for n in NAMES[:3]] == [0.1, 0.2, 0.3]
    assert "toe" not in by_name
    if order == "alphabetical":
        assert list(message.name)[2:] == ["ankle", "hip", "knee"]


def test_frozen_repeats_the_stamp_and_stuck_only_the_values():
    frozen, stuck = sensors(), sensors()
    for it in (frozen, stuck):
        one(it, joints(1))
    frozen.faults = Faults(frozen=frozenset({"joint_states"}))
    stuck.faults = Faults(stuck=frozenset({"joint_states"}))
    later = joints(2, (9.0,) * 4)
    assert one(frozen, later) == joints(1)
    assert one(stuck, later) == joints(2)


def test_silence_nan_degrees_and_delays():
    assert sensors(silent="imu odom").pass_on("imu", Imu()) == []
    assert np.isnan(one(sensors(nan="imu"), Imu(), "imu").angular_velocity.y)
    assert np.isnan(list(one(sensors(nan="joint_states"), joints()).position)).sum() == 1
    degrees = one(sensors(position_unit="deg"), joints())
    np.testing.assert_allclose(degrees.position, np.degrees([0.1, 0.2, 0.3, 0.4]))
    it = sensors(latency_s=0.01, jitter_s=0.005)
    delays = [delay for _ in range(200) for delay, _ in it.pass_on("imu", Imu())]
    assert 0.01 <= min(delays) < 0.011
    assert 0.014 < max(delays) <= 0.015


def test_the_same_seed_loses_and_repeats_the_same_messages():
    def course():
        it = sensors(drop_rate=0.3, repeat_rate=0.2)
        return [len(it.pass_on("imu", Imu())) for _ in range(1000)]

    counts = course()
    assert counts == course()
    assert counts.count(0) == pytest.approx(300, abs=50)
    assert counts.count(2) == pytest.approx(140, abs=40)


@pytest.mark.parametrize(("name", "value"), [("silent", "imo"), ("joint_order", "random")])
def test_a_wrong_choice_is_named_with_the_right_ones(name, value):
    with pytest.raises(RobotError, match=f"{name} cannot be '{value}'; choose of: "):
        sensors(**{name: value})


def test_the_delay_line_keeps_the_order_of_times():
    line, done = DelayLine(), []
    for delay_s in (0.03, 0.01, 0.02, 0.0):
        line.after(delay_s, lambda delay_s=delay_s: done.append(delay_s))
    assert done == [0.0]
    time.sleep(0.1)
    line.close()
    assert done == [0.0, 0.01, 0.02, 0.03]


def test_the_yaml_file_holds_the_defaults():
    path = Path(__file__).parents[2] / "config/fake_hardware.yaml"
    values = yaml.safe_load(path.read_text())["/**/fake_hardware_node"]["ros__parameters"]
    assert values == {name: row[0] for name, row in (PARAMETERS | FAULTS).items()}

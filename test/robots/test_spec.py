"""A specification survives its YAML form and refuses what cannot be a robot."""

import copy

import numpy as np
import pytest
import yaml

from rlzero_ros.errors import RobotError
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.spec import RobotSpec


@pytest.fixture
def spec():
    return load_robot("walker").spec


def test_round_trip_through_yaml(spec):
    assert RobotSpec.from_dict(yaml.safe_load(yaml.safe_dump(spec.to_dict()))) == spec


def test_sizes(spec):
    assert (spec.observation_dim, spec.action_dim) == (24, 6)


def test_actions_map_onto_the_limits(spec):
    np.testing.assert_allclose(spec.scale_action(np.ones(6)), spec.command.upper)
    np.testing.assert_allclose(spec.scale_action(-np.ones(6)), spec.command.lower)
    np.testing.assert_allclose(spec.scale_action(np.zeros(6)), 0)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("joint_names",), ["a", "a", "b", "c", "d", "e"], "unique"),
        (("control_period_s",), float("nan"), "control_period_s"),
        (("command", "interface"), "telepathy", "interface"),
        (("command", "message"), "telegram", "message"),
        (("command", "lower"), [0.0], "command.lower"),
        (("command", "upper"), [-200.0] * 6, "below"),
        (("command", "rate_limit"), [float("inf")] * 6, "rate_limit"),
        (("velocity_limit",), [0.0] * 6, "positive"),
        (("base", "kind"), "wheels", "base"),
        (("observation",), [{"kind": "smell"}], "smell"),
    ],
)
def test_nonsense_is_refused_with_the_key_at_fault(spec, path, value, message):
    data = copy.deepcopy(spec.to_dict())
    target = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(RobotError, match=message):
        RobotSpec.from_dict(data)


@pytest.mark.parametrize("key", ["name", "joint_names", "base", "command", "observation"])
def test_missing_keys_are_named(spec, key):
    data = spec.to_dict()
    del data[key]
    with pytest.raises(RobotError, match=key):
        RobotSpec.from_dict(data)


def test_velocities_are_known_among_the_observations(spec):
    np.testing.assert_array_equal(np.flatnonzero(spec.shows_velocity), np.arange(15, 24))
    np.testing.assert_array_equal(np.flatnonzero(spec.shows_travel), [16])


def test_drives_stand_between_joints_and_commands(spec):
    quadruped = load_robot("quadruped").spec
    assert RobotSpec.from_dict(yaml.safe_load(yaml.safe_dump(quadruped.to_dict()))) == quadruped
    assert (len(quadruped.joint_names), quadruped.action_dim) == (16, 12)
    joints = np.zeros(16)
    joints[1], joints[3] = 0.4, -0.2
    np.testing.assert_allclose(quadruped.driven(joints)[:4], [0, 0.3, 0.05, 0])
    joints[15] = np.nan
    assert not np.any(np.isfinite(quadruped.driven(joints)))
    np.testing.assert_array_equal(spec.driven(np.arange(6)), np.arange(6))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("joints", ["knee_front_left", "tail"], "tail"),
        ("weights", [1.0, 2.0], "weight"),
        ("weights", [float("nan")], "finite"),
        ("name", "lift_front_left", "unique"),
    ],
)
def test_drives_that_drive_nothing_are_refused(key, value, message):
    data = load_robot("quadruped").spec.to_dict()
    data["command"]["drives"][0][key] = value
    with pytest.raises(RobotError, match=message):
        RobotSpec.from_dict(data)

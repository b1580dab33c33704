"""Behaviour is measured from states alone."""

import numpy as np
import pytest

from rlzero_ros.errors import DataError
from rlzero_ros.evaluate.behaviour import behaviour_of
from rlzero_ros.evaluate.recording import Recording
from rlzero_ros.robots.registry import load_robot
from rlzero_ros.robots.simulation import Simulation
from rlzero_ros.robots.state import RobotState


def state(time_s, x=0.0, z=1.3, pitch=0.0, vx=0.0):
    return RobotState(
        time_s,
        np.array([x, 0.0, z]),
        np.array([0.0, np.sin(pitch / 2), 0.0, np.cos(pitch / 2)]),
        np.array([vx, 0.0, 0.0]),
        np.zeros(3),
        np.zeros(6),
        np.zeros(6),
    )


def test_means_are_over_the_second_half_and_distance_over_all():
    still = [state(t, x=0.0, z=1.0) for t in np.arange(0, 5, 0.1)]
    moving = [state(t, x=2.0 * (t - 5), z=1.4, vx=2.0) for t in np.arange(5, 10.05, 0.1)]
    did = behaviour_of(Recording.of(still + moving))
    assert did.torso_height_m == pytest.approx(1.4)
    assert did.forward_speed_mps == pytest.approx(2.0)
    assert did.distance_m == pytest.approx(10.0)
    assert did.upright == pytest.approx(1.0)


@pytest.mark.parametrize("pitch", [0.0, 0.7, np.pi / 2, np.pi, -2.0])
def test_upright_is_the_vertical_cosine_of_the_base(pitch):
    did = behaviour_of(Recording.of([state(t, pitch=pitch) for t in (0.0, 0.1)]))
    assert did.upright == pytest.approx(np.cos(pitch))


def test_backwards_is_negative():
    did = behaviour_of(Recording.of([state(t, x=-t, vx=-1.0) for t in np.linspace(0, 2, 41)]))
    assert did.forward_speed_mps == pytest.approx(-1.0)
    assert did.distance_m == pytest.approx(-2.0)


def test_a_fall_is_seen_from_physics():
    robot = load_robot("walker")
    simulation = Simulation(robot.spec, robot.model_xml)
    simulation.reset(pose="default")
    states = []
    for _ in range(400):
        simulation.step(np.zeros(6), 0.01)
        states.append(simulation.state())
    did = behaviour_of(Recording.of(states))
    assert did.torso_height_m < 0.6
    assert did.upright < 0.7


def test_a_recording_survives_the_file(tmp_path):
    recording = Recording.of([state(t, x=t, pitch=t) for t in (0.0, 0.5, 1.0)])
    recording.save(tmp_path / "states.npz")
    again = Recording.load(tmp_path / "states.npz")
    assert len(again) == 3
    assert np.array_equal(again.base_orientation, recording.base_orientation)
    assert again.state(2).time_s == 1.0


def test_nothing_recorded_is_an_error_that_says_so():
    with pytest.raises(DataError, match="no states"):
        Recording.of([])
    with pytest.raises(DataError, match="between"):
        Recording.of([state(0.0)]).between(1.0, 2.0)
